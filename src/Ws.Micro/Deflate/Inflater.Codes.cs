using System;

namespace Ws.Micro.Deflate;

// The Huffman codes of a block: read as lengths, and kept as their limits and their symbols in canonical order.
public sealed partial class Inflater
{
    private const int MaxLiterals = 288, MaxDistances = 32, MaxCodes = MaxLiterals + MaxDistances;
    private const int MaxCodeLength = 15, EndOfBlock = 256, InvalidLiteral = 286, InvalidDistance = 30, CodeLengthSymbols = 19;

    // In _codes, for each of the two codes: its limits, in whose place for length 0 stands the shortest length; for each length where its
    // symbols end; and the symbols in the code's order. A limit is the code, at the upper end of 15 bits, after the last of its length.
    private const int LiteralLimits = 0, DistanceLimits = 16, Ends = 32, LiteralSymbols = 64, DistanceSymbols = LiteralSymbols + MaxLiterals;
    private const int CodesSize = DistanceSymbols + MaxDistances;

    // While lengths are read and put in order, each stands above the symbols' bits, and stays there: literals' and then distances', from
    // LiteralSymbols on.
    private const int LengthShift = 12, SymbolMask = (1 << LengthShift) - 1;

    // What a symbol stands for: bits 4-7 the number of extra bits, 8-10 what it is, and from 16 on the literal, or the base that the extra
    // bits are added to. Special alone ends the block.
    private const int Literal = 0x100, Special = 0x200, Invalid = Special | 0x400;
    private const int BaseShift = 16;

    // RFC 1951 §3.2.5: what the symbols from 256 on, and those of the distance code, stand for.
    private static readonly int[] LengthEntries = MakeLengthEntries();
    private static readonly int[] DistanceEntries = MakeDistanceEntries();

    // §3.2.7: the order in which the lengths of the code length code come: 16, 17, 18, 0, 8, 7 and so on, each added to '@'. As numbers they
    // would take 200 bytes more of flash.
    private static readonly byte[] CodeLengthOrder = System.Text.Encoding.UTF8.GetBytes("PQR@HGIFJEKDLCMBNAO");

    private readonly ushort[] _codes;
    private bool _fixedCodes;
    private int _literalCount;
    private int _distanceCount;
    private int _codeLengthCount;

    private static int[] MakeLengthEntries()
    {
        int[] entries = new int[MaxLiterals - EndOfBlock];
        entries[0] = Special;
        for (int i = 0; i < 28; i++)
        {
            int extra = i < 8 ? 0 : (i >> 2) - 1;
            int start = i < 8 ? i : (4 + (i & 3)) << extra;
            entries[i + 1] = ((start + 3) << BaseShift) | (extra << 4);
        }

        entries[29] = 258 << BaseShift;
        entries[30] = Invalid;
        entries[31] = Invalid;
        return entries;
    }

    private static int[] MakeDistanceEntries()
    {
        int[] entries = new int[MaxDistances];
        for (int i = 0; i < 30; i++)
        {
            int extra = i < 4 ? 0 : (i >> 1) - 1;
            int start = i < 4 ? i : (2 + (i & 1)) << extra;
            entries[i] = ((start + 1) << BaseShift) | (extra << 4);
        }

        entries[30] = Invalid;
        entries[31] = Invalid;
        return entries;
    }

    // RFC 1951 §3.2.7: HLIT, HDIST, HCLEN. As zlib does, 30 distance codes are the most, though 5 bits could say 32.
    private bool ReadCodeCounts(byte[] input)
    {
        if (!Need(input, 14))
        {
            return false;
        }

        _literalCount = TakeBits(5) + 257;
        _distanceCount = TakeBits(5) + 1;
        _codeLengthCount = TakeBits(4) + 4;
        if (_literalCount > InvalidLiteral || _distanceCount > InvalidDistance)
        {
            return Fail();
        }

        _fixedCodes = false;
        _count = 0;
        Array.Clear(_codes, LiteralSymbols, CodeLengthSymbols);
        return Enter(CodeLengthCode);
    }

    private bool ReadCodeLengthCode(byte[] input)
    {
        while (_count < _codeLengthCount)
        {
            if (!Need(input, 3))
            {
                return false;
            }

            _codes[LiteralSymbols + CodeLengthOrder[_count++] - '@'] = (ushort)(TakeBits(3) << LengthShift);
        }

        // Built in the literals' place, which is free until all lengths are read.
        _count = 0;
        return Order(0, CodeLengthSymbols, LiteralLimits, LiteralSymbols) == 0 ? Enter(CodeLengths) : Fail();
    }

