using System;
using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
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

    // Gives each way in which the next bits can begin its entry. Codes come with their first bit lowest: one that is longer than those before
    // is told from them by a bit above theirs, so the table of theirs is doubled first.
    private void FillLookup(int[] lookup, int limits, int symbols)
    {
        ushort[] codes = _codes;
        Span<int> table = lookup.AsSpan(limits == LiteralLimits ? 0 : 1 << _lookupBits, 1 << _lookupBits);
        int shortest = codes[limits];
        int code = 0;
        int at = symbols;
        for (int length = shortest; length <= _lookupBits; length++)
        {
            if (length > shortest)
            {
                int half = 1 << (length - 1);
                table[..half].CopyTo(table[half..]);
            }

            for (int limit = codes[limits + length]; code < limit; code += 1 << (MaxCodeLength - length))
            {
                int symbol = codes[at++] & SymbolMask;
                table[Reverse(code)] = length | (limits == LiteralLimits ? LiteralEntry(symbol) : DistanceEntries[symbol]);
            }
        }

        for (; code < 1 << MaxCodeLength; code += 1 << (MaxCodeLength - _lookupBits))
        {
            table[Reverse(code)] = Long;
        }
    }

    // 15 bits in reverse.
    private static int Reverse(int code) => (BitOrder.Reversed[code & 0x7F] << 7) | BitOrder.Reversed[code >> 7];

    private static int LiteralEntry(int symbol) => symbol < EndOfBlock ? Literal | (symbol << BaseShift) : LengthEntries[symbol - EndOfBlock];

    partial void InflateFast(byte[] input, ref bool ended)
    {
        if (_lookup == null || _state is not (Symbol or Copy) || _end - _at < RefillBytes)
        {
            // What an earlier call left in _hold could not be put back.
            return;
        }

        ref int lookup = ref MemoryMarshal.GetArrayDataReference(_lookup);
        byte[] window = Window;
        int size = window.Length;
        ulong mask = (1ul << _lookupBits) - 1;
        ref int distances = ref Unsafe.Add(ref lookup, (nint)mask + 1);
        int position = _position;
        int state = _state;
        if (state == Copy)
        {
            // What of a match did not fit before the window's end.
            int part = Math.Min(_count, size - position);
            CopyRuns(window, position, _distance, part);
            position += part;
            _count -= part;
            state = _count == 0 ? Symbol : Copy;
        }

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

            int entry = Unsafe.Add(ref lookup, (nint)(hold & mask));
            while ((entry & Literal) != 0)
            {
                window[position++] = (byte)(entry >> BaseShift);
                hold >>= entry & 15;
                bits -= entry & 15;
                if (bits < MaxMatchBits || position == size)
                {
                    break;
                }

                entry = Unsafe.Add(ref lookup, (nint)(hold & mask));
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

            entry = Unsafe.Add(ref distances, (nint)(hold & mask));
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
                int part = size - position;
                CopyRuns(window, position, distance, part);
                position = size;
                _count = count - part;
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

    // The match ends before the window does; its source may go round, or overlap what it makes.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void CopyMatch(byte[] window, int position, int distance, int count)
    {
        int source = (position - distance) & (window.Length - 1);
        if (count <= distance && count <= window.Length - source)
        {
            CopyRun(ref window[source], ref window[position], count);
        }
        else
        {
            CopyRuns(window, position, distance, count);
        }
    }

    // Run by run, each up to the window's end, or as long as the pattern that overlaps: it doubles with each whole round.
    private static void CopyRuns(byte[] window, int position, int distance, int count)
    {
        int size = window.Length;
        while (count > 0)
        {
            int source = (position - distance) & (size - 1);
            int run = Math.Min(Math.Min(count, distance), size - source);
            CopyRun(ref window[source], ref window[position], run);
            position += run;
            count -= run;
            if (run == distance && distance <= size >> 1)
            {
                distance <<= 1;
            }
        }
    }

    // Two words that overlap move any number of bytes between, and no others: what follows the match is the oldest part of the window.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void CopyRun(ref byte from, ref byte to, int count)
    {
        if (count >= Vector128<byte>.Count)
        {
            // The last is read before all others are written, which may lie over it where the source begins behind the match.
            int end = count - Vector128<byte>.Count;
            Vector128<byte> last = Vector128.LoadUnsafe(ref from, (nuint)end);
            for (int i = 0; i < end; i += Vector128<byte>.Count)
            {
                Vector128.LoadUnsafe(ref from, (nuint)i).StoreUnsafe(ref to, (nuint)i);
            }

            last.StoreUnsafe(ref to, (nuint)end);
        }
        else if (count >= sizeof(ulong))
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
            Unsafe.Add(ref to, count >> 1) = Unsafe.Add(ref from, count >> 1);
            Unsafe.Add(ref to, count - 1) = Unsafe.Add(ref from, count - 1);
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
