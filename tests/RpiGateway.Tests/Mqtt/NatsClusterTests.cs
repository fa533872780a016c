using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using MQTTnet.Formatter;

namespace RpiGateway.Tests;

/// <summary>A NATS cluster of three behind the gateway: MQTT 3.1.1 over WebSocket, kept in JetStream.</summary>
public sealed class NatsClusterTests(ITestOutputHelper output)
{
    [Fact]
    public async Task KilledNodeUnderLoadLosesNothing()
    {
        const int Sensors = 5;
        const int BeforeTheKill = 300;
        const int After = 300;
        await using NatsCluster cluster = await NatsCluster.StartAsync();
        await using TestGateway gateway = await TestGateway.StartAsync(brokers: new BrokerSettings { Urls = cluster.Urls });
        await using Subscriber subscriber = await AttachAsync(cluster.Urls[2]);
        List<ResendingSensor> sensors = [.. Enumerable.Range(0, Sensors).Select(i => new ResendingSensor($"s{i}", gateway.Address, TimeSpan.FromMilliseconds(10)))];
        sensors.ForEach(static sensor => sensor.Start());
        HashSet<(string Topic, string Reading)> heard = [];
        int repeats = 0;

        // The gateway is attached to the first address.
        await HearAsync(BeforeTheKill);
        await cluster.KillAsync(0);
        await HearAsync(heard.Count + After);
        await Task.WhenAll(sensors.ConvertAll(static sensor => sensor.FinishAsync()));
        await HearAsync((int)sensors.Sum(static sensor => sensor.Acknowledged));

        Assert.All(sensors, static sensor => Assert.Null(sensor.Wrong));
        Assert.All(sensors, sensor => Assert.All(
            Enumerable.Range(1, (int)sensor.Acknowledged), reading => Assert.Contains(($"sensors/{sensor.Id}/telemetry", $"{reading}"), heard)));
        output.WriteLine($"{heard.Count} readings acknowledged and heard, {repeats} more than once");

        async Task HearAsync(int count)
        {
            while (heard.Count < count)
            {
                Subscriber.Heard next = await subscriber.NextHeardAsync();
                repeats += heard.Add((next.Topic, next.Text)) ? 0 : 1;
            }
        }
    }

    // A cluster that has just come together has no leader for a moment, and refuses.
    private static async Task<Subscriber> AttachAsync(Uri node)
    {
        using CancellationTokenSource deadline = new(Deadline.Limit);
        while (true)
        {
            try
            {
                return await Subscriber.AttachAsync(node, version: MqttProtocolVersion.V311, session: "observer");
            }
            catch (Exception error) when (error is not TimeoutException && !deadline.IsCancellationRequested)
            {
                await Task.Delay(200);
            }
        }
    }
}
