using System;

namespace Ws.Micro.Deflate;

// The Huffman codes of a block: read as lengths, kept as counts and symbols in canonical order, and as tables where asked for.
public sealed partial class Inflater
{
    private const int MinLookupBits = 7, MaxLookupBits = 10;

    private const int MaxLiterals = 288, MaxDistances = 32, MaxCodes = MaxLiterals + MaxDistances;
    private const int MaxCodeLength = 15, EndOfBlock = 256, InvalidLiteral = 286, InvalidDistance = 30, CodeLengthSymbols = 19;

    // In _codes, for each of the two codes: how many symbols have each length, and the symbols in the code's order. In place of the
    // count for length 0 stands where the symbols begin whose codes are longer than _lookupBits.
    private const int LiteralCounts = 0, DistanceCounts = 16, Offsets = 32, LiteralSymbols = 48, DistanceSymbols = LiteralSymbols + MaxLiterals;
    private const int CodesSize = DistanceSymbols + MaxDistances;

    // While lengths are read and put in order, each stands above the symbols' bits: literals' and then distances', from LiteralSymbols on.
    private const int LengthShift = 12, SymbolMask = (1 << LengthShift) - 1;

    // An entry of a table: bits 0-3 the code's length, 4-7 the number of extra bits, 8-11 what it is, and from 16 on the literal, or the
    // base that the extra bits are added to, or in a long code's prefix how many such prefixes come before it. Special alone ends the block.
    private const int Literal = 0x100, Special = 0x200, Invalid = Special | 0x400, Long = Special | 0x800;
    private const int BaseShift = 16;

    // RFC 1951 §3.2.5: what the symbols from 256 on, and those of the distance code, stand for.
    private static readonly int[] LengthEntries = MakeLengthEntries();
    private static readonly int[] DistanceEntries = MakeDistanceEntries();

    // §3.2.7: the order in which the lengths of the code length code come.
    private static readonly byte[] CodeLengthOrder = { 16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15 };

    private readonly ushort[] _codes;
    private readonly int[]? _lookup;
    private readonly int _lookupBits;
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

