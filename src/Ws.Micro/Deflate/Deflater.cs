using System;

namespace Ws.Micro.Deflate;

/// <summary>
/// A streaming encoder of DEFLATE (RFC 1951) for permessage-deflate (RFC 7692 §7.2.1). All memory is taken at construction; nothing is
/// allocated or thrown after. A message may come in pieces of any size and goes out in pieces of any size. Not thread-safe.
/// </summary>
public sealed partial class Deflater
{
    /// <summary>The smallest window: 256 bytes, all of which are used.</summary>
    public const int MinWindowBits = 8;

    /// <summary>The largest window: 32,768 bytes.</summary>
    public const int MaxWindowBits = 15;

    /// <summary>The fewest bytes of output that one call may be given.</summary>
    public const int MinOutput = 16;

    // Tokens between two runs of the writer.
    private const int BatchTokens = 32;

    // Writing a token takes at most 40 bits beside the 7 that wait.
    private const int TokenRoom = 6;

    private readonly MatchFinder _finder;

    // Whether tokens are gathered into blocks, each written in the smallest form; only .NET's build can. Otherwise a message is one static block.
    private readonly bool _gathers;

    // Bits that do not fill a byte yet, the first one lowest (RFC 1951 §3.1.1).
    private int _bits;
    private int _bitCount;

    private int _written;
    private bool _inBlock;
    private bool _writing;
    private bool _ended;

    /// <summary>Takes the memory that <see cref="MemoryBytes(int, int, int)"/> states.</summary>
    /// <param name="windowBits">8 to 15: no distance is greater than 2^windowBits.</param>
    /// <param name="hashBits">6 to 15: the first candidates are found by a table of 2^hashBits entries.</param>
    /// <param name="chainDepth">How many candidates are tried at each position; 0 for one, without the memory of chains.</param>
    /// <exception cref="ArgumentOutOfRangeException">A value is out of its range.</exception>
    public Deflater(int windowBits, int hashBits, int chainDepth)
        : this(windowBits, hashBits, chainDepth, BatchTokens, false)
    {
    }

    private Deflater(int windowBits, int hashBits, int chainDepth, int tokens, bool gathers)
    {
        CheckRange(windowBits, MinWindowBits, MaxWindowBits, nameof(windowBits));
        CheckRange(hashBits, 6, 15, nameof(hashBits));
        CheckRange(chainDepth, 0, int.MaxValue, nameof(chainDepth));
        _finder = new MatchFinder(windowBits, hashBits, chainDepth, tokens, gathers);
        _gathers = gathers;
        BitOrder.Prepare();
    }

    /// <summary>Input bytes that the last <see cref="Deflate"/> took.</summary>
    public int Taken;

    /// <summary>
    /// Whether the last <see cref="Deflate"/> took all its input and has no more to write for it; at the end of a message, whether the
    /// message's last byte has been written.
    /// </summary>
    public bool Done;

    /// <summary>Of the input bytes taken, at least so many are not written yet and will hardly be smaller: tokens in wait, a byte each, or what is stored.</summary>
    internal int Waiting
    {
        get
        {
            int bytes = _gathers ? 0 : _finder.Count - _written;
            CountStored(ref bytes);
            return bytes;
        }
    }

    /// <summary>
    /// Bytes of all arrays: 2^windowBits for the window; 2 * 2^hashBits; with chains 2 * 2^windowBits, or half of that up to 9 bits; and 3 for
    /// each of 32 tokens.
    /// </summary>
    public static int MemoryBytes(int windowBits, int hashBits, int chainDepth) =>
        (1 << windowBits) + (2 << hashBits) + MatchFinder.LinkBytes(windowBits, chainDepth) + (3 * BatchTokens);

    /// <summary>
    /// Encodes until the input is used up or the output is full (fewer than 8 bytes may stay free), and returns the bytes written. Call
    /// again with at least what was not taken, until <see cref="Done"/>. The message begins with the first call and ends where
    /// <paramref name="endOfMessage"/> was set and <see cref="Done"/> is true: at a byte's end, as after a sync flush whose
    /// 00 00 ff ff were cut off (RFC 7692 §7.2.1). An empty message is the one byte 00 (§7.2.3.6).
    /// </summary>
    /// <param name="input">The message's bytes, unchanged until taken.</param>
    /// <param name="offset">Where they begin.</param>
    /// <param name="count">How many there are.</param>
    /// <param name="endOfMessage">Whether the message has no bytes beyond these.</param>
    /// <param name="output">Where to write.</param>
    /// <param name="outputOffset">Where to begin to.</param>
    /// <param name="outputCount">How many bytes there may be; at least 16.</param>
    public int Deflate(byte[] input, int offset, int count, bool endOfMessage, byte[] output, int outputOffset, int outputCount)
    {
        int at = outputOffset;
        int end = outputOffset + outputCount;
        Taken = 0;
        Done = false;
        while (true)
        {
            if (_writing)
            {
                if (_gathers)
                {
                    WriteBlock(output, ref at, end);
                }
                else
                {
                    at = WriteTokens(output, at, end);
                }

                if (_writing)
                {
                    return at - outputOffset;
                }
            }

            if (_ended)
            {
                return WriteEnd(output, at, end) - outputOffset;
            }

            Taken += _finder.Find(input, offset + Taken, count - Taken, endOfMessage);
            _ended = endOfMessage && Taken == count;
            _writing = _finder.Count > 0 && (!_gathers || _ended || _finder.IsFull);
            if (!_writing && !_ended)
            {
                Done = true;
                return at - outputOffset;
            }

            if (_writing && _gathers)
            {
                ChooseBlock();
            }
        }
    }

    /// <summary>Forgets all messages so far: the next one stands alone (RFC 7692 §7.2.1, no context takeover).</summary>
    public void Reset()
    {
        DropMessage();
        _finder.Reset();
    }

    /// <summary>Keeps the context as it is, for <see cref="Rollback"/>. Call it before a message's first byte.</summary>
    public void Mark() => _finder.Mark();

    /// <summary>
    /// Makes the context as it was at <see cref="Mark"/>, as though the bytes since had not been encoded, but that as many bytes of the
    /// window's oldest are forgotten as they have overwritten. It costs less than encoding them did. Windows of up to 9 bits may lose sight of
    /// some of what lies more than 256 bytes back.
    /// </summary>
    public void Rollback()
    {
        _finder.Rollback();
        DropMessage();
    }

    internal static void CheckRange(int value, int least, int most, string name)
    {
        if (value < least || value > most)
        {
            throw new ArgumentOutOfRangeException(
                name, name + " is " + value.ToString() + "; it must be " + least.ToString() + " to " + most.ToString() + ".");
        }
    }

    partial void ChooseBlock();

    partial void WriteBlock(byte[] output, ref int at, int end);

    partial void CountStored(ref int bytes);

    private void DropMessage()
    {
        _bits = 0;
        _bitCount = 0;
        _written = 0;
        _inBlock = false;
        _writing = false;
        _ended = false;
    }

    /// <summary>Writes the static block's end (RFC 1951 §3.2.6: seven zero bits) and the empty stored block's header, three zero bits.</summary>
    private int WriteEnd(byte[] output, int at, int end)
    {
        if (end - at < 3)
        {
            return at;
        }

        int bits = _bitCount + (_inBlock ? 7 : 0) + 3;
        output[at++] = (byte)_bits;
        while (bits > 8)
        {
            output[at++] = 0;
            bits -= 8;
        }

        DropMessage();
        Done = true;
        return at;
    }
}
