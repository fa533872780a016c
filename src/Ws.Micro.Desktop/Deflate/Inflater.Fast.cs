using System;
using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Ws.Micro.Deflate;

// The loop over symbols with a lookup table, and 64 bits at hand: one refill for a length and its distance, at most 48 bits, or for several literals.
public sealed partial class Inflater
{
    private const int MinLookupBits = 7, MaxLookupBits = 10;
    private const int MaxMatchBits = 48, RefillBytes = 8;

    // In an entry of the table, beside what Literal and Special say: bits 0-3 are the code's length; a code longer than the index.
    private const int Long = Special | 0x800;

    private readonly int[]? _lookup;
    private readonly int _lookupBits;

    /// <param name="windowBits">As in the other constructor.</param>
    /// <param name="lookupBits">0 decodes with the least memory; 7 to 10 with tables of 2^<paramref name="lookupBits"/> entries.</param>
    /// <exception cref="ArgumentOutOfRangeException">A value out of range.</exception>
    public Inflater(int windowBits, int lookupBits)
        : this(windowBits)
    {
        if (lookupBits != 0 && (lookupBits < MinLookupBits || lookupBits > MaxLookupBits))
        {
            throw new ArgumentOutOfRangeException(nameof(lookupBits), $"lookupBits is {lookupBits}; it must be 0, or 7 to 10.");
        }

        _lookupBits = lookupBits;
        _lookup = lookupBits == 0 ? null : new int[2 << lookupBits];
    }

    /// <summary>As the other one, and 8 x 2^<paramref name="lookupBits"/> more where that is not 0.</summary>
    public static int MemoryBytes(int windowBits, int lookupBits) => MemoryBytes(windowBits) + (lookupBits == 0 ? 0 : 8 << lookupBits);

    partial void FillLookup()
    {
        if (_lookup != null)
        {
            FillLookup(_lookup, LiteralLimits, LiteralSymbols);
            FillLookup(_lookup, DistanceLimits, DistanceSymbols);
        }
    }

    // RFC 1951 §3.2.6. Without a table the fixed code needs nothing.
    partial void FillFixedLookup()
    {
        if (_fixedCodes || _lookup == null)
        {
            return;
        }

        ushort[] codes = _codes;
        for (int i = 0; i < MaxCodes; i++)
        {
            codes[LiteralSymbols + i] = (ushort)((i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : i < MaxLiterals ? 8 : 5) << LengthShift);
        }

        Build(MaxLiterals, MaxDistances);
    }

    // Gives each way in which the next bits can begin its entry. Codes come with their first bit lowest, so counting up goes from the
    // highest bit down.
    private void FillLookup(int[] lookup, int limits, int symbols)
    {
        ushort[] codes = _codes;
        int table = limits == LiteralLimits ? 0 : 1 << _lookupBits;
        int size = 1 << _lookupBits;
        int code = 0;
        int at = symbols;
        for (int length = codes[limits]; length <= _lookupBits; length++)
        {
            for (; code < codes[limits + length]; code += 1 << (MaxCodeLength - length))
            {
                int symbol = codes[at++] & SymbolMask;
                int entry = length | (limits == LiteralLimits ? LiteralEntry(symbol) : DistanceEntries[symbol]);
                for (int i = Reverse(code); i < size; i += 1 << length)
                {
                    lookup[table + i] = entry;
                }
            }
        }

        for (; code < 1 << MaxCodeLength; code += 1 << (MaxCodeLength - _lookupBits))
        {
            lookup[table + Reverse(code)] = Long;
        }
    }

    // 15 bits in reverse.
    private static int Reverse(int code) => (BitOrder.Reversed[code & 0x7F] << 7) | BitOrder.Reversed[code >> 7];

    private static int LiteralEntry(int symbol) => symbol < EndOfBlock ? Literal | (symbol << BaseShift) : LengthEntries[symbol - EndOfBlock];

