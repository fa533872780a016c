using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.InteropServices;

namespace Ws.Micro.Benchmarks.Servers;

/// <summary>The sub-command 'servers': what a connection and a message cost servers over loopback.</summary>
internal static class ServerBenchmarks
{
    private static readonly Dictionary<string, Action<Report>> Parts = new()
    {
        ["idle"] = IdleFigures.Run,
        ["paced"] = PacedFigures.Run,
        ["deflated"] = SaturatedFigures.RunDeflated,
        ["large"] = SaturatedFigures.RunLarge,
    };

    /// <summary>Names of the parts.</summary>
    public static IEnumerable<string> PartNames => Parts.Keys;

    /// <summary>All parts, or one.</summary>
    public static void Run(Report report, string? part)
    {
        NodePackages.Install();
        report.Say(
            $"Measured with .NET {Environment.Version} on {RuntimeInformation.OSArchitecture.ToString().ToLowerInvariant()} with {Environment.ProcessorCount} processors. "
            + "Each server is a process of its own and sends each message back whole; the load is another process, one thread over epoll, which checks every byte "
            + "that comes back. All .NET servers run the same code for each message, with the workstation's garbage collector, not concurrent; Kestrel's limits are its defaults. "
            + "'On our sockets' is `UseMicroSockets`. "
            + "Processor time is what the kernel says of the server's process, user and system; memory is the growth of its resident memory.");
        foreach ((string name, Action<Report> run) in Parts.Where(pair => part == null || pair.Key == part))
        {
            run(report);
        }
    }
}
