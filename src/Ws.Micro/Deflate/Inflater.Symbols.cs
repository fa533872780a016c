using System;

namespace Ws.Micro.Deflate;

// The symbols of a block and the matches they stand for (RFC 1951 §3.2.3, §3.2.5), with all state in locals.
public sealed partial class Inflater
{
    // Where a platform has it: inflates whole symbols while at least 8 bytes of input are left, and leaves the rest, and what does not
    // fit before the window's end, to the caller. Ended is set where no symbol can follow.
    partial void InflateFast(byte[] input, ref bool ended);

    // True at the end of the block, or where the fast loop may go on; false where input or room is missing, or all is lost.
    private bool InflateSymbols(byte[] input)
    {
        bool ended = false;
        InflateFast(input, ref ended);
        if (ended)
        {
            return _state != Failed;
        }

        byte[] reversed = BitOrder.Reversed;
        byte[] window = Window;
        ushort[] codes = _codes;
        bool isFixed = _fixedCodes;
        int size = window.Length;
        int position = _position;
        int state = _state;
        int count = _count;
        int distance = _distance;
        uint hold = _hold;
        int bits = _bits;
        int at = _at;
        int end = _end;
        int lastPair = end - 2;
        bool starved = false;
        bool resumed = state != Symbol;
        while (position < size)
        {
            if (bits <= 16 && at <= lastPair)
            {
                hold |= (uint)(input[at] | (input[at + 1] << 8)) << bits;
                at += 2;
                bits += 16;
            }

            // Where fewer bits are left than a code has, zeros stand for the others: the code that is found is longer than what there is.
            int entry;
            int used;
            if (state == Symbol)
            {
                if (isFixed)
                {
                    // §3.2.6: literals from 0 on have eight bits from 0x30 on, up to 0xBF.
                    int code = reversed[(int)hold & 0xFF] - 0x30;
                    if ((uint)code < 0x90 && bits >= 8)
                    {
                        window[position++] = (byte)code;
                        hold >>= 8;
                        bits -= 8;
                        continue;
                    }

                    used = code < 0 ? 7 : code < 0x98 ? 8 : 9;
                    entry = code < 0 ? LengthEntries[(code + 0x30) >> 1]
                        : code < 0x90 ? Literal
                        : code < 0x98 ? LengthEntries[code - 0x90 + 24]
                        : Literal | (((code << 1) - 0xA0 + ((int)(hold >> 8) & 1)) << BaseShift);
                }
                else
                {
                    int code = (reversed[(int)hold & 0xFF] << 7) | (reversed[(int)(hold >> 8) & 0xFF] >> 1);
                    used = codes[LiteralLimits];
                    while (code >= codes[LiteralLimits + used])
                    {
                        used++;
                    }

                    int symbol = codes[codes[Ends + used] + ((code - codes[LiteralLimits + used]) >> (MaxCodeLength - used))] & SymbolMask;
                    entry = symbol < EndOfBlock ? Literal | (symbol << BaseShift) : LengthEntries[symbol - EndOfBlock];
                }

                int extra = (entry >> 4) & 15;
                if (used + extra > bits)
                {
                    goto NeedByte;
                }

                count = (entry >> BaseShift) + ((int)(hold >> used) & ((1 << extra) - 1));
                used += extra;
                hold >>= used;
                bits -= used;
                if ((entry & Literal) != 0)
                {
                    window[position++] = (byte)count;
                    continue;
                }

                if ((entry & Special) != 0)
                {
                    state = (entry & Invalid) == Invalid ? Failed : BlockHeader;
                    break;
                }

                state = Distance;
                continue;
            }

            if (state == Distance)
            {
                if (isFixed)
                {
                    used = 5;
                    entry = DistanceEntries[reversed[(int)hold & 0xFF] >> 3];
                }
                else
                {
                    int code = (reversed[(int)hold & 0xFF] << 7) | (reversed[(int)(hold >> 8) & 0xFF] >> 1);
                    used = codes[DistanceLimits];
                    while (code >= codes[DistanceLimits + used])
                    {
                        used++;
                    }

                    int symbol = codes[codes[Ends + DistanceLimits + used] + ((code - codes[DistanceLimits + used]) >> (MaxCodeLength - used))];
                    entry = DistanceEntries[symbol & SymbolMask];
                }

                if (used > bits)
                {
                    goto NeedByte;
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
                int extra = (distance >> 4) & 15;
                if (extra > bits)
                {
                    goto NeedByte;
                }

                distance = (distance >> BaseShift) + ((int)hold & ((1 << extra) - 1));
                hold >>= extra;
                bits -= extra;

                // RFC 7692 §7.1.2: nothing lies beyond the window, nor before the stream's beginning.
                if (distance > (_wrapped ? size : position))
                {
                    state = Failed;
                    break;
                }

                state = Copy;
            }

            // What lies before the window's end, or a pattern that doubles with each whole round: it overlaps what it makes.
            int source = position - distance;
            int run = count;
            if (source >= 0)
            {
                if (run > distance)
                {
                    run = distance;
                }
            }
            else
            {
                source += size;
                if (run > size - source)
                {
                    run = size - source;
                }
            }

            if (run > size - position)
            {
                run = size - position;
            }

            Array.Copy(window, source, window, position, run);
            position += run;
            count -= run;
            if (count > 0)
            {
                if (run == distance && distance <= size >> 1)
                {
                    distance <<= 1;
                }

                continue;
            }

            state = Symbol;
            if (resumed)
            {
                break;
            }

            continue;

        NeedByte:
            if (at == end)
            {
                starved = true;
                break;
            }

            hold |= (uint)input[at++] << bits;
            bits += 8;
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
