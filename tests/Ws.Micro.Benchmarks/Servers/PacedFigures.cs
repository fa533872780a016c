using System;
using System.Collections.Generic;
using System.Linq;
using Ws.Micro.Benchmarks.Measuring;

namespace Ws.Micro.Benchmarks.Servers;

/// <summary>What a message costs a server at the rates of real life, where most of it is waking up.</summary>
internal static class PacedFigures
{
    private const int Connections = 100, Rounds = 5;
    private const double Seconds = 2, DropInGoal = 0.8;

    public static void Run(Report report)
    {
        report.Begin("Processor time of a message, echo of 150 B on 100 connections");
        report.Say(
            $"At a fixed rate over all connections in turns; medians of {Rounds} rounds of {Seconds:F0} s, all servers in turns; in brackets the half of the distance between the quartiles. "
            + "Latency runs from when a message was due to its echo. 'Inline' is `UnsafePreferInlineScheduling` on Kestrel, "
            + "`DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS=1` and `DOTNET_ThreadPool_UnfairSemaphoreSpinLimit=0`.");
        foreach ((int rate, double goal) in new[] { (2000, 0.15), (10_000, 0.3) })
        {
            Table(report, rate,
            [
                new("Kestrel + System.Net.WebSockets", new(ServerKind.Kestrel), 0),
                new("our listener", new(ServerKind.Listener), goal),
                new("our drop-in", new(ServerKind.DropIn), 0),
                new("Kestrel + System.Net.WebSockets, inline", new(ServerKind.Kestrel, Sockets: KestrelSockets.Inline), 0),
                new("our drop-in, inline", new(ServerKind.DropIn, Sockets: KestrelSockets.Inline), 0),
                new("Kestrel + System.Net.WebSockets on our sockets", new(ServerKind.Kestrel, Sockets: KestrelSockets.Micro), 0),
                new("our drop-in on our sockets", new(ServerKind.DropIn, Sockets: KestrelSockets.Micro), 0),
                new("ws", new(ServerKind.Node), 0),
            ]);
        }
    }

    // The drop-in's goal: where nothing wakes threads for either, because that hides what either does.
    private static string ToInline(Contender contender, double ratio) => contender.Settings switch
    {
        { Sockets: KestrelSockets.AsTheyCome } => "",
        { Kind: ServerKind.DropIn } => $"{ratio:F2} (at most {DropInGoal:F2}: {Report.Reached(ratio <= DropInGoal)})",
        _ => $"{ratio:F2}",
    };

    private static void Table(Report report, int rate, Contender[] contenders)
    {
        Traffic traffic = Traffic.Binary(Deflate.Readings.Size);
        using Contest contest = new(contenders, traffic, Connections);
        contest.WarmUp(load => load.Pace(5000, 3, []));
        List<double>[] latencies = [.. contenders.Select(_ => new List<double>())];
        Sample[] costs = contest.Run(Rounds, (i, load) => load.Pace(rate, Seconds, latencies[i]));

        report.Table($"{rate:N0} messages a second", "CPU a message", "latency, 50 %", "99 %", "99.9 %", "to the first", "goal", "reached", "to Kestrel inline");
        int inline = Array.FindIndex(contenders, contender => contender.Settings is { Kind: ServerKind.Kestrel, Sockets: KestrelSockets.Inline });
        for (int i = 0; i < contenders.Length; i++)
        {
            Sample latency = new(latencies[i]);
            report.Row(
            [
                contenders[i].Name, Contest.Cell(costs[i]), $"{latency.At(0.5):N0} µs", $"{latency.At(0.99):N0} µs", $"{latency.At(0.999):N0} µs",
                .. contenders[i].Verdict(costs[i].Median / costs[0].Median),
                ToInline(contenders[i], costs[i].Median / costs[inline].Median),
            ]);
        }

        report.End();
    }
}
