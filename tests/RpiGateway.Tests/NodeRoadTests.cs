using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;
using Esp32Sensor.Node;
using Ws.Micro.Net;

namespace RpiGateway.Tests;

/// <summary>The firmware's own node against the real gateway: each reading reaches a subscriber at least once, and ids tell duplicates.</summary>
public sealed class NodeRoadTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(10)]
    public async Task ReadingsArriveOverConnectionsThatAreCutMidWay(int compression)
    {
        const int Readings = 300;
        await using TestGateway gateway = await TestGateway.StartAsync();
        await using Subscriber subscriber = await Subscriber.AttachAsync(gateway.Broker);

        // From within the handshake to several readings.
        Random random = new(compression);
        await using CuttingRelay relay = new(() => random.Next(100, compression == 0 ? 6000 : 2000)) { Target = gateway.Address.Port };
        await using RunningNode node = new($"ws://127.0.0.1:{relay.Port}", compression);

        await AssertAllArriveAsync(subscriber, Readings);

        Assert.InRange(relay.Cuts, 3, int.MaxValue);
    }

    [Fact]
    public async Task ReadingsArriveThoughTheGatewayIsKilledAndStartedAgain()
    {
        const int Readings = 100;
        await using TestGateway broker = await TestGateway.StartAsync();
        await using Subscriber subscriber = await Subscriber.AttachAsync(broker.Broker);
        await using CuttingRelay relay = new(static () => int.MaxValue);
        await using RunningNode node = new($"ws://127.0.0.1:{relay.Port}", compression: 10);

        Dictionary<string, string> heard = [];
        for (int life = 1; life <= 3; life++)
        {
            await using Tool gateway = ProgramTests.Start("--urls", "http://127.0.0.1:0", "--Broker", broker.Broker.AbsoluteUri);
            relay.Target = new Uri((await gateway.NextLineAsync()).Split(' ')[^1].Replace("{id}", "x", StringComparison.Ordinal)).Port;
            await HearAsync(subscriber, heard, life * Readings);
            await gateway.SignalAsync("KILL");
            await gateway.ExitAsync();
        }

        AssertComplete(heard, 3 * Readings);
    }

    [Fact]
    public async Task ReadingsArriveThoughTheGatewayIsStoppedAndStartedAgain()
    {
        const int Readings = 100;
        await using TestGateway broker = await TestGateway.StartAsync();
        await using Subscriber subscriber = await Subscriber.AttachAsync(broker.Broker);
        await using CuttingRelay relay = new(static () => int.MaxValue);
        await using RunningNode node = new($"ws://127.0.0.1:{relay.Port}", compression: 10);

        Dictionary<string, string> heard = [];
        for (int life = 1; life <= 3; life++)
        {
            await using TestGateway gateway = await TestGateway.StartAsync(broker.Broker);
            relay.Target = gateway.Address.Port;
            await HearAsync(subscriber, heard, life * Readings);
        }

        AssertComplete(heard, 3 * Readings);
    }

    [Fact]
    public async Task ReadingsArriveThoughTheBrokerIsAwayForAWhile()
    {
        await using Mosquitto mosquitto = await Mosquitto.StartNewAsync();
        await using TestGateway gateway = await TestGateway.StartAsync(mosquitto.Url);
        await (await Subscriber.AttachAsync(mosquitto.Url, session: "observer")).DisposeAsync();
        await using RunningNode node = new(gateway.Address.AbsoluteUri, compression: 10);
        Dictionary<string, string> heard = [];
        for (int life = 1; life <= 3; life++)
        {
            // The broker keeps the session, and what comes for it.
            Subscriber subscriber = await Subscriber.AttachAsync(mosquitto.Url, session: "observer");
            await HearAsync(subscriber, heard, life * 100);

            // What it was given and has not told yet does not come again.
            await subscriber.DisposeAsync();
            foreach (Subscriber.Heard rest in subscriber.Rest())
            {
                Note(rest, heard);
            }

            await mosquitto.StopAsync();
            await mosquitto.StartAsync();
        }

        AssertComplete(heard, 300);
    }

    [Fact]
    public async Task CommandsReachTheNodeAndItsResultsComeBack()
    {
        await using TestGateway gateway = await TestGateway.StartAsync();
        await using Subscriber results = await Subscriber.AttachAsync(gateway.Broker, "sensors/node/result");
        await using RunningNode node = new(gateway.Address.AbsoluteUri, compression: 10);

        // It waits until the node is there, and the relay asks again until the gateway has subscribed.
        Task<Subscriber.Heard> result = results.NextHeardAsync();
        while (!result.IsCompleted)
        {
            await results.PublishAsync(new MQTTnet.MqttApplicationMessage
            {
                Topic = "sensors/node/command",
                PayloadSegment = "identify"u8.ToArray(),
                MessageExpiryInterval = 60,
            });
            await Task.WhenAny(result, Task.Delay(500));
        }

        Assert.Equal("ok", (await result).Text);
        // The node answers, and then obeys.
        await node.Identified.InTime();
    }

    private static async Task AssertAllArriveAsync(Subscriber subscriber, int readings)
    {
        Dictionary<string, string> heard = [];
        await HearAsync(subscriber, heard, readings);
        AssertComplete(heard, readings);
    }

    // Listens until there are readings 1 to that number, by their ids.
    private static async Task HearAsync(Subscriber subscriber, Dictionary<string, string> heard, int readings)
    {
        while (heard.Count < readings)
        {
            Note(await subscriber.NextHeardAsync(), heard);
        }
    }

    private static void Note(Subscriber.Heard message, Dictionary<string, string> heard)
    {
        using JsonDocument reading = JsonDocument.Parse(message.Payload);
        string id = $"device={reading.RootElement.GetProperty("id")} boot={reading.RootElement.GetProperty("boot")} seq={reading.RootElement.GetProperty("seq")}";
        Assert.Equal(id, message.UserProperties);

        // One that comes again is the same.
        Assert.True(heard.TryAdd(id, message.Text) || heard[id] == message.Text, $"{message.Text} came before as {heard[id]}");
    }

    private static void AssertComplete(Dictionary<string, string> heard, int readings)
    {
        // First sights are in order, from 1, without a gap.
        Assert.Single(heard.Keys.Select(static id => id.Split(" seq=")[0]).Distinct());
        Assert.Equal(Enumerable.Range(1, readings), heard.Keys.Select(static id => int.Parse(id.Split("seq=")[1])).Take(readings));
    }

    /// <summary>A node in a thread of its own, that measures a hundred times a second.</summary>
    private sealed class RunningNode : NodeBoard, IAsyncDisposable
    {
        private readonly SensorNode _node;
        private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _identified = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _measured;

        public RunningNode(string gateway, int compression)
        {
            NodeSettings settings = new()
            {
                Id = "node",
                Gateway = gateway,
                Interval = 10,
                Readings = 16384,
                MinBackoff = 1,
                MaxBackoff = 50,
                Compression = compression,
            };
            _node = new SensorNode(settings, this, new Random());
            Thread thread = new(() =>
            {
                _node.Run();
                _ended.SetResult();
            })
            { IsBackground = true };
            thread.Start();
        }

        public Task Identified => _identified.Task;

        public override void Measure(Measurements values) => values.Temperature = ++_measured;

        public override WebSocketConnection Connect(string url, WebSocketClientOptions options) => WebSocketClient.Connect(url, options);

        public override void Identify() => _identified.TrySetResult();

        public override void Log(string line)
        {
        }

        public async ValueTask DisposeAsync()
        {
            _node.Stop();
            await _ended.Task.InTime();
            Assert.Equal(0, _node.Ring.Dropped);
        }
    }
}