            _codes[LiteralSymbols + CodeLengthOrder[_count++]] = (ushort)(TakeBits(3) << LengthShift);
        }

        // Built in the literals' place, which is free until all lengths are read.
        _count = 0;
        return Order(0, CodeLengthSymbols, LiteralCounts, LiteralSymbols) == 0 ? Enter(CodeLengths) : Fail();
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

            uint ahead = _hold;
            int rank = 0;
            int used = 0;
            int index = LiteralSymbols;
            int count;
            while (true)
            {
                rank = (rank << 1) | (int)(ahead & 1);
                ahead >>= 1;
                used++;
                count = codes[LiteralCounts + used];
                if (rank < count)
                {
                    break;
                }

                rank -= count;
                index += count;
            }

            int symbol = codes[index + rank] & SymbolMask;
            int extra = symbol < 16 ? 0 : symbol == 16 ? 2 : symbol == 17 ? 3 : 7;
            if (used + extra > _bits)
            {
                return false;
            }

            TakeBits(used);
            if (symbol < 16)
            {
                int place = LiteralSymbols + _count++;
                codes[place] = (ushort)((codes[place] & SymbolMask) | (symbol << LengthShift));
                continue;
            }

            // §3.2.7: 16 repeats the length before, which must be there; the repeats may run on from literals to distances, not beyond.
            int repeats = TakeBits(extra) + (symbol == 18 ? 11 : 3);
            if ((symbol == 16 && _count == 0) || repeats > all - _count)
            {
                return Fail();
            }

            int at = LiteralSymbols + _count;
            int length = symbol == 16 ? codes[at - 1] & ~SymbolMask : 0;
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

    // RFC 1951 §3.2.6
    private void BuildFixedCodes()
    {
        if (_fixedCodes)
        {
            return;
        }

        ushort[] codes = _codes;
        for (int i = 0; i < MaxCodes; i++)
        {
            codes[LiteralSymbols + i] = (ushort)((i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : i < MaxLiterals ? 8 : 5) << LengthShift);
        }

        Build(MaxLiterals, MaxDistances);
        _fixedCodes = true;
    }

    // Makes both codes of their lengths; false where they make none.
    private bool Build(int literals, int distances)
    {
        if (!Complete(0, literals, LiteralCounts, LiteralSymbols, InvalidLiteral)
            || !Complete(literals, distances, DistanceCounts, DistanceSymbols, InvalidDistance))
        {
            return false;
        }

        ushort[] codes = _codes;
        for (int i = LiteralSymbols; i < CodesSize; i++)
        {
            codes[i] &= SymbolMask;
        }

        if (_lookup != null)
        {
            FillLookup(_lookup, LiteralCounts, LiteralSymbols);
            FillLookup(_lookup, DistanceCounts, DistanceSymbols);
        }

        return true;
    }

    // Makes a code of lengths; false where they make none.
    private bool Complete(int first, int count, int counts, int symbols, int invalid)
    {
        ushort[] codes = _codes;
        int left = Order(first, count, counts, symbols);
        if (left != 0)
        {
            // §3.2.7: one code may be left unused, or both, where there is one symbol of length 1, or none. They stand for what is
            // invalid, so that each code is complete. As with zlib, no other set may be incomplete.
            if (left != (1 << MaxCodeLength) - (codes[counts + 1] << (MaxCodeLength - 1)) || codes[counts + 1] > 1)
            {
                return false;
            }

            for (int i = codes[counts + 1]; i < 2; i++)
            {
                codes[symbols + i] = (ushort)invalid;
            }

            codes[counts + 1] = 2;
        }

        codes[counts] = (ushort)symbols;
        return true;
    }

    // Counts the lengths and orders the symbols by their codes (§3.2.2). Returns how much of the code space, 2^15, is left, negative
    // where it is over-subscribed.
    private int Order(int first, int count, int counts, int symbols)
    {
        ushort[] codes = _codes;
        Array.Clear(codes, counts, MaxCodeLength + 1);
        first += LiteralSymbols;
        for (int i = 0; i < count; i++)
        {
            codes[counts + (codes[first + i] >> LengthShift)]++;
        }

        int left = 1 << MaxCodeLength;
        int at = symbols;
        for (int length = 1; length <= MaxCodeLength; length++)
        {
            codes[Offsets + length] = (ushort)at;
            at += codes[counts + length];
            left -= codes[counts + length] << (MaxCodeLength - length);
        }

        for (int i = 0; i < count; i++)
        {
            int length = codes[first + i] >> LengthShift;
            if (length != 0)
            {
                int place = codes[Offsets + length]++;
                codes[place] = (ushort)((codes[place] & ~SymbolMask) | i);
            }
        }

        return left;
    }

    // Gives each way in which the next bits can begin its entry. Codes come with their first bit lowest, so counting up goes from the
    // highest bit down.
    private void FillLookup(int[] lookup, int counts, int symbols)
    {
        ushort[] codes = _codes;
        int table = counts == LiteralCounts ? 0 : 1 << _lookupBits;
        int size = 1 << _lookupBits;
        int reversed = 0;
        int at = symbols;
        int left = size;
        for (int length = 1; length <= _lookupBits; length++)
        {
            for (int n = codes[counts + length]; n > 0; n--)
            {
                int symbol = codes[at++];
                int entry = length | (counts == DistanceCounts ? DistanceEntries[symbol]
                    : symbol < EndOfBlock ? Literal | (symbol << BaseShift) : LengthEntries[symbol - EndOfBlock]);
                for (int i = reversed; i < size; i += 1 << length)
                {
                    lookup[table + i] = entry;
                }

                reversed = Increment(reversed, length);
                left -= size >> length;
            }
        }

        codes[counts] = (ushort)at;
        for (int rank = 0; rank < left; rank++)
        {
            lookup[table + reversed] = Long | (rank << BaseShift);
            reversed = Increment(reversed, _lookupBits);
        }
    }

    private static int Increment(int reversed, int length)
    {
        int bit = 1 << (length - 1);
        while ((reversed & bit) != 0)
        {
            bit >>= 1;
        }

        return bit == 0 ? 0 : (reversed & (bit - 1)) | bit;
    }
}