    private bool ReadCodeLengths(byte[] input)
    {
        ushort[] codes = _codes;
        int all = _literalCount + _distanceCount;
        while (_count < all)
        {
            while (_bits < 14 && _at < _end)
            {
                _hold |= (uint)input[_at++] << _bits;
                _bits += 8;
            }

            int code = BitOrder.Reversed[(int)_hold & 0x7F] << 7;
            int used = codes[LiteralLimits];
            while (code >= codes[LiteralLimits + used])
            {
                used++;
            }

            int symbol = codes[codes[Ends + used] + ((code - codes[LiteralLimits + used]) >> (MaxCodeLength - used))] & SymbolMask;
            int extra = symbol < 16 ? 0 : symbol == 16 ? 2 : symbol == 17 ? 3 : 7;
            if (used + extra > _bits)
            {
                return false;
            }

            TakeBits(used);
            int at = LiteralSymbols + _count;
            int length = symbol << LengthShift;
            int repeats = 1;
            if (symbol > 15)
            {
                // §3.2.7: 16 repeats the length before, which must be there; the repeats may run on from literals to distances, not beyond.
                repeats = TakeBits(extra) + (symbol == 18 ? 11 : 3);
                if ((symbol == 16 && _count == 0) || repeats > all - _count)
                {
                    return Fail();
                }

                length = symbol == 16 ? codes[at - 1] & ~SymbolMask : 0;
            }

            _count += repeats;
            for (; repeats > 0; repeats--)
            {
                codes[at] = (ushort)((codes[at] & SymbolMask) | length);
                at++;
            }
        }

        PutBack();
        return codes[LiteralSymbols + EndOfBlock] > SymbolMask && Build(_literalCount, _distanceCount) ? Enter(Symbol) : Fail();
    }

    // Makes both codes of their lengths; false where they make none.
    private bool Build(int literals, int distances)
    {
        if (!Complete(0, literals, LiteralLimits, LiteralSymbols, InvalidLiteral)
            || !Complete(literals, distances, DistanceLimits, DistanceSymbols, InvalidDistance))
        {
            return false;
        }

        FillLookup();
        return true;
    }

    // Makes a code of lengths; false where they make none.
    private bool Complete(int first, int count, int limits, int symbols, int invalid)
    {
        ushort[] codes = _codes;
        int left = Order(first, count, limits, symbols);
        if (left != 0)
        {
            // §3.2.7: one code may be left unused, or both, where there is one symbol of length 1, or none. They stand for what is
            // invalid, so that each code is complete. As with zlib, no other set may be incomplete.
            int half = 1 << (MaxCodeLength - 1);
            if (left < half || codes[limits + 1] != 2 * half - left)
            {
                return false;
            }

            if (left > half)
            {
                codes[symbols] = (ushort)invalid;
            }

            codes[symbols + 1] = (ushort)invalid;
            codes[limits] = 1;
            codes[limits + 1] = (ushort)(2 * half);
            codes[Ends + limits + 1] = (ushort)(symbols + 2);
        }

        return true;
    }

    // Orders the symbols by their codes, and notes for each length the limit and the end (§3.2.2). Returns how much of the code space, 2^15,
    // is left, negative where it is over-subscribed.
    private int Order(int first, int count, int limits, int symbols)
    {
        ushort[] codes = _codes;
        int ends = Ends + limits;
        Array.Clear(codes, ends, MaxCodeLength + 1);
        first += LiteralSymbols;
        for (int i = 0; i < count; i++)
        {
            codes[ends + (codes[first + i] >> LengthShift)]++;
        }

        int limit = 0;
        int at = symbols;
        codes[limits] = MaxCodeLength;
        for (int length = MaxCodeLength; length > 0; length--)
        {
            if (codes[ends + length] > 0)
            {
                codes[limits] = (ushort)length;
            }
        }

        for (int length = 1; length <= MaxCodeLength; length++)
        {
            int n = codes[ends + length];
            codes[ends + length] = (ushort)at;
            at += n;
            limit += n << (MaxCodeLength - length);
            codes[limits + length] = (ushort)limit;
        }

        for (int i = 0; i < count; i++)
        {
            int length = codes[first + i] >> LengthShift;
            if (length != 0)
            {
                int place = codes[ends + length]++;
                codes[place] = (ushort)((codes[place] & ~SymbolMask) | i);
            }
        }

        return (1 << MaxCodeLength) - limit;
    }

    // Where a platform has a lookup table: makes it of the code, or of the fixed one.
    partial void FillLookup();

    partial void FillFixedLookup();
}
