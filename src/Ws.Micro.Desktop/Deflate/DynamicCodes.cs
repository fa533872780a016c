namespace Ws.Micro.Deflate;

/// <summary>
/// The three Huffman codes of a dynamic block (RFC 1951 §3.2.7), side by side in each array: literals and lengths, distances, and the
/// code lengths' own.
/// </summary>
internal sealed class DynamicCodes
{
    public const int EndOfBlock = 256, Literals = 286;
    public const int DistanceBase = 288, DistanceCount = 30;
    public const int LengthBase = 320, LengthCount = 19;
    public const int MaxBits = 15, MaxLengthBits = 7;

    /// <summary>Bytes of all arrays.</summary>
    public const int MemoryBytes = (5 * All) + (6 * DistanceBase) + (2 * MaxSequence) + (2 * 4 * (MaxBits + 1));

    private const int All = LengthBase + LengthCount;
    private const int MaxSequence = 316;

    /// <summary>How often each symbol occurs.</summary>
    public readonly ushort[] Frequencies = new ushort[All];

    /// <summary>Each symbol's code, its highest bit lowest.</summary>
    public readonly ushort[] Codes = new ushort[All];

    /// <summary>The bits of each symbol's code; 0 where it has none.</summary>
    public readonly byte[] Lengths = new byte[All];

    /// <summary>The code lengths run by run: a symbol of the code length code, and above its low five bits the repeat count's extra bits.</summary>
    public readonly ushort[] Sequence = new ushort[MaxSequence];

    private readonly int[] _weights = new int[DistanceBase];
    private readonly ushort[] _symbols = new ushort[DistanceBase];
    private readonly int[] _counts = new int[MaxBits + 1];
    private readonly int[] _next = new int[MaxBits + 1];

    public int SequenceCount { get; private set; }

    public int LiteralCount { get; private set; }

    public int DistanceCodes { get; private set; }

    /// <summary>How many code length code lengths go out, in the order of <see cref="Order"/>.</summary>
    public int OrderCount { get; private set; }

    /// <summary>Where the code length code lengths stand in the header (RFC 1951 §3.2.7).</summary>
    public static readonly byte[] Order = { 16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15 };

    /// <summary>Makes all three codes from the frequencies, and returns the bits of the block's header and its codes, extra bits of tokens aside.</summary>
    public int Build()
    {
        MakeCode(0, Literals, MaxBits);
        MakeCode(DistanceBase, DistanceCount, MaxBits);
        LiteralCount = Used(0, Literals, 257);
        DistanceCodes = Used(DistanceBase, DistanceCount, 1);
        for (int i = LengthBase; i < All; i++)
        {
            Frequencies[i] = 0;
        }

        SequenceCount = 0;
        MakeSequence(0, LiteralCount);
        MakeSequence(DistanceBase, DistanceCodes);
        MakeCode(LengthBase, LengthCount, MaxLengthBits);
        OrderCount = LengthCount;
        while (OrderCount > 4 && Lengths[LengthBase + Order[OrderCount - 1]] == 0)
        {
            OrderCount--;
        }

        int bits = 3 + 14 + (3 * OrderCount) + (2 * Frequencies[LengthBase + 16]) + (3 * Frequencies[LengthBase + 17]) + (7 * Frequencies[LengthBase + 18]);
        for (int i = 0; i < All; i++)
        {
            bits += Frequencies[i] * Lengths[i];
        }

        return bits;
    }

    private int Used(int first, int count, int least)
    {
        while (count > least && Lengths[first + count - 1] == 0)
        {
            count--;
        }

        return count;
    }

    /// <summary>Adds the runs of some code lengths to the sequence and counts its symbols. Runs do not cross from one code to the other.</summary>
    private void MakeSequence(int first, int count)
    {
        int end = first + count;
        int i = first;
        while (i < end)
        {
            int length = Lengths[i];
            int run = 1;
            while (i + run < end && Lengths[i + run] == length)
            {
                run++;
            }

            i += run;
            if (length > 0)
            {
                Add(length, 0);
                run--;
            }

            while (run > 0)
            {
                int part;
                if (run < 3)
                {
                    part = 1;
                    Add(length, 0);
                }
                else if (length > 0)
                {
                    part = run < 6 ? run : 6;
                    Add(16, part - 3);
                }
                else if (run < 11)
                {
                    part = run;
                    Add(17, part - 3);
                }
                else
                {
                    part = run < 138 ? run : 138;
                    Add(18, part - 11);
                }

                run -= part;
            }
        }
    }

