using System;
using System.IO;

namespace Ws.Micro.Deflate.Tests.Support;

/// <summary>Runs an <see cref="Inflater"/> and holds each call to what it promises.</summary>
internal static class Inflating
{
    /// <summary>Feeds all bytes, in pieces, and returns the last verdict.</summary>
    /// <param name="inflater">Goes on from its state.</param>
    /// <param name="input">The stream, or a part of it.</param>
    /// <param name="output">Gets what comes out, a failing call's output too.</param>
    /// <param name="piece">The size of the next piece, given how many bytes are left.</param>
    public static bool Feed(this Inflater inflater, ReadOnlySpan<byte> input, Stream output, Func<int, int> piece)
    {
        while (input.Length > 0)
        {
            // In an array of its own length, so that reading beyond it throws.
            byte[] part = input[..Math.Clamp(piece(input.Length), 1, input.Length)].ToArray();
            input = input[part.Length..];
            int at = 0;
            do
            {
                bool valid = inflater.Inflate(part, at, part.Length - at);
                Assert.InRange(inflater.Taken, 0, part.Length - at);
                at += inflater.Taken;
                output.Write(inflater.Window, inflater.OutputOffset, inflater.OutputCount);
                if (!valid)
                {
                    return false;
                }

                bool wrap = inflater.OutputOffset + inflater.OutputCount == inflater.Window.Length;
                Assert.True(at == part.Length || (wrap && inflater.OutputCount > 0), "stopped before the input's end and the window's");
            }
            while (at < part.Length || inflater.OutputCount > 0);
        }

        return true;
    }

    /// <summary>Inflates a stream from its beginning, and says whether it is valid so far.</summary>
    public static bool Inflate(byte[] input, int windowBits, int lookupBits, Func<int, int> piece, out byte[] output, out bool atBoundary)
    {
        Inflater inflater = new(windowBits, lookupBits);
        using MemoryStream all = new();
        bool valid = inflater.Feed(input, all, piece);
        output = all.ToArray();
        atBoundary = inflater.AtBoundary;
        return valid;
    }

    public static Func<int, int> Whole => static left => left;

    public static Func<int, int> Bytes => static _ => 1;

    /// <summary>Pieces of 1 to <paramref name="most"/> bytes.</summary>
    public static Func<int, int> Pieces(Random random, int most) => _ => random.Next(1, most + 1);
}
