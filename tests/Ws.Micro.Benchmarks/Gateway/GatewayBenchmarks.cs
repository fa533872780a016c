using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;
using Ws.Micro.Benchmarks.Bridge;

namespace Ws.Micro.Benchmarks.Gateway;

/// <summary>
/// Readings through the gateway, each on disk before it is acknowledged, beside the same messages published straight to its broker. Both are
/// measured to the moment a QoS 1 subscriber has the last.
/// </summary>
internal static class GatewayBenchmarks
{
    private const int Clients = 50;
    private const int Window = 20;
    private const int Rounds = 5;
    private const int Messages = 40_000;
    private const int MaxMemory = 120;
    private const double MinRatio = 0.5;

    /// <summary>Measures and reports.</summary>
    public static void Run(Report report)
    {
        MeasureThroughputAsync(report).GetAwaiter().GetResult();
        CrowdFigures.RunAsync(report).GetAwaiter().GetResult();
    }

    private static async Task MeasureThroughputAsync(Report report)
    {
        using Peer mosquitto = await Peer.StartMosquittoAsync();
        using Peer gateway = await Peer.StartGatewayAsync(mosquitto.Url);
        using WindowLoad load = new(mosquitto.Url);
        List<int> publishers = [];
        List<int> sensors = [];
        for (int i = 0; i < Clients; i++)
        {
            publishers.Add(load.Add(LoadPublisher.Open(mosquitto.Url, $"publisher-{i}", $"sensors/sensor-{i}/telemetry")));
            sensors.Add(load.Add(LoadSensor.Open(gateway.Url, $"sensor-{i}", isTelemetry: true)));
        }

        double Straight() => load.Run(publishers, Messages / Clients, Window);
        double Through() => load.Run(sensors, Messages / Clients, Window);

        Straight();
        Through();
        List<(double Straight, double Through)> rounds = [];
        long cpu = gateway.CpuTime;
        for (int round = 0; round < Rounds; round++)
        {
            rounds.Add((Straight(), Through()));
        }

        cpu = gateway.CpuTime - cpu;
        double ratio = Median(rounds.Select(static round => round.Through / round.Straight));
        double memory = gateway.PeakResident / (1024.0 * 1024);
        report.Begin("Throughput, each reading on disk");
        report.Say(
            $"{Clients} clients, {Window} messages of {WindowLoad.ReadingSize} bytes under way each, {Messages:N0} messages a round, {Rounds} rounds in turn, the median; one QoS 1 subscriber on mosquitto's websockets listener hears all. Clients and subscriber are one thread.");
        report.Table("", "messages a second");
        report.Row("published straight to mosquitto", $"{Median(rounds.Select(static round => round.Straight)):N0}");
        report.Row("through the gateway, acknowledged when on disk", $"{Median(rounds.Select(static round => round.Through)):N0}");
        report.End();
        report.Table("", "measured", "goal", "reached");
        report.Row("through the gateway / straight", $"{ratio:0.00}", $"{MinRatio:0.00}", Report.Reached(ratio >= MinRatio));
        report.Row("gateway's peak resident memory", $"{memory:0} MB", $"{MaxMemory} MB", Report.Reached(memory <= MaxMemory));
        report.Row("gateway's processor time for a reading", $"{cpu / 1000.0 / Rounds / Messages:0.0} µs", "", "");
        report.End();
    }

    private static double Median(IEnumerable<double> values) => values.Order().ElementAt(Rounds / 2);
}
