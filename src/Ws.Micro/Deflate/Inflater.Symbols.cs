using System;

namespace Ws.Micro.Deflate;

// The symbols of a block and the matches they stand for (RFC 1951 §3.2.3, §3.2.5), with all state in locals.
public sealed partial class Inflater
{
    // Where a platform has it: inflates whole symbols while at least 8 bytes of input are left, and leaves the rest, and what does not
    // fit before the window's end, to the caller.
    partial void InflateFast(byte[] input, int[] lookup);

    // True at the end of the block, or where the fast loop may go on; false where input or room is missing, or all is lost.
    private bool InflateSymbols(byte[] input)
    {
        if (_state == Symbol && _lookup != null)
        {
            InflateFast(input, _lookup);
            if (_state < Symbol || _state == Failed)
            {
                return _state != Failed;
            }
        }

        byte[] window = _window;
        ushort[] codes = _codes;
        int[]? lookup = _lookup;
        int lookupBits = _lookupBits;
        int mask = (1 << lookupBits) - 1;
        int size = window.Length;
        int position = _position;
        int state = _state;
        int count = _count;
        int distance = _distance;
        uint hold = _hold;
        int bits = _bits;
        int at = _at;
        int end = _end;
        bool starved = false;
        bool resumed = state != Symbol && lookup != null;
        while (true)
        {
            if (state == Symbol)
            {
                if (position == size)
                {
                    break;
                }

                while (bits <= 24 && at < end)
                {
                    hold |= (uint)input[at++] << bits;
                    bits += 8;
                }

                // Where fewer bits are left, zeros stand for the others: the code that is found is longer than what there is.
                int entry = lookup == null ? Long : lookup[(int)hold & mask];
                int used = entry & 15;
                if ((entry & Long) == Long)
                {
                    int rank = entry >> BaseShift;
                    int index = codes[LiteralCounts];
                    uint ahead = hold >> lookupBits;
                    used = lookupBits;
                    while (true)
                    {
                        rank = (rank << 1) | (int)(ahead & 1);
                        ahead >>= 1;
                        used++;
                        int n = codes[LiteralCounts + used];
                        if (rank < n)
                        {
                            break;
                        }

                        rank -= n;
                        index += n;
                    }

                    int symbol = codes[index + rank];
                    entry = symbol < EndOfBlock ? Literal | (symbol << BaseShift) : LengthEntries[symbol - EndOfBlock];
                }

                int extra = (entry >> 4) & 15;
                if (used + extra > bits)
                {
                    starved = true;
                    break;
                }

                hold >>= used;
                bits -= used;
                if ((entry & Literal) != 0)
                {
                    window[position++] = (byte)(entry >> BaseShift);
                    continue;
                }

                if ((entry & Special) != 0)
                {
                    state = (entry & Invalid) == Invalid ? Failed : BlockHeader;
                    break;
                }

                count = (entry >> BaseShift) + ((int)hold & ((1 << extra) - 1));
                hold >>= extra;
                bits -= extra;
                state = Distance;
            }

            if (state == Distance)
            {
                while (bits <= 24 && at < end)
                {
                    hold |= (uint)input[at++] << bits;
                    bits += 8;
                }

                int entry = lookup == null ? Long : lookup[mask + 1 + ((int)hold & mask)];
                int used = entry & 15;
                if ((entry & Long) == Long)
                {
                    int rank = entry >> BaseShift;
                    int index = codes[DistanceCounts];
                    uint ahead = hold >> lookupBits;
                    used = lookupBits;
                    while (true)
                    {
                        rank = (rank << 1) | (int)(ahead & 1);
                        ahead >>= 1;
                        used++;
                        int n = codes[DistanceCounts + used];
                        if (rank < n)
                        {
                            break;
                        }

                        rank -= n;
                        index += n;
                    }

                    entry = DistanceEntries[codes[index + rank]];
                }

                if (used > bits)
                {
                    starved = true;
                    break;
                }

                hold >>= used;
                bits -= used;
                if ((entry & Special) != 0)
                {
                    state = Failed;
                    break;
                }

                distance = entry;
                state = DistanceExtra;
            }

            if (state == DistanceExtra)
            {
                while (bits <= 24 && at < end)
                {
                    hold |= (uint)input[at++] << bits;
                    bits += 8;
                }

                int extra = (distance >> 4) & 15;
                if (extra > bits)
                {
                    starved = true;
                    break;
                }

                distance = (distance >> BaseShift) + ((int)hold & ((1 << extra) - 1));
                hold >>= extra;
                bits -= extra;

                // §3.2.5: a distance cannot reach before the beginning of the output; RFC 7692 §7.1.2: nor beyond the agreed window.
                if (distance > (_wrapped ? size : position))
                {
                    state = Failed;
                    break;
                }

                state = Copy;
            }

            int source = position - distance;
            if (source < 0)
            {
                source += size;
            }

            while (count > 0 && position < size)
            {
                // What lies before the window's end, or a pattern that doubles with each round: it overlaps what it makes.
                int run = source < position ? position - source : size - source;
                if (run > count)
                {
                    run = count;
                }

                if (run > size - position)
                {
                    run = size - position;
                }

                Array.Copy(window, source, window, position, run);
                if (source >= position)
                {
                    source = (source + run) & (size - 1);
                }

                position += run;
                count -= run;
            }

            if (count > 0)
            {
                break;
            }

            state = Symbol;
            if (resumed)
            {
                break;
            }
        }

        _position = position;
        _state = state;
        _count = count;
        _distance = distance;
        _hold = hold;
        _bits = bits;
        _at = at;
        if (!starved)
        {
            PutBack();
        }

        return state == BlockHeader ? EndBlock() : state == Symbol && resumed && !starved;
    }
}
