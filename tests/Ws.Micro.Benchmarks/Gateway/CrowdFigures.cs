using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Threading.Tasks;

namespace Ws.Micro.Benchmarks.Gateway;

/// <summary>Many sensors that are connected and say nothing, and many of them that come back at once.</summary>
internal static class CrowdFigures
{
    private const int Sensors = 5000;
    private const int Returning = 1000;

    // Connecting at a time, while the crowd gathers.
    private const int Step = 100;

    private static readonly byte[] Reading = "{\"t\":21.5}"u8.ToArray();

    /// <summary>Measures and reports.</summary>
    public static async Task RunAsync(Report report)
    {
        using Peer mosquitto = await Peer.StartMosquittoAsync();
        using Peer gateway = await Peer.StartGatewayAsync(mosquitto.Url);
        List<LeanSensor> sensors = [.. await ConnectAsync(gateway.Url, 0, Step)];
        long before = gateway.Resident;
        while (sensors.Count < Sensors)
        {
            sensors.AddRange(await ConnectAsync(gateway.Url, sensors.Count, Step));
        }

        long each = (gateway.Resident - before) / (Sensors - Step);
        sensors.GetRange(0, Returning).ForEach(static sensor => sensor.Dispose());
        long started = Stopwatch.GetTimestamp();
        LeanSensor[] returned = await ConnectAsync(gateway.Url, 0, Returning);
        TimeSpan time = Stopwatch.GetElapsedTime(started);

        report.Begin("A crowd of sensors");
        report.Table("", "measured");
        report.Row($"memory of an idle sensor in the gateway, {Sensors:N0} connected", $"{each:N0} B");
        report.Row("the gateway's resident memory then", $"{gateway.Resident / (1024.0 * 1024):0} MB");
        report.Row($"{Returning:N0} of them lost at a blow and back at once, until each has a reading acknowledged", $"{time.TotalSeconds:0.0} s");
        report.End();
        foreach (LeanSensor sensor in sensors.Skip(Returning).Concat(returned))
        {
            sensor.Dispose();
        }
    }

    // Each has a reading acknowledged before it falls silent, over its first connection or its next.
    private static Task<LeanSensor[]> ConnectAsync(Uri gateway, int from, int count) => Task.WhenAll(Enumerable.Range(from, count).Select(async i =>
    {
        LeanSensor sensor = await LeanSensor.ConnectAsync(gateway, $"sensor-{i}", boot: 77);
        await sensor.SendAsync(Reading, 1, 1);
        return sensor;
    }));
}
