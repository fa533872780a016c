using System;
using System.Collections.Generic;
using System.Linq;
using System.Numerics;

namespace Ws.Micro.Benchmarks.Deflate;

/// <summary>
/// The fewest bytes that messages take in static blocks (RFC 1951 §3.2.6) with takeover, each ended as permessage-deflate wants: the cheapest way
/// through each message, by dynamic programming over all matches in the window.
/// </summary>
internal static class StaticBound
{
    private const int MinLength = 3, MaxLength = 258;

    // Block header, end of block, header of the empty stored block.
    private const int Frame = 3 + 7 + 3;

    public static double Average(byte[][] messages, int windowBits)
    {
        byte[] all = [.. messages.SelectMany(message => message)];
        int[] links = Links(all);
        int start = 0;
        long bytes = 0;
        foreach (byte[] message in messages)
        {
            bytes += (Cost(all, links, start, message.Length, 1 << windowBits) + Frame + 7) / 8;
            start += message.Length;
        }

        return (double)bytes / messages.Length;
    }

    private static int Cost(byte[] all, int[] links, int start, int count, int window)
    {
        int[] costs = new int[count + 1];
        Array.Fill(costs, int.MaxValue, 1, count);
        for (int i = 0; i < count; i++)
        {
            int at = start + i;
            costs[i + 1] = Math.Min(costs[i + 1], costs[i] + (all[at] < 144 ? 8 : 9));

            // Nearer matches are never dearer, so that a farther one matters only for the lengths that it adds.
            int most = Math.Min(MaxLength, count - i);
            int best = MinLength - 1;
            for (int from = links[at]; from >= at - window && best < most; from = links[from])
            {
                int distance = at - from;
                int length = all.AsSpan(at, most).CommonPrefixLength(all.AsSpan(from, most));
                for (int n = best + 1; n <= length; n++)
                {
                    costs[i + n] = Math.Min(costs[i + n], costs[i] + LengthBits(n) + 5 + ExtraBits(distance - 1, 1));
                }

                best = Math.Max(best, length);
            }
        }

        return costs[count];
    }

    // For each byte where the three from there on stood last, or a place outside any window.
    private static int[] Links(byte[] all)
    {
        const int None = int.MinValue / 2;
        Dictionary<int, int> last = [];
        int[] links = new int[all.Length];
        for (int i = 0; i < all.Length; i++)
        {
            links[i] = None;
            if (i + MinLength <= all.Length)
            {
                int three = (all[i] << 16) | (all[i + 1] << 8) | all[i + 2];
                links[i] = last.GetValueOrDefault(three, None);
                last[three] = i;
            }
        }

        return links;
    }

    // Symbols 257 to 279, the lengths up to 114, have 7 bits, the others 8.
    private static int LengthBits(int length) => (length < 115 ? 7 : 8) + (length == MaxLength ? 0 : ExtraBits(length - MinLength, 2));

    // RFC 1951 §3.2.5: groups of 2^groupBits symbols for each number of extra bits, from the second group on one more for each.
    private static int ExtraBits(int value, int groupBits) => Math.Max(0, BitOperations.Log2((uint)value | 1) - groupBits);
}