    private void Add(int symbol, int extra)
    {
        Sequence[SequenceCount++] = (ushort)(symbol | (extra << 5));
        Frequencies[LengthBase + symbol]++;
    }

    /// <summary>Makes the canonical code of some symbols, none longer than <paramref name="maxBits"/>. At least two symbols get one, so that it is complete.</summary>
    private void MakeCode(int first, int count, int maxBits)
    {
        int used = 0;
        for (int i = 0; i < count; i++)
        {
            Lengths[first + i] = 0;
            if (Frequencies[first + i] > 0)
            {
                _weights[used++] = (Frequencies[first + i] << 9) | i;
            }
        }

        for (int i = 0; used < 2; i++)
        {
            if (Frequencies[first + i] == 0)
            {
                _weights[used++] = i;
            }
        }

        Sort(used);
        for (int i = 0; i < used; i++)
        {
            _symbols[i] = (ushort)(_weights[i] & 511);
            _weights[i] >>= 9;
        }

        FindLengths(used);
        LimitLengths(used, maxBits);
        int symbol = 0;
        for (int bits = maxBits; bits > 0; bits--)
        {
            for (int left = _counts[bits]; left > 0; left--)
            {
                Lengths[first + _symbols[symbol++]] = (byte)bits;
            }
        }

        int code = 0;
        for (int bits = 1; bits <= maxBits; bits++)
        {
            _next[bits] = code;
            code = (code + _counts[bits]) << 1;
        }

        for (int i = first; i < first + count; i++)
        {
            int bits = Lengths[i];
            if (bits > 0)
            {
                code = _next[bits]++;
                int reversed = 0;
                for (; bits > 0; bits--)
                {
                    reversed = (reversed << 1) | (code & 1);
                    code >>= 1;
                }

                Codes[i] = (ushort)reversed;
            }
        }
    }

    /// <summary>Sorts the weights, smallest first (Shell's sort).</summary>
    private void Sort(int count)
    {
        int[] weights = _weights;
        for (int gap = count > 40 ? 40 : 4; gap > 0; gap = gap == 40 ? 13 : gap == 13 ? 4 : gap == 4 ? 1 : 0)
        {
            for (int i = gap; i < count; i++)
            {
                int weight = weights[i];
                int at = i;
                while (at >= gap && weights[at - gap] > weight)
                {
                    weights[at] = weights[at - gap];
                    at -= gap;
                }

                weights[at] = weight;
            }
        }
    }

    /// <summary>Turns sorted weights into code lengths in place (Moffat and Katajainen, "In-Place Calculation of Minimum-Redundancy Codes", 1995).</summary>
    private void FindLengths(int count)
    {
        int[] a = _weights;
        int root = 0;
        int leaf = 0;
        for (int next = 0; next < count - 1; next++)
        {
            // The two smallest of the leaves and the inner nodes that have no parent yet.
            int weight = 0;
            for (int child = 0; child < 2; child++)
            {
                if (leaf >= count || (root < next && a[root] < a[leaf]))
                {
                    weight += a[root];
                    a[root++] = next;
                }
                else
                {
                    weight += a[leaf++];
                }
            }

            a[next] = weight;
        }

        // Each inner node holds its parent: from the last, the root of the tree, on, its depth.
        a[count - 2] = 0;
        for (int next = count - 3; next >= 0; next--)
        {
            a[next] = a[a[next]] + 1;
        }

        int free = 1;
        int depth = 0;
        int inner = count - 2;
        int at = count - 1;
        while (free > 0)
        {
            int used = 0;
            while (inner >= 0 && a[inner] == depth)
            {
                used++;
                inner--;
            }

            for (; free > used; free--)
            {
                a[at--] = depth;
            }

            free = 2 * used;
            depth++;
        }
    }

    /// <summary>Counts the lengths, those above the limit as the limit, and then lengthens others until the code fits (Kraft's inequality).</summary>
    private void LimitLengths(int count, int maxBits)
    {
        int[] counts = _counts;
        for (int bits = 0; bits <= MaxBits; bits++)
        {
            counts[bits] = 0;
        }

        int space = 0;
        for (int i = 0; i < count; i++)
        {
            int bits = _weights[i] < maxBits ? _weights[i] : maxBits;
            counts[bits]++;
            space += 1 << (maxBits - bits);
        }

        for (; space > 1 << maxBits; space--)
        {
            int bits = maxBits - 1;
            while (counts[bits] == 0)
            {
                bits--;
            }

            counts[maxBits]--;
            counts[bits]--;
            counts[bits + 1] += 2;
        }
    }
}
