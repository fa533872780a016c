using System;
using System.Linq;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.Extensions.Logging.Abstractions;

namespace RpiGateway.Tests;

/// <summary>When a reading counts as delivered: brokers that acknowledge what they then lose cost nothing.</summary>
public sealed class DeliveryTests
{
    [Fact]
    public async Task ReadingsWaitForASubscriberToComeBack()
    {
        await using Mosquitto mosquitto = await Mosquitto.StartNewAsync();
        await using TestGateway gateway = await TestGateway.StartAsync(mosquitto.Url);
        using TelemetrySensor sensor = await TelemetrySensor.GreetAsync(gateway);
        for (int i = 1; i <= 3; i++)
        {
            await sensor.SendAsync($"R {i} {i}");
        }

        await sensor.AcknowledgedAsync(3);

        // The broker has told the gateway by now that nobody is there.
        await Metrics.ReadUntilAsync(gateway.Address, static metrics => metrics["rpigateway_broker_attached"] == 1);
        await Task.Delay(1500);
        await using Subscriber subscriber = await Subscriber.AttachAsync(mosquitto.Url);

        for (int i = 1; i <= 3; i++)
        {
            Assert.Equal($"{i}", (await subscriber.NextHeardAsync()).Text);
        }
    }

    [Fact]
    public async Task WhatABrokerLosesSoonAfterItsAcknowledgementIsPublishedAgainAndNothingElseIs()
    {
        LogSettings settings = new() { SettleTime = TimeSpan.FromSeconds(8) };
        using TempDirectory directory = new();
        await using Mosquitto mosquitto = await Mosquitto.StartNewAsync();
        using OpenLog open = new(directory.Path, settings);
        using CancellationTokenSource stop = new();
        Task publishing = new ReadingPublisher(BrokerTargets.At(directory.Path, mosquitto.Url), open.Log, settings, open.Metrics, NullLogger.Instance).RunAsync(stop.Token);
        await using (Subscriber subscriber = await Subscriber.AttachAsync(mosquitto.Url))
        {
            await open.AppendAsync("x", 1, "settled");
            Assert.Equal("settled", (await subscriber.NextHeardAsync()).Text);
            await UntilAsync(() => open.Log.Count == 0);
            await open.AppendAsync("x", 2, "not settled");
            Assert.Equal("not settled", (await subscriber.NextHeardAsync()).Text);
            await mosquitto.KillAsync();
        }

        await mosquitto.StartAsync();
        await using Subscriber after = await Subscriber.AttachAsync(mosquitto.Url);
        Assert.Equal("not settled", (await after.NextHeardAsync()).Text);
        await open.AppendAsync("x", 3, "new");
        Assert.Equal("new", (await after.NextHeardAsync()).Text);

        await stop.CancelAsync();
        await publishing.InTime();
    }

    [Fact]
    public async Task WhatABrokerNeverAcknowledgesIsPublishedAgainOverAnotherConnection()
    {
        LogSettings settings = new() { SettleTime = TimeSpan.Zero };
        using TempDirectory directory = new();
        await using SilentBroker broker = new();
        using OpenLog open = new(directory.Path, settings);
        await open.AppendAsync("x", 1, "once more");
        using CancellationTokenSource stop = new();
        (Task running, Func<Task> delivering) = Deliver(
            directory, broker.Url, open, client => new Delivery(client, open.Log, settings, open.Metrics, open.Logger) { AcknowledgeTimeout = TimeSpan.FromSeconds(1) }, stop.Token);

        byte[] unanswered = Assert.Single(await broker.Unanswered.Task.InTime());
        byte[] answered = await broker.Answered.Task.InTime();

        // The same reading, but for the packet's identifier.
        int payload = answered.Length - "once more".Length;
        Assert.Equal("once more", Encoding.ASCII.GetString(unanswered.AsSpan(payload)));
        Assert.Equal("once more", Encoding.ASCII.GetString(answered.AsSpan(payload)));
        await UntilAsync(() => open.Log.Count == 0);

        Assert.Contains("The broker has not acknowledged a reading within 1 s: connecting anew", open.Lines);
        await StopAsync(stop, running, delivering);
    }

