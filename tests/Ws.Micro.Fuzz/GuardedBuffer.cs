using System;

namespace Ws.Micro.Fuzz;

/// <summary>A buffer with guard bytes around what is in it. Allocates nothing after construction.</summary>
internal sealed class GuardedBuffer
{
    /// <summary>Where the content begins.</summary>
    public const int Start = 16;

    private readonly byte _guard;
    private readonly byte[] _expected;

    /// <param name="capacity">The longest content, in bytes.</param>
    /// <param name="guard">The guard byte: results that change with it show a read outside the content.</param>
    public GuardedBuffer(int capacity, byte guard)
    {
        _guard = guard;
        Bytes = new byte[capacity + (2 * Start)];
        _expected = new byte[Bytes.Length];
    }

    public byte[] Bytes { get; }

    /// <summary>Where the content ends.</summary>
    public int End { get; private set; }

    /// <summary>Puts new content between guard bytes.</summary>
    public void Load(ReadOnlySpan<byte> content)
    {
        Bytes.AsSpan().Fill(_guard);
        content.CopyTo(Bytes.AsSpan(Start));
        End = Start + content.Length;
        Bytes.CopyTo(_expected, 0);
    }

    /// <summary>Throws where a byte outside a range has changed since the last call, or since <see cref="Load"/>.</summary>
    public void CheckUnchangedOutside(int from, int to)
    {
        bool unchanged = Bytes.AsSpan(0, from).SequenceEqual(_expected.AsSpan(0, from)) && Bytes.AsSpan(to).SequenceEqual(_expected.AsSpan(to));
        Violation.Unless(unchanged, "a byte outside the part of the buffer that was given or taken has changed");
        Bytes.AsSpan(from, to - from).CopyTo(_expected.AsSpan(from));
    }
}
