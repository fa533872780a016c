using System;
using System.IO;
using System.IO.Compression;
using Ws.Micro.Benchmarks.Measuring;
using Ws.Micro.Deflate;

namespace Ws.Micro.Benchmarks.Deflate;

/// <summary>Inflating a long text, against .NET's DeflateStream, which is zlib-ng.</summary>
internal static class ThroughputFigures
{
    private const int Size = 1 << 20, WarmUp = 100, Rounds = 200;
    private const double Goal = 0.7;

    public static void Run(Report report)
    {
        report.Begin("Inflating 1 MB of JSON");
        report.Say(
            $"Deflated by zlib-ng (`CompressionLevel.Optimal`), window of 15 bits; into a buffer of its own. Medians of {Rounds} rounds in turns, in brackets the half of the "
            + "distance between the quartiles.");
        report.Table("text", "deflated", "zlib-ng by DeflateStream", "ours, table of 2^9", "of 2^10", "ours (2^9) to zlib-ng's", "goal", "reached");
        foreach ((string name, byte[] text) in new[] { ("readings", Texts.Readings(Size)), ("records", Texts.Records(Size)) })
        {
            byte[] deflated = Deflated(text);
            Sample[] times = CpuTime.Compare(WarmUp, Rounds, Zlib(deflated), Ours(deflated, 9), Ours(deflated, 10));
            double ratio = times[0].Median / times[1].Median;
            report.Row(
                [name, $"{deflated.Length:N0} B", .. Array.ConvertAll(times, Cell), $"{ratio:F2}", $"at least {Goal:F2}", Report.Reached(ratio >= Goal)]);
        }

        report.End();

        static string Cell(Sample time) => $"{Size / time.Median * 1000:N0} MB/s (±{time.Noise * 100:F0} %)";
    }

    private static byte[] Deflated(byte[] text)
    {
        using MemoryStream stream = new();
        using (DeflateStream deflate = new(stream, CompressionLevel.Optimal, leaveOpen: true))
        {
            deflate.Write(text);
        }

        return stream.ToArray();
    }

    private static Action Zlib(byte[] deflated)
    {
        byte[] output = new byte[Size];
        return () =>
        {
            using DeflateStream inflate = new(new MemoryStream(deflated), CompressionMode.Decompress);
            inflate.ReadExactly(output);
        };
    }

    private static Action Ours(byte[] deflated, int lookupBits)
    {
        byte[] output = new byte[Size];
        return () =>
        {
            Inflater inflater = new(15, lookupBits);
            int at = 0;
            int count = 0;
            do
            {
                if (!inflater.Inflate(deflated, at, deflated.Length - at))
                {
                    throw new InvalidOperationException("The text cannot be inflated.");
                }

                at += inflater.Taken;
                inflater.Window.AsSpan(inflater.OutputOffset, inflater.OutputCount).CopyTo(output.AsSpan(count));
                count += inflater.OutputCount;
            }
            while (at < deflated.Length || inflater.OutputCount > 0);
        };
    }
}
