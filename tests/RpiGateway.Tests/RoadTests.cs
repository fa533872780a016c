using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net.WebSockets;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using MQTTnet.Formatter;

namespace RpiGateway.Tests;

/// <summary>The road from a sensor to a subscriber, through the embedded broker and through another.</summary>
public sealed class RoadTests(NodePackages node) : IClassFixture<NodePackages>
{
    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    public async Task MqttJsHearsSimulatedReadings(int protocolVersion)
    {
        await using TestGateway gateway = await TestGateway.StartAsync(simulate: 2);
        await using Tool subscriber = await node.RunAsync("subscribe.mjs", gateway.Broker.AbsoluteUri, $"{protocolVersion}", "sensors/+/telemetry");
        Assert.Equal("subscribed", await subscriber.NextLineAsync());

        Assert.Contains("telemetry", await subscriber.NextLineAsync());
    }

    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    public async Task ReadingsSentWithWsArriveOnMqttJs(int protocolVersion)
    {
        await using TestGateway gateway = await TestGateway.StartAsync();
        await using Tool subscriber = await node.RunAsync("subscribe.mjs", gateway.Broker.AbsoluteUri, $"{protocolVersion}", "sensors/x/telemetry");
        Assert.Equal("subscribed", await subscriber.NextLineAsync());

        await using Tool text = await node.RunAsync("send.mjs", gateway.Sensor("x").AbsoluteUri, "text", "{\"t\":21.5}", "grün");
        Assert.Equal("closed 1000", await text.NextLineAsync());
        await using Tool binary = await node.RunAsync("send.mjs", gateway.Sensor("x").AbsoluteUri, "binary", "00ff80");
        Assert.Equal("closed 1000", await binary.NextLineAsync());

        Assert.Equal(Line("{\"t\":21.5}"u8), await subscriber.NextLineAsync());
        Assert.Equal(Line("grün"u8), await subscriber.NextLineAsync());
        Assert.Equal(Line([0x00, 0xFF, 0x80]), await subscriber.NextLineAsync());

        static string Line(ReadOnlySpan<byte> payload) => $$"""{"topic":"sensors/x/telemetry","hex":"{{Convert.ToHexStringLower(payload)}}"}""";
    }

    [Theory]
    [InlineData(MqttProtocolVersion.V311)]
    [InlineData(MqttProtocolVersion.V500)]
    public async Task MqttNetsOwnClientHearsAReading(MqttProtocolVersion version)
    {
        await using TestGateway gateway = await TestGateway.StartAsync();
        await using Subscriber subscriber = await Subscriber.AttachAsync(gateway.Broker, version: version);
        using ClientWebSocket sensor = await gateway.ConnectSensorAsync("A_b-9");

        await sensor.SendAsync("reading"u8.ToArray(), WebSocketMessageType.Text, true, CancellationToken.None);

        (string topic, byte[] payload) = await subscriber.NextAsync();
        Assert.Equal("sensors/A_b-9/telemetry", topic);
        Assert.Equal("reading"u8, payload);
    }

    [Fact]
    public async Task PrinterShowsWhatArrivesThroughMqttAndWhereToAttach()
    {
        LineWriter output = new();
        await using TestGateway gateway = await TestGateway.StartAsync(simulate: 3, output: output);

        await output.LineAsync($"{gateway.Broker}, subprotocol mqtt, topic sensors/+/telemetry");
        await output.LineAsync("sensors/");
    }

    [Fact]
    public async Task MosquittoHearsReadingsAndTheGatewayServesNoBroker()
    {
        await using Mosquitto mosquitto = await Mosquitto.StartNewAsync();
        await using TestGateway gateway = await TestGateway.StartAsync(mosquitto.Url);
        await using Subscriber subscriber = await Subscriber.AttachAsync(mosquitto.Url);
        using ClientWebSocket sensor = await gateway.ConnectSensorAsync("x");

        await sensor.SendAsync("outside"u8.ToArray(), WebSocketMessageType.Binary, true, CancellationToken.None);

        Assert.Equal("outside"u8.ToArray(), (await subscriber.NextAsync()).Payload);
        Assert.Equal(mosquitto.Url, gateway.Broker);
        (int status, string text) = await RawPeer.RefusedUpgradeAsync(new Uri(gateway.Address, "mqtt"), "mqtt");
        Assert.Equal(404, status);
        Assert.Contains(mosquitto.Url.AbsoluteUri, text);
    }

