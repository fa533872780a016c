using System;
using System.Buffers.Binary;

namespace Ws.Micro.Deflate;

// The loop over symbols with 64 bits at hand: one refill for a length and its distance, at most 48 bits, or for several literals.
public sealed partial class Inflater
{
    private const int MaxMatchBits = 48, RefillBytes = 8;

    partial void InflateFast(byte[] input, int[] lookup)
    {
        if (_end - _at < RefillBytes)
        {
            // What an earlier call left in _hold could not be put back.
            return;
        }

        byte[] window = _window;
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
                entry = FindLong(hold, entry, LiteralCounts);
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
                entry = FindLong(hold, entry, DistanceCounts);
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

            int source = (position - distance) & (size - 1);
            if (count <= distance && count <= size - source)
            {
                window.AsSpan(source, count).CopyTo(window.AsSpan(position));
            }
            else
            {
                for (int i = 0; i < count; i++)
                {
                    window[position + i] = window[(source + i) & (size - 1)];
                }
            }

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
    }

    // The entry of a code longer than the table's index, with the code's length.
    private int FindLong(ulong hold, int prefix, int counts)
    {
        ushort[] codes = _codes;
        int rank = prefix >> BaseShift;
        int index = codes[counts];
        int used = _lookupBits;
        hold >>= used;
        while (true)
        {
            rank = (rank << 1) | (int)(hold & 1);
            hold >>= 1;
            used++;
            int n = codes[counts + used];
            if (rank < n)
            {
                break;
            }

            rank -= n;
            index += n;
        }

        int symbol = codes[index + rank];
        return used | (counts == DistanceCounts ? DistanceEntries[symbol]
            : symbol < EndOfBlock ? Literal | (symbol << BaseShift) : LengthEntries[symbol - EndOfBlock]);
    }
}
