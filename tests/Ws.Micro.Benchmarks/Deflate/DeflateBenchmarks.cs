using System;
using System.Runtime.InteropServices;
using Ws.Micro.Testing;

namespace Ws.Micro.Benchmarks.Deflate;

/// <summary>The sub-command 'deflate': what permessage-deflate costs and gives.</summary>
internal static class DeflateBenchmarks
{
    public static void Run(Report report)
    {
        report.Say(
            $"Measured with .NET {Environment.Version} on {RuntimeInformation.OSArchitecture.ToString().ToLowerInvariant()} with {Environment.ProcessorCount} processors, "
            + $"zlib {Zlib.Version}.");
        MemoryFigures.Run(report);
        TelemetryFigures.Run(report);
        TextFigures.Run(report);
        MessageFigures.Run(report);
        ThroughputFigures.Run(report);
    }
}
