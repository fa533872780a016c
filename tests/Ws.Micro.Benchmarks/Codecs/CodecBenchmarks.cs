using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using Ws.Micro.Benchmarks.Measuring;

namespace Ws.Micro.Benchmarks.Codecs;

/// <summary>The sub-command 'codecs': mask, UTF-8, inflate and deflate alone, against those inside .NET's own sockets.</summary>
internal static class CodecBenchmarks
{
    public static void Run(Report report)
    {
        report.Say(
            $"Measured by BenchmarkDotNet with .NET {Environment.Version} on {RuntimeInformation.OSArchitecture.ToString().ToLowerInvariant()} with {Environment.ProcessorCount} processors, "
            + "in processor time of the thread; medians, in brackets the half of the distance between the quartiles. The peer is the code within System.Net.WebSockets, called directly. "
            + "'B': bytes allocated for each operation.");
        Table(report, "Masking", ["bytes"], BenchmarkRun.Of<Masks>());
        Table(report, "Checking UTF-8", ["bytes", "all ASCII"], BenchmarkRun.Of<Utf8Texts>());
        Table(report, "Inflating a message, with takeover", ["bytes", "window bits"], BenchmarkRun.Of<Inflations>());
        Table(report, "Deflating a message, with takeover", ["bytes", "window bits"], BenchmarkRun.Of<Deflations>());
    }

    private static void Table(Report report, string heading, string[] parameters, IEnumerable<BenchmarkRun.Result> results)
    {
        report.Begin(heading);
        report.Table([.. parameters, ".NET", "Ws.Micro", "ratio", "B, .NET", "B, Ws.Micro"]);
        foreach (BenchmarkRun.Result result in results)
        {
            report.Row([.. result.Parameters, $"{result.Peer}", $"{result.Ours}", $"{result.Ratio:F2}", $"{result.Peer.Allocated:N0}", $"{result.Ours.Allocated:N0}"]);
        }

        report.End();
    }
}
