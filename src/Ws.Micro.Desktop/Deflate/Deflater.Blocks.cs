using System;
using System.Numerics;

namespace Ws.Micro.Deflate;

// With dynamic codes: a block of tokens at a time, stored, static or dynamic (RFC 1951 §3.2.3), as is smallest.
public sealed partial class Deflater
{
    private const int Stored = 0, Static = 1, Dynamic = 2;

    // A block of so few tokens never makes up for the codes in its header, which take longer to make than all the rest.
    private const int MaxStaticTokens = 32;

    // What of the block is written next.
    private const int Header = 0, CodeLengthLengths = 1, CodeLengths = 2, Body = 3, BlockEnd = 4;

    private readonly DynamicCodes? _codes;
    private int _kind;
    private int _step;
    private int _blockBytes;
    private int _blockBack;

    /// <summary>Takes the memory that <see cref="MemoryBytes(int, int, int, bool)"/> states. The first three are as in the other constructor.</summary>
    /// <param name="windowBits">8 to 15.</param>
    /// <param name="hashBits">6 to 15.</param>
    /// <param name="chainDepth">At least 0.</param>
    /// <param name="dynamicCodes">Whether blocks are gathered and written stored, with static or with dynamic codes, as is smallest.</param>
    /// <exception cref="ArgumentOutOfRangeException">A value is out of its range.</exception>
    public Deflater(int windowBits, int hashBits, int chainDepth, bool dynamicCodes)
        : this(windowBits, hashBits, chainDepth, TokensFor(windowBits, dynamicCodes), dynamicCodes)
    {
        _codes = dynamicCodes ? new DynamicCodes() : null;
    }

    /// <summary>
    /// As the other one; with dynamic codes there are 2^(windowBits - 3) tokens, at least 256, and 4,183 bytes for the codes.
    /// </summary>
    public static int MemoryBytes(int windowBits, int hashBits, int chainDepth, bool dynamicCodes) =>
        MemoryBytes(windowBits, hashBits, chainDepth)
        + (dynamicCodes ? (3 * (TokensFor(windowBits, true) - BatchTokens)) + DynamicCodes.MemoryBytes : 0);

    private static int TokensFor(int windowBits, bool dynamicCodes) =>
        !dynamicCodes ? BatchTokens : windowBits < 11 ? 256 : 1 << (windowBits - 3);

    /// <summary>Counts the tokens' symbols and compares the block's exact sizes in bits.</summary>
    partial void ChooseBlock()
    {
        DynamicCodes codes = _codes!;
        ushort[] frequencies = codes.Frequencies;
        Array.Clear(frequencies, 0, DynamicCodes.LengthBase);
        frequencies[DynamicCodes.EndOfBlock] = 1;
        byte[] values = _finder.Values;
        ushort[] distances = _finder.Distances;
        int count = _finder.Count;
        int bytes = 0;
        int extraBits = 0;
        int staticBits = 7 + (_inBlock ? 0 : HeaderBits);
        for (int token = 0; token < count; token++)
        {
            int value = values[token];
            int distance = distances[token] - 1;
            if (distance < 0)
            {
                frequencies[value]++;
                staticBits += value < 144 ? 8 : 9;
                bytes++;
            }
            else
            {
                bytes += value + MatchFinder.MinLength;
                int extra = LengthExtra(value);
                int symbol = LengthSymbol(value, extra);
                frequencies[symbol]++;
                staticBits += symbol < 280 ? 12 : 13;
                extraBits += extra;
                extra = DistanceExtra(distance);
                frequencies[DynamicCodes.DistanceBase + (extra << 1) + (distance >> extra)]++;
                extraBits += extra;
            }
        }

        int waiting = _inBlock ? 7 : 0;
        int dynamicBits = count <= MaxStaticTokens ? int.MaxValue : codes.Build() + extraBits + waiting;
        staticBits += extraBits;
        int padding = -(_bitCount + waiting + HeaderBits) & 7;
        int storedBits = waiting + HeaderBits + padding + 32 + (8 * bytes);
        _blockBytes = bytes;
        _blockBack = bytes + _finder.Ahead;
        _kind = staticBits <= dynamicBits ? Static : Dynamic;
        if (storedBits < staticBits && storedBits < dynamicBits && _blockBack <= _finder.WindowSize)
        {
            _kind = Stored;
        }

        _step = Header;
        _written = 0;
    }

