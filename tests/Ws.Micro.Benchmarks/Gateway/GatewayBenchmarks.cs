using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Text;
using System.Threading.Tasks;

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

    private static readonly byte[] Reading = Encoding.ASCII.GetBytes(
        """{"id":"attic","boot":77,"seq":1234,"ts":1790000000000,"clock":"sntp","temperature":21.53,"humidity":45.2,"pressure":1013.25,"battery":3.71,"rssi":-61}""");

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
        using LeanMqtt subscriber = await LeanMqtt.ConnectAsync(mosquitto.Url, "subscriber");
        await subscriber.SubscribeAsync("sensors/+/telemetry");
        List<LeanMqtt> publishers = [];
        List<LeanSensor> sensors = [];
        for (int i = 0; i < Clients; i++)
        {
            publishers.Add(await LeanMqtt.ConnectAsync(mosquitto.Url, $"publisher-{i}"));
            sensors.Add(await LeanSensor.ConnectAsync(gateway.Url, $"sensor-{i}", boot: 77));
        }

        Task<double> StraightAsync() => RateAsync(subscriber, i => publishers[i].PublishAsync($"sensors/sensor-{i}/telemetry", Reading, Messages / Clients, Window));
        Task<double> ThroughAsync() => RateAsync(subscriber, i => sensors[i].SendAsync(Reading, Messages / Clients, Window));

        await StraightAsync();
        await ThroughAsync();
        List<(double Straight, double Through)> rounds = [];
        long cpu = gateway.CpuTime;
        for (int round = 0; round < Rounds; round++)
        {
            rounds.Add((await StraightAsync(), await ThroughAsync()));
        }

        cpu = gateway.CpuTime - cpu;
        double ratio = Median(rounds.Select(static round => round.Through / round.Straight));
        double memory = gateway.PeakResident / (1024.0 * 1024);
        report.Begin("Throughput, each reading on disk");
        report.Say(
            $"{Clients} clients, {Window} messages of {Reading.Length} bytes under way each, {Messages:N0} messages a round, {Rounds} rounds in turn, the median; one QoS 1 subscriber on mosquitto's websockets listener hears all.");
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

    private static async Task<double> RateAsync(LeanMqtt subscriber, Func<int, Task> send)
    {
        long started = Stopwatch.GetTimestamp();
        Task heard = subscriber.HearAsync(Messages);
        await Task.WhenAll(Enumerable.Range(0, Clients).Select(i => Task.Run(() => send(i))));
        await heard;
        return Messages / Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    private static double Median(IEnumerable<double> values) => values.Order().ElementAt(Rounds / 2);
}
