using System;
using System.Collections.Generic;
using System.Linq;
using Ws.Micro.Deflate.Tests.Support;

namespace Ws.Micro.Deflate.Tests;

/// <summary>Random and damaged streams: never a throw or a loop, zlib's verdict, and zlib's output up to the fault.</summary>
public sealed class InflaterHostileTests
{
    private const int Streams = 1500;

    [Theory]
    [MemberData(nameof(WindowBits))]
    public void Random_bytes(int windowBits)
    {
        Zlib.Require();
        Random random = new(windowBits);
        for (int i = 0; i < Streams; i++)
        {
            byte[] stream = new byte[random.Next(1, 300)];
            random.NextBytes(stream);

            // Each block type in turn; what is left to chance alone seldom gets through a header.
            stream[0] = (byte)((stream[0] & ~6) | ((i % 3) << 1));
            AssertAsZlib(stream, windowBits, random);
        }
    }

    [Theory]
    [MemberData(nameof(WindowBits))]
    public void Damaged_streams(int windowBits)
    {
        Zlib.Require();
        Random random = new(windowBits);
        int invalid = 0;
        for (int i = 0; i < Streams; i++)
        {
            string kind = Samples.Kinds[random.Next(Samples.Kinds.Length)];
            byte[] stream = [.. Zlib.Deflate(
                [.. Enumerable.Range(0, 3).Select(_ => Samples.Make(kind, random.Next(1, 900), random))],
                random.Next(9, 16), random.Next(Zlib.SyncFlush, Zlib.Finish + 1), random.Next(0, 10), random.Next(1, 10),
                random.Next(Zlib.DefaultStrategy, Zlib.Fixed + 1)).SelectMany(message => message)];
            for (int damages = random.Next(0, 4); damages > 0; damages--)
            {
                int at = random.Next(stream.Length);
                stream = random.Next(4) switch
                {
                    0 => [.. stream[..at], (byte)random.Next(256), .. stream[(at + 1)..]],
                    1 => [.. stream[..at], (byte)(stream[at] ^ (1 << random.Next(8))), .. stream[(at + 1)..]],
                    2 => [.. stream[..at], .. stream[(at + 1)..], 0],
                    _ => [.. stream[..at], (byte)random.Next(256), .. stream[at..]],
                };
            }

            invalid += AssertAsZlib(stream, windowBits, random) ? 0 : 1;
        }

        Assert.InRange(invalid, Streams / 10, Streams * 9 / 10);
    }

    public static IEnumerable<TheoryDataRow<int>> WindowBits() =>
        Enumerable.Range(Inflater.MinWindowBits, Inflater.MaxWindowBits - Inflater.MinWindowBits + 1).Select(bits => new TheoryDataRow<int>(bits));

    private static bool AssertAsZlib(byte[] stream, int windowBits, Random random)
    {
        bool expected = InflateWithZlib(stream, windowBits, out byte[] expectedOutput);
        foreach (int lookupBits in (ReadOnlySpan<int>)[0, 9])
        {
            foreach (Func<int, int> piece in (ReadOnlySpan<Func<int, int>>)[Inflating.Whole, Inflating.Bytes, Inflating.Pieces(random, 20)])
            {
                bool valid = Inflating.Inflate(stream, windowBits, lookupBits, piece, out byte[] output, out _);
                if (valid != expected && !valid)
                {
                    // zlib reads lengths with a code that has no codes, and finds the fault later.
                    expected = InflateWithZlib([.. stream, .. new byte[100]], windowBits, out expectedOutput);
                }

                Assert.True(valid == expected, $"{valid}, zlib: {expected}: {Convert.ToHexString(stream)}");
                Assert.True(output.AsSpan().SequenceEqual(expectedOutput), $"differs from zlib's output: {Convert.ToHexString(stream)}");
            }
        }

        return expected;
    }

    private static bool InflateWithZlib(byte[] stream, int windowBits, out byte[] output) =>
        Zlib.InflateOn(stream, windowBits, out output) != ZlibVerdict.Invalid;
}
