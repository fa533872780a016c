using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.InteropServices;
using System.Threading.Tasks;
using Ws.Micro.Benchmarks.Gateway;
using Ws.Micro.Benchmarks.Measuring;
using Ws.Micro.Benchmarks.Servers;

namespace Ws.Micro.Benchmarks.Bridge;

/// <summary>The sub-command 'bridge': what a reading costs on its way from a sensor to mosquitto.</summary>
internal static class BridgeBenchmarks
{
    private const int Rounds = 5;
    private const double Seconds = 3;

    // What stands in front of the broker. A telemetry sensor's readings are acknowledged.
    private static readonly (string Name, Func<Uri, Task<Peer>> Start, bool IsTelemetry, bool HasGoal)[] Bridges =
    [
        ("Kestrel + MQTTnet", broker => Peer.StartBridgePeerAsync(broker, isInline: false), false, false),
        ("the gateway, not durable", broker => Peer.StartGatewayAsync(broker, "--Log:Durability", "none"), false, true),
        ("the gateway, not durable, acknowledging", broker => Peer.StartGatewayAsync(broker, "--Log:Durability", "none"), true, true),
        ("the gateway, on disk, acknowledging", broker => Peer.StartGatewayAsync(broker), true, false),
        ("Kestrel + MQTTnet, inline", broker => Peer.StartBridgePeerAsync(broker, isInline: true), false, false),
    ];

    // Readings a second, from so many sensors, and what the ratio to the first may be at most.
    private static readonly Dictionary<string, (int Rate, int Sensors, double Goal)> Parts = new()
    {
        ["1000"] = (1000, 100, 0.25),
        ["10000"] = (10_000, 1000, 0.5),
    };

    /// <summary>Names of the parts: the rates.</summary>
    public static IEnumerable<string> PartNames => Parts.Keys;

    /// <summary>All parts, or one.</summary>
    public static void Run(Report report, string? part)
    {
        report.Begin("Processor time of a bridged reading");
        report.Say(
            $"Measured with .NET {Environment.Version} on {RuntimeInformation.OSArchitecture.ToString().ToLowerInvariant()} with {Environment.ProcessorCount} processors. "
            + "Sensors send readings of 150 B over WebSocket at a fixed rate over all of them in turns; the bridge publishes each at QoS 1 to mosquitto's websockets listener; a subscriber there "
            + "hears all, and checks that each arrives as it was sent, and once. Each bridge is a process of its own; load and subscriber are another, one thread over epoll. "
            + $"Medians of {Rounds} rounds of {Seconds:F0} s, all bridges in turns; in brackets the half of the distance between the quartiles. "
            + "Processor time is what the kernel says of the bridge's process, user and system. Latency runs from when a reading was due to when the subscriber has it. "
            + "'Not durable' is `--Log:Durability none`; 'acknowledging': by the telemetry subprotocol, else sensors are plain, as the peer's. "
            + "'Inline' is `UnsafePreferInlineScheduling`, `DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS=1` and `DOTNET_ThreadPool_UnfairSemaphoreSpinLimit=0`.");
        foreach ((_, (int rate, int sensors, double goal)) in Parts.Where(pair => part is null || pair.Key == part))
        {
            MeasureAsync(report, rate, sensors, goal).GetAwaiter().GetResult();
        }
    }

    private static async Task MeasureAsync(Report report, int rate, int sensors, double goal)
    {
        using Peer mosquitto = await Peer.StartMosquittoAsync();
        using SensorLoad load = new(mosquitto.Url);
        List<Peer> bridges = [];
        try
        {
            foreach ((_, Func<Uri, Task<Peer>> start, bool isTelemetry, _) in Bridges)
            {
                bridges.Add(await start(mosquitto.Url));
                load.Connect(bridges[^1].Url, sensors, isTelemetry);
            }

            Measure(report, rate, sensors, goal, load, bridges);
        }
        finally
        {
            bridges.ForEach(static bridge => bridge.Dispose());
        }
    }

    private static void Measure(Report report, int rate, int sensors, double goal, SensorLoad load, List<Peer> bridges)
    {
        // Code is compiled as it will stay, and the gateway has seen that each sensor is heard.
        for (int i = 0; i < bridges.Count; i++)
        {
            load.Pace(i, 2000, 10, null);
        }

        List<double>[] costs = [.. bridges.Select(static _ => new List<double>())];
        List<double>[] latencies = [.. bridges.Select(static _ => new List<double>())];
        for (int round = 0; round < Rounds; round++)
        {
            for (int i = 0; i < bridges.Count; i++)
            {
                long before = bridges[i].CpuTime;
                long readings = load.Pace(i, rate, Seconds, latencies[i]);
                costs[i].Add((bridges[i].CpuTime - before) / 1000.0 / readings);
            }
        }

        report.Table(
            $"{rate:N0} readings a second from {sensors:N0} sensors", "CPU a reading", "latency, 50 %", "99 %", "99.9 %", "resident memory", "to the first", "goal", "reached");
        for (int i = 0; i < bridges.Count; i++)
        {
            Sample cost = new(costs[i]);
            Sample latency = new(latencies[i]);
            double ratio = cost.Median / new Sample(costs[0]).Median;
            bool hasGoal = Bridges[i].HasGoal;
            report.Row(
                Bridges[i].Name, Contest.Cell(cost), $"{latency.At(0.5):N0} µs", $"{latency.At(0.99):N0} µs", $"{latency.At(0.999):N0} µs",
                $"{bridges[i].Resident / (1024.0 * 1024):0} MB", $"{ratio:F2}", hasGoal ? $"at most {goal:F2}" : "", hasGoal ? Report.Reached(ratio <= goal) : "");
        }

        report.End();
    }
}
