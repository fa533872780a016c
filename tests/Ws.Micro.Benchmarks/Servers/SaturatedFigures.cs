using System.Collections.Generic;
using System.Linq;
using Ws.Micro.Benchmarks.Measuring;

namespace Ws.Micro.Benchmarks.Servers;

/// <summary>What a server gives and takes when there is always something to do.</summary>
internal static class SaturatedFigures
{
    private const int Rounds = 7;
    private const double Seconds = 1;

    public static void RunDeflated(Report report)
    {
        report.Begin("Deflated echo of 150 B, 64 connections with 16 messages on their way");
        report.Say($"With context takeover, JSON readings of one device. Medians of {Rounds} rounds of {Seconds:F0} s, all servers in turns.");
        foreach (int bits in new[] { 9, 15 })
        {
            CpuTable(report, $"windows of {bits} bits", Traffic.Deflated(bits), 64, 16,
            [
                new("Kestrel + System.Net.WebSockets", new(ServerKind.Kestrel, bits), 0),
                new("our listener", new(ServerKind.Listener, bits), 0.8),
                new("our drop-in", new(ServerKind.DropIn, bits), 0.8),
                new("our drop-in on our sockets", new(ServerKind.DropIn, bits, Sockets: KestrelSockets.Micro), 0.8),
                new("ws", new(ServerKind.Node, bits), 0),
            ]);
        }
    }

    public static void RunLarge(Report report)
    {
        report.Begin("Echo of 64 KB, 8 connections with 4 messages on their way");
        report.Say($"Binary, not deflated. MB/s is what came back, which shares the processors with the load and whatever else runs; processor time does not. Medians of {Rounds} rounds of {Seconds:F0} s, all servers in turns.");
        Traffic traffic = Traffic.Binary(64 * 1024);
        Contender[] contenders =
        [
            new("Kestrel + System.Net.WebSockets", new(ServerKind.Kestrel, BufferSize: 64 * 1024), 0),
            new("our listener", new(ServerKind.Listener, BufferSize: 64 * 1024), -2),
            new("our drop-in", new(ServerKind.DropIn, BufferSize: 64 * 1024), -1.2),
            new("our drop-in on our sockets", new(ServerKind.DropIn, BufferSize: 64 * 1024, Sockets: KestrelSockets.Micro), -1.2),
            new("ws", new(ServerKind.Node), 0),
        ];
        using Contest contest = new(contenders, traffic, 8);
        contest.WarmUp(load => load.Saturate(4, 2));
        List<double>[] rates = [.. contenders.Select(_ => new List<double>())];
        Sample[] costs = contest.Run(Rounds, (i, load) =>
        {
            (long messages, double seconds) = load.Saturate(4, Seconds);
            rates[i].Add(messages * (double)traffic.MessageSize / seconds / 1e6);
            return messages;
        });

        report.Table("server", "MB/s", "CPU a message", "throughput to the first", "goal", "reached");
        for (int i = 0; i < contenders.Length; i++)
        {
            Sample rate = new(rates[i]);
            report.Row([contenders[i].Name, $"{rate.Median:N0} (±{rate.Noise * 100:F0} %)", Contest.Cell(costs[i]), .. contenders[i].Verdict(rate.Median / new Sample(rates[0]).Median)]);
        }

        report.End();
    }

    private static void CpuTable(Report report, string what, Traffic traffic, int connections, int inFlight, Contender[] contenders)
    {
        using Contest contest = new(contenders, traffic, connections);
        contest.WarmUp(load => load.Saturate(inFlight, 3));
        List<double>[] rates = [.. contenders.Select(_ => new List<double>())];
        Sample[] costs = contest.Run(Rounds, (i, load) =>
        {
            (long messages, double seconds) = load.Saturate(inFlight, Seconds);
            rates[i].Add(messages / seconds);
            return messages;
        });

        report.Table(what, "messages a second", "CPU a message", "to the first", "goal", "reached");
        for (int i = 0; i < contenders.Length; i++)
        {
            report.Row([contenders[i].Name, $"{new Sample(rates[i]).Median:N0}", Contest.Cell(costs[i]), .. contenders[i].Verdict(costs[i].Median / costs[0].Median)]);
        }

        report.End();
    }
}