    [Fact]
    public async Task ReadingTheBrokerCanNeverTakeIsDroppedAndStopsNobodyElse()
    {
        await using Mosquitto mosquitto = await Mosquitto.StartNewAsync("max_packet_size 1000");
        await using TestGateway gateway = await TestGateway.StartAsync(mosquitto.Url);
        await using Subscriber subscriber = await Subscriber.AttachAsync(mosquitto.Url);
        using ClientWebSocket large = await gateway.ConnectSensorAsync("large");
        using ClientWebSocket small = await gateway.ConnectSensorAsync("small");

        await large.SendAsync(new byte[1000], WebSocketMessageType.Binary, true, CancellationToken.None);
        await large.SendAsync(new byte[900], WebSocketMessageType.Binary, true, CancellationToken.None);
        Assert.Equal(900, (await subscriber.NextAsync()).Payload.Length);
        await small.SendAsync(new byte[900], WebSocketMessageType.Binary, true, CancellationToken.None);

        Assert.Equal("sensors/small/telemetry", (await subscriber.NextAsync()).Topic);
    }

    [Fact]
    public async Task BrokerRestartLosesNoReadingAndKeepsTheOrderOfEachSensor()
    {
        const int Sensors = 5;
        const int Readings = 60;
        await using Mosquitto mosquitto = await Mosquitto.StartNewAsync();
        await using TestGateway gateway = await TestGateway.StartAsync(mosquitto.Url);
        Subscriber before = await Subscriber.AttachAsync(mosquitto.Url, session: "observer");

        Task[] sending = new Task[Sensors];
        TaskCompletionSource half = new();
        for (int sensor = 0; sensor < Sensors; sensor++)
        {
            sending[sensor] = SendAsync($"s{sensor}");
        }

        Dictionary<string, List<int>> heard = [];
        while (heard.Count < Sensors || heard.Values.Any(static readings => readings.Count < Readings / 2))
        {
            Note(await before.NextAsync());
        }

        await mosquitto.StopAsync();
        half.SetResult();
        await Task.WhenAll(sending).InTime();
        await before.DisposeAsync();

        await mosquitto.StartAsync();
        await using Subscriber after = await Subscriber.AttachAsync(mosquitto.Url, session: "observer");
        while (heard.Values.Any(static readings => readings.Distinct().Count() < Readings))
        {
            Note(await after.NextAsync());
        }

        // At least once: a reading may come again, and what then follows it too, but first sights are in order.
        Assert.All(heard.Values, static readings => Assert.Equal(Enumerable.Range(0, Readings), readings.Distinct()));

        async Task SendAsync(string id)
        {
            // Leaves with readings still waiting for the broker: the connection's end must not take them along.
            using ClientWebSocket socket = await gateway.ConnectSensorAsync(id);
            for (int reading = 0; reading < Readings; reading++)
            {
                if (reading == Readings / 2)
                {
                    await half.Task;
                }

                await socket.SendAsync(Encoding.UTF8.GetBytes($"{reading}"), WebSocketMessageType.Text, true, CancellationToken.None);
            }

            await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);
        }

        void Note((string Topic, byte[] Payload) message)
        {
            if (!heard.TryGetValue(message.Topic, out List<int>? readings))
            {
                heard.Add(message.Topic, readings = []);
            }

            readings.Add(int.Parse(Encoding.UTF8.GetString(message.Payload)));
        }
    }

    private sealed class LineWriter : StringWriter
    {
        private readonly System.Threading.Channels.Channel<string> _lines = System.Threading.Channels.Channel.CreateUnbounded<string>();

        public override void WriteLine(string? value) => _lines.Writer.TryWrite(value ?? "");

        public async Task LineAsync(string text)
        {
            while (!(await _lines.Reader.ReadAsync().AsTask().InTime()).Contains(text, StringComparison.Ordinal))
            {
            }
        }
    }
}