    [Fact]
    public async Task ASensorThatNobodyHearsHoldsUpNoOther()
    {
        using TempDirectory directory = new();
        await using Mosquitto mosquitto = await Mosquitto.StartNewAsync();
        using OpenLog open = new(directory.Path);
        await using Subscriber others = await Subscriber.AttachAsync(mosquitto.Url, "sensors/heard/telemetry");
        foreach ((string sensor, long sequence) in ((string, long)[])[("lonely", 1), ("lonely", 2), ("heard", 1), ("lonely", 3), ("heard", 2)])
        {
            await open.AppendAsync(sensor, sequence, $"{sensor} {sequence}");
        }

        using CancellationTokenSource stop = new();
        (Task running, Func<Task> delivering) = Deliver(
            directory, mosquitto.Url, open, client => new Delivery(client, open.Log, new LogSettings(), open.Metrics, open.Logger) { SubscriberTime = TimeSpan.FromHours(1) }, stop.Token);

        Assert.Equal("heard 1", (await others.NextHeardAsync()).Text);
        Assert.Equal("heard 2", (await others.NextHeardAsync()).Text);
        Assert.Equal(5, open.Log.Waiting);
        await using Subscriber subscriber = await Subscriber.AttachAsync(mosquitto.Url, "sensors/lonely/telemetry");
        for (int i = 1; i <= 3; i++)
        {
            Assert.Equal($"lonely {i}", (await subscriber.NextHeardAsync()).Text);
        }

        await open.AppendAsync("lonely", 4, "lonely 4");
        Assert.Equal("lonely 4", (await subscriber.NextHeardAsync()).Text);
        await UntilAsync(() => open.Log.Waiting == 0);
        await StopAsync(stop, running, delivering);
    }

    [Fact]
    public async Task WhatNobodyHearsInTimeIsDoneWith()
    {
        using TempDirectory directory = new();
        await using Mosquitto mosquitto = await Mosquitto.StartNewAsync();
        using OpenLog open = new(directory.Path);
        string large = new('x', 60_000);
        await open.AppendAsync("lonely", Enumerable.Range(1, 2 * Delivery.MaxUnheardBytes / large.Length), _ => large);

        using CancellationTokenSource stop = new();
        (Task running, Func<Task> delivering) = Deliver(
            directory, mosquitto.Url, open, client => new Delivery(client, open.Log, new LogSettings(), open.Metrics, open.Logger) { SubscriberTime = TimeSpan.FromSeconds(3) }, stop.Token);

        await UntilAsync(() => open.Log.Waiting == 0);
        await StopAsync(stop, running, delivering);
    }

    // One delivery after the other, as the publisher does it.
    private static (Task Running, Func<Task> Delivering) Deliver(
        TempDirectory directory, Uri broker, OpenLog open, Func<AttachedClient, Delivery> create, CancellationToken stop)
    {
        Task delivering = Task.CompletedTask;
        MqttConnection connection = new(
            BrokerTargets.At(directory.Path, broker),
            "Test",
            async client =>
            {
                await delivering;
                delivering = create(client).RunAsync();
            },
            open.Logger);
        return (connection.RunAsync(stop), () => delivering);
    }

    private static async Task StopAsync(CancellationTokenSource stop, Task running, Func<Task> delivering)
    {
        await stop.CancelAsync();
        await running.InTime();
        await delivering().InTime();
    }

    private static async Task UntilAsync(Func<bool> isSo)
    {
        using CancellationTokenSource deadline = new(Deadline.Limit);
        while (!isSo())
        {
            await Task.Delay(50, deadline.Token);
        }
    }
}