    partial void InflateFast(byte[] input, ref bool ended)
    {
        if (_lookup == null || _state != Symbol || _end - _at < RefillBytes)
        {
            // What an earlier call left in _hold could not be put back.
            return;
        }

        int[] lookup = _lookup;
        byte[] window = Window;
        int size = window.Length;
        int mask = (1 << _lookupBits) - 1;
        int position = _position;
        int state = Symbol;
        ulong hold = _hold;
        int bits = _bits;
        int at = _at;
        int end = _end;
        while (end - at >= RefillBytes && position < size)
        {
            // Bits above the counted ones may be in hold already; they are the same again.
            hold |= BinaryPrimitives.ReadUInt64LittleEndian(input.AsSpan(at)) << bits;
            at += (63 - bits) >> 3;
            bits |= 56;

            int entry = lookup[(int)hold & mask];
            while ((entry & Literal) != 0)
            {
                window[position++] = (byte)(entry >> BaseShift);
                hold >>= entry & 15;
                bits -= entry & 15;
                if (bits < MaxMatchBits || position == size)
                {
                    break;
                }

                entry = lookup[(int)hold & mask];
            }

            if ((entry & Literal) != 0)
            {
                continue;
            }

            if ((entry & Long) == Long)
            {
                entry = FindLong(hold, LiteralLimits);
                if ((entry & Literal) != 0)
                {
                    window[position++] = (byte)(entry >> BaseShift);
                    hold >>= entry & 15;
                    bits -= entry & 15;
                    continue;
                }
            }

            hold >>= entry & 15;
            bits -= entry & 15;
            if ((entry & Special) != 0)
            {
                state = (entry & Invalid) == Invalid ? Failed : BlockHeader;
                break;
            }

            int extra = (entry >> 4) & 15;
            int count = (entry >> BaseShift) + ((int)hold & ((1 << extra) - 1));
            hold >>= extra;
            bits -= extra;

            entry = lookup[mask + 1 + ((int)hold & mask)];
            if ((entry & Long) == Long)
            {
                entry = FindLong(hold, DistanceLimits);
            }

            hold >>= entry & 15;
            bits -= entry & 15;
            extra = (entry >> 4) & 15;
            int distance = (entry >> BaseShift) + ((int)hold & ((1 << extra) - 1));
            hold >>= extra;
            bits -= extra;
            if ((entry & Special) != 0 || distance > (_wrapped ? size : position))
            {
                state = Failed;
                break;
            }

            if (count > size - position)
            {
                _count = count;
                _distance = distance;
                state = Copy;
                break;
            }

            CopyMatch(window, position, distance, count);
            position += count;
        }

        _position = position;
        _state = state;
        at -= bits >> 3;
        bits &= 7;
        _hold = (uint)hold & ((1u << bits) - 1);
        _bits = bits;
        _at = at;
        if (state == BlockHeader)
        {
            EndBlock();
        }

        ended = state == BlockHeader || state == Failed;
    }

    // The match ends before the window does; its source may go round. Two words that overlap move any number of bytes between, and no others:
    // what follows the match is the oldest part of the window.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void CopyMatch(byte[] window, int position, int distance, int count)
    {
        int mask = window.Length - 1;
        int source = (position - distance) & mask;
        if (count > distance || count > window.Length - source)
        {
            for (int i = 0; i < count; i++)
            {
                window[position + i] = window[(source + i) & mask];
            }

            return;
        }

        ref byte from = ref window[source];
        ref byte to = ref window[position];
        if (count <= 2 * sizeof(ulong))
        {
            if (count >= sizeof(ulong))
            {
                ulong first = Unsafe.ReadUnaligned<ulong>(ref from);
                ulong last = Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref from, count - sizeof(ulong)));
                Unsafe.WriteUnaligned(ref to, first);
                Unsafe.WriteUnaligned(ref Unsafe.Add(ref to, count - sizeof(ulong)), last);
            }
            else if (count >= sizeof(uint))
            {
                uint first = Unsafe.ReadUnaligned<uint>(ref from);
                uint last = Unsafe.ReadUnaligned<uint>(ref Unsafe.Add(ref from, count - sizeof(uint)));
                Unsafe.WriteUnaligned(ref to, first);
                Unsafe.WriteUnaligned(ref Unsafe.Add(ref to, count - sizeof(uint)), last);
            }
            else
            {
                to = from;
                Unsafe.Add(ref to, 1) = Unsafe.Add(ref from, 1);
                Unsafe.Add(ref to, 2) = Unsafe.Add(ref from, 2);
            }
        }
        else if (count <= 2 * Vector128<byte>.Count)
        {
            Vector128<byte> first = Vector128.LoadUnsafe(ref from);
            Vector128<byte> last = Vector128.LoadUnsafe(ref from, (nuint)(count - Vector128<byte>.Count));
            first.StoreUnsafe(ref to);
            last.StoreUnsafe(ref to, (nuint)(count - Vector128<byte>.Count));
        }
        else
        {
            window.AsSpan(source, count).CopyTo(window.AsSpan(position));
        }
    }

    // The entry of a code longer than the table's index, with the code's length.
    private int FindLong(ulong hold, int limits)
    {
        ushort[] codes = _codes;
        int code = Reverse((int)hold & 0x7FFF);
        int used = _lookupBits + 1;
        while (code >= codes[limits + used])
        {
            used++;
        }

        int symbol = codes[codes[Ends + limits + used] + ((code - codes[limits + used]) >> (MaxCodeLength - used))] & SymbolMask;
        return used | (limits == LiteralLimits ? LiteralEntry(symbol) : DistanceEntries[symbol]);
    }
}
