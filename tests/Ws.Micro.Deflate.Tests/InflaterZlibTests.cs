using System;
using System.IO;
using System.IO.Compression;
using System.Linq;
using Ws.Micro.Deflate.Tests.Support;

namespace Ws.Micro.Deflate.Tests;

/// <summary>What zlib, and .NET's own, deflate is inflated: all windows, levels, strategies and flushes, in pieces of any size.</summary>
public sealed class InflaterZlibTests
{
    public static TheoryData<int, int> WindowsAndLookups()
    {
        TheoryData<int, int> rows = [];
        for (int bits = 9; bits <= Inflater.MaxWindowBits; bits++)
        {
            rows.Add(bits, 0);
            rows.Add(bits, 9);
        }

        return rows;
    }

    [Theory]
    [MemberData(nameof(WindowsAndLookups))]
    public void Messages_of_zlib_are_inflated(int windowBits, int lookupBits)
    {
        Zlib.Require();
        Random random = new(windowBits);
        foreach (string kind in Samples.Kinds)
        {
            foreach (int strategy in (ReadOnlySpan<int>)[Zlib.DefaultStrategy, Zlib.Filtered, Zlib.HuffmanOnly, Zlib.Rle, Zlib.Fixed])
            {
                foreach (int flush in (ReadOnlySpan<int>)[Zlib.SyncFlush, Zlib.FullFlush, Zlib.Finish])
                {
                    byte[][] messages = Samples.Messages(kind, random);
                    byte[][] deflated = Zlib.Deflate(messages, windowBits, flush, random.Next(0, 10), random.Next(1, 10), strategy);
                    foreach (Func<int, int> piece in (ReadOnlySpan<Func<int, int>>)[Inflating.Whole, Inflating.Bytes, Inflating.Pieces(random, 40)])
                    {
                        AssertInflated(new Inflater(windowBits, lookupBits), messages, deflated, piece);
                    }
                }
            }
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    [InlineData(8)]
    [InlineData(10)]
    public void A_wider_window_inflates_what_a_smaller_one_deflated(int lookupBits)
    {
        Zlib.Require();
        Random random = new(lookupBits);
        for (int bits = 9; bits <= Inflater.MaxWindowBits; bits++)
        {
            byte[][] messages = Samples.Messages("json", random);
            byte[][] deflated = Zlib.Deflate(messages, bits, Zlib.SyncFlush);
            for (int wider = bits; wider <= Inflater.MaxWindowBits; wider++)
            {
                AssertInflated(new Inflater(wider, lookupBits), messages, deflated, Inflating.Pieces(random, 1000));
            }
        }
    }

    [Theory]
    [InlineData(CompressionLevel.Optimal)]
    [InlineData(CompressionLevel.Fastest)]
    [InlineData(CompressionLevel.NoCompression)]
    [InlineData(CompressionLevel.SmallestSize)]
    public void Streams_of_DotNet_are_inflated(CompressionLevel level)
    {
        Random random = new((int)level);
        foreach (string kind in Samples.Kinds)
        {
            byte[][] messages = Samples.Messages(kind, random);
            using MemoryStream all = new();
            using DeflateStream deflate = new(all, level);
            byte[][] deflated = [.. messages.Select(message =>
            {
                all.SetLength(0);
                deflate.Write(message);
                deflate.Flush();
                return all.ToArray();
            })];
            foreach (int lookupBits in (ReadOnlySpan<int>)[0, 9])
            {
                AssertInflated(new Inflater(15, lookupBits), messages, deflated, Inflating.Whole);
                AssertInflated(new Inflater(15, lookupBits), messages, deflated, Inflating.Pieces(random, 30));
            }

            // ZLibStream's data stands between a header of 2 bytes and a checksum of 4.
            using MemoryStream framed = new();
            using (ZLibStream zlib = new(framed, level, leaveOpen: true))
            {
                zlib.Write(messages[3]);
            }

            byte[] raw = framed.ToArray()[2..^4];
            AssertInflated(new Inflater(15, 9), [messages[3]], [raw], Inflating.Pieces(random, 30));
        }
    }

    private static void AssertInflated(Inflater inflater, byte[][] messages, byte[][] deflated, Func<int, int> piece)
    {
        using MemoryStream output = new();
        for (int i = 0; i < messages.Length; i++)
        {
            output.SetLength(0);
            Assert.True(inflater.Feed(deflated[i], output, piece));
            Assert.True(output.GetBuffer().AsSpan(0, (int)output.Length).SequenceEqual(messages[i]), "inflated to something else");
            Assert.True(inflater.AtBoundary);
        }
    }
}
