using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using Ws.Micro.Benchmarks.Measuring;

namespace Ws.Micro.Benchmarks.Servers;

/// <summary>What a server holds for a connection that has nothing to say.</summary>
internal static class IdleFigures
{
    private const int Rounds = 3;

    public static void Run(Report report)
    {
        report.Begin("Memory of an idle connection");
        report.Say(
            $"Growth of resident memory for each of so many connections, held after one message each way, medians of {Rounds} rounds in turns: as it stands 2 s later, and after all "
            + "garbage was collected. The ratio is of what stands. 'Holds' is the usual way, a receive buffer of 4 KB for each connection; 'rents' first waits with an empty buffer and then takes one from the pool.");
        Traffic plain = Traffic.Binary(Deflate.Readings.Size);
        Table(report, "10,000 connections", 10_000, plain,
        [
            new("Kestrel + System.Net.WebSockets, holds", new(ServerKind.Kestrel), 0),
            new("Kestrel + System.Net.WebSockets, rents", new(ServerKind.Kestrel, HoldsBuffer: false), 0),
            new("our listener, holds", new(ServerKind.Listener), 0),
            new("our listener, rents", new(ServerKind.Listener, HoldsBuffer: false), 0.25),
            new("our drop-in, holds", new(ServerKind.DropIn), 0),
            new("our drop-in, rents", new(ServerKind.DropIn, HoldsBuffer: false), 0.65),
            new("our drop-in on our sockets, holds", new(ServerKind.DropIn, Sockets: KestrelSockets.Micro), 0),
            new("our drop-in on our sockets, rents", new(ServerKind.DropIn, HoldsBuffer: false, Sockets: KestrelSockets.Micro), 0.65),
            new("ws", new(ServerKind.Node), 0),
        ]);
        Table(report, "2,000 connections, deflated with takeover, windows of 9 bits", 2000, Traffic.Deflated(9),
        [
            new("Kestrel + System.Net.WebSockets, holds", new(ServerKind.Kestrel, 9), 0),
            new("our listener, rents", new(ServerKind.Listener, 9, HoldsBuffer: false), 0.06),
            new("our drop-in, rents", new(ServerKind.DropIn, 9, HoldsBuffer: false), 0.1),
            new("our drop-in on our sockets, rents", new(ServerKind.DropIn, 9, HoldsBuffer: false, Sockets: KestrelSockets.Micro), 0.1),
            new("ws", new(ServerKind.Node, 9), 0),
        ]);
    }

    // The first contender is the peer that the goals speak of.
    private static void Table(Report report, string what, int connections, Traffic traffic, Contender[] contenders)
    {
        List<double>[] resident = [.. contenders.Select(_ => new List<double>())];
        List<double>[] collected = [.. contenders.Select(_ => new List<double>())];
        for (int round = 0; round < Rounds; round++)
        {
            for (int i = 0; i < contenders.Length; i++)
            {
                (double asItStands, double afterwards) = Measure(contenders[i].Settings, connections, traffic);
                resident[i].Add(asItStands);
                collected[i].Add(afterwards);
            }
        }

        double peer = new Sample(resident[0]).Median;
        report.Table(what, "B a connection", "after collecting", "to the first", "goal", "reached");
        for (int i = 0; i < contenders.Length; i++)
        {
            double median = new Sample(resident[i]).Median;
            report.Row([contenders[i].Name, $"{median:N0}", $"{new Sample(collected[i]).Median:N0}", .. contenders[i].Verdict(median / peer)]);
        }

        report.End();
    }

    private static (double Resident, double Collected) Measure(EchoServerSettings settings, int connections, Traffic traffic)
    {
        using ServerProcess server = ServerProcess.Start(settings);
        using (Load warmUp = Load.Open(server.EndPoint, traffic, 200))
        {
            // Enough for code to be compiled as it will stay.
            warmUp.Exchange(20);
        }

        Thread.Sleep(TimeSpan.FromSeconds(1));
        server.Collect();
        long before = server.Resident;
        using Load held = Load.Open(server.EndPoint, traffic, connections);
        held.Exchange(1);
        Thread.Sleep(TimeSpan.FromSeconds(2));
        long after = server.Resident;
        server.Collect();
        return ((double)(after - before) / connections, (double)(server.Resident - before) / connections);
    }
}
