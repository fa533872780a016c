using System;
using System.Runtime.InteropServices;

namespace Ws.Micro.Deflate;

// The search with 32 bits at hand: most places are dismissed by the four bytes up to the one that would make the match longer.
internal sealed partial class MatchFinder
{
    private const int WordSize = 4;

    partial void SearchFast(
        byte[] input, int i, int limit, int position, int filled, int reach, int best, ref int length, ref int distance, ref bool searched)
    {
        if (limit < WordSize)
        {
            return;
        }

        searched = true;
        int enough = Math.Min(limit, LazyLength);
        if (best >= enough)
        {
            return;
        }

        byte[] window = _window;
        ushort[]? links = _links;
        byte[]? shortLinks = _shortLinks;
        ReadOnlySpan<byte> ahead = input.AsSpan(i, limit);
        int mask = window.Length - 1;
        int bestReach = 0;
        int probes = _chainDepth;
        int wordAt = Math.Max(best - MinLength, 0);
        uint word = MemoryMarshal.Read<uint>(ahead[wordAt..]);
        uint wordMask = best < MinLength ? 0xFFFFFF : uint.MaxValue;
        while (reach <= filled)
        {
            int at = (position - reach) & mask;
            int last = at + wordAt + WordSize;
            if (reach < WordSize + wordAt || last > window.Length
                || ((MemoryMarshal.Read<uint>(window.AsSpan(at + wordAt)) ^ word) & wordMask) == 0)
            {
                int n = MatchLength(window, at, reach, input, i, limit);
                if (n > best && (n > MinLength || reach <= FarDistance))
                {
                    best = n;
                    bestReach = reach;
                    if (best >= enough)
                    {
                        break;
                    }

                    wordAt = best - MinLength;
                    word = MemoryMarshal.Read<uint>(ahead[wordAt..]);
                    wordMask = uint.MaxValue;
                }
            }

            if (--probes <= 0)
            {
                break;
            }

            reach += links != null ? links[at] : shortLinks![at];
        }

        if (bestReach > 0)
        {
            length = best;
            distance = bestReach;
        }
    }

    // The source is in the window up to the current position, and from there on in the input.
    private static int MatchLength(byte[] window, int at, int reach, byte[] input, int i, int limit)
    {
        int direct = Math.Min(reach, limit);
        int n = Math.Min(direct, window.Length - at);
        int same = window.AsSpan(at, n).CommonPrefixLength(input.AsSpan(i, n));
        if (same == n && n < direct)
        {
            same += window.AsSpan(0, direct - n).CommonPrefixLength(input.AsSpan(i + n, direct - n));
        }

        if (same == reach && reach < limit)
        {
            same += input.AsSpan(i, limit - reach).CommonPrefixLength(input.AsSpan(i + reach, limit - reach));
        }

        return same;
    }
}
