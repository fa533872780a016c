using System;

namespace Ws.Micro.Deflate;

/// <summary>
/// Inflates a stream of DEFLATE blocks (RFC 1951) as it arrives, in any split, into its own window. The memory is fixed at construction
/// and nothing is allocated or thrown after. Not safe for use by two threads at once.
/// </summary>
public sealed partial class Inflater
{
    /// <summary>The smallest window: 256 bytes (RFC 7692 §7.1.2).</summary>
    public const int MinWindowBits = 8;

    /// <summary>The largest window: 32,768 bytes.</summary>
    public const int MaxWindowBits = 15;

    // What comes next in the stream.
    private const int BlockHeader = 0, StoredLength = 1, Stored = 2, CodeCounts = 3, CodeLengthCode = 4, CodeLengths = 5, Symbol = 6,
        Distance = 7, DistanceExtra = 8, Copy = 9, Failed = 10;

    private int _position;
    private bool _wrapped;
    private int _state;
    private bool _finalBlock;

    // Input not used yet: bits that were taken, at the low end of _hold, and the bytes from _at to _end of the current call.
    // Between calls fewer than 8 bits, but where more are needed than all input had.
    private uint _hold;
    private int _bits;
    private int _at;
    private int _end;

    // Stored: bytes to come. CodeLengths: lengths read so far. Distance to Copy: bytes of the match to come.
    private int _count;
    private int _distance;


    /// <param name="windowBits">The window is 2^<paramref name="windowBits"/> bytes: 8 to 15. It is also the output buffer.</param>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of range.</exception>
    public Inflater(int windowBits)
    {
        Deflater.CheckRange(windowBits, MinWindowBits, MaxWindowBits, nameof(windowBits));
        Window = new byte[1 << windowBits];
        _codes = new ushort[CodesSize];
        BitOrder.Prepare();
    }

    /// <summary>Bytes in the arrays of an inflater: 2^<paramref name="windowBits"/> + 768.</summary>
    public static int MemoryBytes(int windowBits) => (1 << windowBits) + (CodesSize * 2);

    /// <summary>Input bytes that the last <see cref="Inflate"/> took.</summary>
    public int Taken;

    /// <summary>Holds the run of output of the last <see cref="Inflate"/>, until the next.</summary>
    public readonly byte[] Window;

    /// <summary>Where in <see cref="Window"/> the run begins.</summary>
    public int OutputOffset;

    /// <summary>How many bytes it has, perhaps 0.</summary>
    public int OutputCount => _position - OutputOffset;

    /// <summary>Whether the stream is between two blocks, at a whole byte, so that a message may end here (RFC 7692 §7.2.2).</summary>
    public bool AtBoundary => _state == BlockHeader && _bits == 0;

    /// <summary>Whether the stream is past a block's last symbol, with none of a stored block's length read: the next four bytes 00 00 ff ff give no output.</summary>
    internal bool BetweenBlocks => _state == BlockHeader || (_state == StoredLength && _bits == 0);

    /// <summary>Forgets the window and all state: the next byte begins a new stream.</summary>
    public void Reset()
    {
        _position = 0;
        _wrapped = false;
        _state = BlockHeader;
        _hold = 0;
        _bits = 0;
        Taken = 0;
        OutputOffset = 0;
    }

    /// <summary>
    /// Inflates until the input is used up or the output reaches the window's end. Called again, with what was not taken (perhaps
    /// nothing), until it takes all and gives nothing. Returns false where the stream is not valid DEFLATE, or reaches back beyond the
    /// window or its own beginning; what came before is in the output, and only <see cref="Reset"/> helps.
    /// </summary>
    /// <param name="input">The stream's next bytes.</param>
    /// <param name="offset">Where they begin.</param>
    /// <param name="count">How many there are.</param>
    public bool Inflate(byte[] input, int offset, int count)
    {
        if (_position == Window.Length)
        {
            _position = 0;
            _wrapped = true;
        }

        OutputOffset = _position;
        _at = offset;
        _end = offset + count;
        while (Step(input))
        {
        }

        Taken = _at - offset;
        return _state != Failed;
    }

    // Goes through the current state into the next; false where input or room is missing, or all is lost.
    private bool Step(byte[] input)
    {
        switch (_state)
        {
            case BlockHeader:
                return ReadHeader(input);

            case StoredLength:
                return ReadStoredLength(input);

            case Stored:
                return CopyStored(input);

            case CodeCounts:
                return ReadCodeCounts(input);

            case CodeLengthCode:
                return ReadCodeLengthCode(input);

            case CodeLengths:
                return ReadCodeLengths(input);

            case Failed:
                return false;

            default:
                return InflateSymbols(input);
        }
    }

    // RFC 1951 §3.2.3
    private bool ReadHeader(byte[] input)
    {
        if (!Need(input, 3))
        {
            return false;
        }

        int header = TakeBits(3);
        _finalBlock = (header & 1) != 0;
        switch (header >> 1)
        {
            case 0:
                // §3.2.4: a stored block goes on at the next byte.
                _hold = 0;
                _bits = 0;
                return Enter(StoredLength);

            case 1:
                FillFixedLookup();
                _fixedCodes = true;
                return Enter(Symbol);

            case 2:
                return Enter(CodeCounts);

            default:
                return Fail();
        }
    }

    // §3.2.4: LEN, and NLEN, its one's complement. All at once, as a message's end has it, or as it comes.
    private bool ReadStoredLength(byte[] input)
    {
        int length;
        int check;
        if (_bits == 0 && _end - _at >= 4)
        {
            length = input[_at] | (input[_at + 1] << 8);
            check = input[_at + 2] | (input[_at + 3] << 8);
            _at += 4;
        }
        else
        {
            if (!Need(input, 32))
            {
                return false;
            }

            length = TakeBits(16);
            check = TakeBits(16);
        }

        _count = length;
        return check != (length ^ 0xFFFF) ? Fail() : length == 0 ? EndBlock() : Enter(Stored);
    }

    private bool CopyStored(byte[] input)
    {
        int n = _count;
        if (n > _end - _at)
        {
            n = _end - _at;
        }

        if (n > Window.Length - _position)
        {
            n = Window.Length - _position;
        }

        Array.Copy(input, _at, Window, _position, n);
        _at += n;
        _position += n;
        _count -= n;
        return _count == 0 && EndBlock();
    }

    private bool EndBlock()
    {
        if (_finalBlock)
        {
            // RFC 7692 §7.2.3.4: after a final block a new one begins at the next byte, with the same window.
            _hold = 0;
            _bits = 0;
        }

        return Enter(BlockHeader);
    }

    private bool Enter(int state)
    {
        _state = state;
        return true;
    }

    private bool Fail()
    {
        _state = Failed;
        return false;
    }

    // Takes bytes until there are n bits, at most 32; false where the input is used up before.
    private bool Need(byte[] input, int n)
    {
        while (_bits < n)
        {
            if (_at == _end)
            {
                return false;
            }

            _hold |= (uint)input[_at++] << _bits;
            _bits += 8;
        }

        return true;
    }

    private int TakeBits(int n)
    {
        int value = (int)_hold & ((1 << n) - 1);
        _hold >>= n;
        _bits -= n;
        return value;
    }

    // Puts back the whole bytes that were taken ahead. They are all of the current call, because what it found was used first.
    private void PutBack()
    {
        _at -= _bits >> 3;
        _bits &= 7;
        _hold &= (1u << _bits) - 1;
    }
}