    partial void WriteBlock(byte[] output, ref int at, int end)
    {
        DynamicCodes codes = _codes!;
        if (_kind == Static)
        {
            at = WriteTokens(output, at, end);
            return;
        }

        while (_writing && end - at >= 8)
        {
            if (_step == Header)
            {
                // The static block before, if any, ends here: seven zero bits.
                _bitCount += _inBlock ? 7 : 0;
                _inBlock = false;
                at = Put(_kind << 1, HeaderBits, output, at);
                if (_kind == Stored)
                {
                    at = Put(0, -_bitCount & 7, output, at);
                    output[at] = (byte)_blockBytes;
                    output[at + 1] = (byte)(_blockBytes >> 8);
                    output[at + 2] = (byte)~_blockBytes;
                    output[at + 3] = (byte)(~_blockBytes >> 8);
                    at += 4;
                    _step = Body;
                }
                else
                {
                    at = Put((codes.LiteralCount - 257) | ((codes.DistanceCodes - 1) << 5) | ((codes.OrderCount - 4) << 10), 14, output, at);
                    _step = CodeLengthLengths;
                }
            }
            else if (_kind == Stored)
            {
                at = WriteStored(output, at, end);
            }
            else if (_step == CodeLengthLengths)
            {
                at = Put(codes.Lengths[DynamicCodes.LengthBase + DynamicCodes.Order[_written++]], 3, output, at);
                Advance(codes.OrderCount);
            }
            else if (_step == CodeLengths)
            {
                int symbol = codes.Sequence[_written] & 31;
                int extra = codes.Sequence[_written++] >> 5;
                at = Put(codes.Codes[DynamicCodes.LengthBase + symbol], codes.Lengths[DynamicCodes.LengthBase + symbol], output, at);
                at = Put(extra, symbol < 16 ? 0 : symbol == 16 ? 2 : symbol == 17 ? 3 : 7, output, at);
                Advance(codes.SequenceCount);
            }
            else if (_step == Body)
            {
                at = WriteDynamic(codes, output, at, end);
                Advance(_finder.Count);
            }
            else
            {
                at = Put(codes.Codes[DynamicCodes.EndOfBlock], codes.Lengths[DynamicCodes.EndOfBlock], output, at);
                FinishBlock();
            }
        }
    }

    partial void CountStored(ref int bytes)
    {
        if (_gathers && _writing && _kind == Stored)
        {
            bytes = _blockBack - (_step == Body ? _written : 0);
        }
    }

    private void Advance(int count)
    {
        if (_written == count)
        {
            _written = 0;
            _step++;
        }
    }

    private void FinishBlock()
    {
        _finder.Count = 0;
        _written = 0;
        _writing = false;
    }

    private int WriteStored(byte[] output, int at, int end)
    {
        int part = _blockBytes - _written;
        if (part > end - at)
        {
            part = end - at;
        }

        _finder.CopyBack(_blockBack - _written, output, at, part);
        _written += part;
        if (_written == _blockBytes)
        {
            FinishBlock();
        }

        return at + part;
    }

    private int WriteDynamic(DynamicCodes codes, byte[] output, int at, int end)
    {
        byte[] values = _finder.Values;
        ushort[] distances = _finder.Distances;
        ushort[] symbolCodes = codes.Codes;
        byte[] lengths = codes.Lengths;
        int count = _finder.Count;
        int token = _written;
        int bits = _bits;
        int bitCount = _bitCount;
        int last = end - 8;
        while (token < count && at <= last)
        {
            int value = values[token];
            int distance = distances[token++] - 1;
            int extra = 0;
            int symbol = value;
            if (distance >= 0)
            {
                extra = LengthExtra(value);
                symbol = LengthSymbol(value, extra);
            }

            bits |= symbolCodes[symbol] << bitCount;
            bitCount += lengths[symbol];
            if (distance >= 0)
            {
                bits |= (value & ((1 << extra) - 1)) << bitCount;
                bitCount += extra;
                while (bitCount >= 8)
                {
                    output[at++] = (byte)bits;
                    bits >>= 8;
                    bitCount -= 8;
                }

                extra = DistanceExtra(distance);
                symbol = DynamicCodes.DistanceBase + (extra << 1) + (distance >> extra);
                bits |= symbolCodes[symbol] << bitCount;
                bitCount += lengths[symbol];
                while (bitCount >= 8)
                {
                    output[at++] = (byte)bits;
                    bits >>= 8;
                    bitCount -= 8;
                }

                bits |= (distance & ((1 << extra) - 1)) << bitCount;
                bitCount += extra;
            }

            while (bitCount >= 8)
            {
                output[at++] = (byte)bits;
                bits >>= 8;
                bitCount -= 8;
            }
        }

        _written = token;
        _bits = bits;
        _bitCount = bitCount;
        return at;
    }

    /// <summary>Adds up to 15 bits to those that wait, and writes the bytes that are full.</summary>
    private int Put(int value, int count, byte[] output, int at)
    {
        _bits |= value << _bitCount;
        _bitCount += count;
        while (_bitCount >= 8)
        {
            output[at++] = (byte)_bits;
            _bits >>= 8;
            _bitCount -= 8;
        }

        return at;
    }

    // RFC 1951 §3.2.5: from 11 on lengths, and from 5 on distances, come in groups that double; value is the length - 3, distance one less.
    private static int LengthExtra(int value) => value is < 8 or 255 ? 0 : BitOperations.Log2((uint)value) - 2;

    private static int LengthSymbol(int value, int extra) => value == 255 ? 285 : 257 + (extra << 2) + (value >> extra);

    private static int DistanceExtra(int distance) => distance < 4 ? 0 : BitOperations.Log2((uint)distance) - 1;
}
