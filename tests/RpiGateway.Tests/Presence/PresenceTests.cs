using System;
using System.Collections.Generic;
using System.IO;
using System.Net.WebSockets;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;
using MQTTnet;
using MQTTnet.Formatter;
using MQTTnet.Protocol;

namespace RpiGateway.Tests;

/// <summary>Who is there, as the broker keeps it.</summary>
public sealed class PresenceTests
{
    [Fact]
    public async Task SensorIsOnlineWhileItIsConnectedAndOfflineAfter()
    {
        await using TestGateway gateway = await TestGateway.StartAsync(presence: new PresenceSettings { Name = "here" });
        using TelemetrySensor sensor = await TelemetrySensor.ConnectAsync(gateway);
        await sensor.SendAsync("H 77 firmware=1.2.0 clock=sntp later=things");
        await sensor.NextAsync();

        // Retained: it is there for one who comes later.
        JsonElement online = await StatusAsync(gateway.Broker, "sensors/x/status", static status => Text(status, "firmware") == "1.2.0");
        Assert.Equal(("online", "here", "127.0.0.1", "sntp"), (Text(online, "state"), Text(online, "gateway"), Text(online, "address"), Text(online, "clock")));
        long since = online.GetProperty("since").GetInt64();
        Assert.InRange(DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() - since, 0, Deadline.Limit.TotalMilliseconds);
        Assert.True(online.GetProperty("lastSeen").GetInt64() >= since);
        Assert.False(online.TryGetProperty("reason", out _));

        await sensor.CloseAsync();

        JsonElement offline = await StatusAsync(gateway.Broker, "sensors/x/status", static status => Text(status, "state") == "offline");
        Assert.Equal("the sensor has closed the connection", Text(offline, "reason"));
        Assert.Equal("1.2.0", Text(offline, "firmware"));
        Assert.True(offline.GetProperty("since").GetInt64() >= online.GetProperty("lastSeen").GetInt64());
    }

    [Fact]
    public async Task SensorThatComesAnewStaysOnline()
    {
        await using TestGateway gateway = await TestGateway.StartAsync();
        await using Subscriber subscriber = await Subscriber.AttachAsync(gateway.Broker, "sensors/x/status");
        using TelemetrySensor older = await TelemetrySensor.GreetAsync(gateway);
        using TelemetrySensor newer = await TelemetrySensor.ConnectAsync(gateway);
        Assert.Equal("closed 1008", await older.NextAsync());
        await older.CloseAsync();
        await newer.SendAsync("H 77 firmware=2");
        await newer.NextAsync();

        string status;
        do
        {
            status = (await subscriber.NextHeardAsync()).Text;
            Assert.StartsWith("{\"state\":\"online\"", status);
        }
        while (!status.Contains("\"firmware\":\"2\"", StringComparison.Ordinal));

        // What its loss makes is the next that is heard.
        newer.Dispose();
        do
        {
            status = (await subscriber.NextHeardAsync()).Text;
        }
        while (status.Contains("online", StringComparison.Ordinal));

        Assert.Contains("\"reason\":\"the connection was lost\"", status);
    }

    [Fact]
    public async Task StatusThatTheBrokerRefusesHoldsUpNoOther()
    {
        await using TestGateway gateway = await TestGateway.StartAsync();
        using ClientWebSocket early = await gateway.ConnectSensorAsync("early");
        await StatusAsync(gateway.Broker, "sensors/early/status", static _ => true);
        using IMqttClient client = new MqttClientFactory().CreateMqttClient();
        await client.ConnectAsync(new MqttClientOptionsBuilder().WithWebSocketServer(server => server.WithUri(gateway.Broker.AbsoluteUri))
            .WithProtocolVersion(MqttProtocolVersion.V500).Build()).InTime();

        // What can be retained is, but for some 200 bytes: a status that is there may grow, and there is no room for one more.
        int topic = 0;
        foreach (int size in (int[])[250_000, 25_000, 2_500, 250, 1])
        {
            while (await RetainAsync(client, $"{++topic}", size) != MqttClientPublishReasonCode.QuotaExceeded)
            {
            }
        }

        await RetainAsync(client, $"{topic - 1}", 0);
        using ClientWebSocket late = await gateway.ConnectSensorAsync("late");
        await Metrics.ReadUntilAsync(gateway.Address, static metrics => metrics["rpigateway_refused_total{\"reason\": \"quota_exceeded\"}"] > 5);
        await early.CloseAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None).InTime();

        await StatusAsync(gateway.Broker, "sensors/early/status", static status => Text(status, "state") == "offline");
    }

    [Fact]
    public async Task LastSeenIsPublishedAgainWhileASensorSendsAndNotMoreOften()
    {
        await using TestGateway gateway = await TestGateway.StartAsync(presence: new PresenceSettings { Interval = TimeSpan.FromMilliseconds(500) });
        await using Subscriber subscriber = await Subscriber.AttachAsync(gateway.Broker, "sensors/x/status");
        using ClientWebSocket sensor = await gateway.ConnectSensorAsync("x");
        List<long> seen = [];
        while (seen.Count < 4)
        {
            Task<Subscriber.Heard> next = subscriber.NextHeardAsync();
            while (!next.IsCompleted)
            {
                await sensor.SendAsync("reading"u8.ToArray(), WebSocketMessageType.Text, true, CancellationToken.None).InTime();
                await Task.WhenAny(next, Task.Delay(5));
            }

            seen.Add(JsonDocument.Parse((await next).Text).RootElement.GetProperty("lastSeen").GetInt64());
        }

        // The first two may be the connection's own.
        Assert.True(seen[3] - seen[2] >= 250, string.Join(' ', seen));
    }

    [Fact]
    public async Task GatewayThatStopsSaysThatAllAreOffline()
    {
        await using Mosquitto mosquitto = await Mosquitto.StartNewAsync();
        await using TestGateway gateway = await TestGateway.StartAsync(mosquitto.Url, presence: new PresenceSettings { Name = "here" });
        using TelemetrySensor sensor = await TelemetrySensor.GreetAsync(gateway);
        await StatusAsync(mosquitto.Url, "sensors/x/status", static status => Text(status, "state") == "online");
        await StatusAsync(mosquitto.Url, "gateways/here/status", static status => Text(status, "state") == "online");

        await gateway.StopAsync();

        JsonElement offline = await StatusAsync(mosquitto.Url, "sensors/x/status", static _ => true);
        Assert.Equal(("offline", "the gateway is stopping"), (Text(offline, "state"), Text(offline, "reason")));
        JsonElement gone = await StatusAsync(mosquitto.Url, "gateways/here/status", static _ => true);
        Assert.Equal(("offline", "the gateway has stopped"), (Text(gone, "state"), Text(gone, "reason")));
    }

    [Fact]
    public async Task GatewayThatIsKilledIsOfflineByItsWillAndItsSensorsOnceItIsBack()
    {
        await using Mosquitto mosquitto = await Mosquitto.StartNewAsync();
        using TempDirectory data = new();
        string[] arguments = ["--urls", "http://127.0.0.1:0", "--Broker", mosquitto.Url.AbsoluteUri, "--DataDirectory", data.Path, "--Name", "here"];
        await using (Tool killed = ProgramTests.Start(arguments))
        {
            string address = (await killed.NextLineAsync()).Split(' ')[^1];
            using ClientWebSocket sensor = new();
            await sensor.ConnectAsync(new Uri(address.Replace("{id}", "x", StringComparison.Ordinal)), CancellationToken.None).InTime();
            await StatusAsync(mosquitto.Url, "sensors/x/status", static status => Text(status, "state") == "online");
            await StatusAsync(mosquitto.Url, "gateways/here/status", static status => Text(status, "state") == "online");
            await killed.SignalAsync("KILL");
            await killed.Process.WaitForExitAsync().InTime();
        }

        JsonElement will = await StatusAsync(mosquitto.Url, "gateways/here/status", static status => Text(status, "state") == "offline");
        Assert.Equal("the connection to the broker was lost", Text(will, "reason"));

        // Another gateway's sensors are left alone.
        await using Subscriber other = await Subscriber.AttachAsync(mosquitto.Url, "sensors/y/status");
        await other.PublishAsync(new MqttApplicationMessage { Topic = "sensors/y/status", PayloadSegment = """{"state":"online","gateway":"there"}"""u8.ToArray(), Retain = true });
        await other.PublishAsync(new MqttApplicationMessage { Topic = "sensors/z/status", PayloadSegment = "nonsense"u8.ToArray(), Retain = true });
        await using Tool back = ProgramTests.Start(arguments);
        JsonElement corrected = await StatusAsync(mosquitto.Url, "sensors/x/status", static status => Text(status, "state") == "offline");
        Assert.Equal(("the gateway stopped without telling", "127.0.0.1"), (Text(corrected, "reason"), Text(corrected, "address")));
        await StatusAsync(mosquitto.Url, "gateways/here/status", static status => Text(status, "state") == "online");
        Assert.Equal("online", Text(await StatusAsync(mosquitto.Url, "sensors/y/status", static _ => true), "state"));
    }

    [Fact]
    public async Task SensorThatWentToAnotherGatewayIsLeftToThat()
    {
        await using Mosquitto mosquitto = await Mosquitto.StartNewAsync();
        await using TestGateway here = await TestGateway.StartAsync(mosquitto.Url, presence: new PresenceSettings { Name = "here" });
        await using TestGateway there = await TestGateway.StartAsync(mosquitto.Url, presence: new PresenceSettings { Name = "there" });
        using TelemetrySensor first = await TelemetrySensor.GreetAsync(here);
        await StatusAsync(mosquitto.Url, "sensors/x/status", static status => Text(status, "gateway") == "here");
        using TelemetrySensor second = await TelemetrySensor.GreetAsync(there);
        await StatusAsync(mosquitto.Url, "sensors/x/status", static status => Text(status, "gateway") == "there");

        // A sensor of its own tells when it has done what was before.
        using TelemetrySensor mark = await TelemetrySensor.GreetAsync(here, "mark");
        first.Dispose();
        await here.StopAsync();

        await StatusAsync(mosquitto.Url, "sensors/mark/status", static status => Text(status, "state") == "offline");
        JsonElement status = await StatusAsync(mosquitto.Url, "sensors/x/status", static _ => true);
        Assert.Equal(("online", "there"), (Text(status, "state"), Text(status, "gateway")));
    }

    [Theory]
    [InlineData("""{"state":"online","gateway":"there","since":1000000000000}""")]
    [InlineData("""{"state":"offline","gateway":"there","since":4102444800000,"reason":"the connection was lost"}""")]
    public async Task WhatAnotherGatewaySaysOfAnotherConnectionIsPutRight(string said)
    {
        await using Mosquitto mosquitto = await Mosquitto.StartNewAsync();
        await using TestGateway here = await TestGateway.StartAsync(mosquitto.Url, presence: new PresenceSettings { Name = "here" });
        using TelemetrySensor sensor = await TelemetrySensor.GreetAsync(here);
        await StatusAsync(mosquitto.Url, "sensors/x/status", static status => Text(status, "gateway") == "here");
        using IMqttClient client = new MqttClientFactory().CreateMqttClient();
        await client.ConnectAsync(
            new MqttClientOptionsBuilder().WithWebSocketServer(server => server.WithUri(mosquitto.Url.AbsoluteUri)).Build()).InTime();

        await client.PublishStringAsync("sensors/x/status", said, MqttQualityOfServiceLevel.AtLeastOnce, retain: true).InTime();

        await StatusAsync(
            mosquitto.Url, "sensors/x/status", static status => Text(status, "gateway") == "here" && Text(status, "state") == "online");
    }

    [Fact]
    public async Task BrokerThatComesBackEmptyIsToldAnew()
    {
        await using Mosquitto mosquitto = await Mosquitto.StartNewAsync();
        await using TestGateway gateway = await TestGateway.StartAsync(mosquitto.Url, presence: new PresenceSettings { Name = "here" });
        using TelemetrySensor sensor = await TelemetrySensor.GreetAsync(gateway);
        await StatusAsync(mosquitto.Url, "sensors/x/status", static status => Text(status, "state") == "online");

        await mosquitto.StopAsync();
        mosquitto.Forget();
        await mosquitto.StartAsync();

        await StatusAsync(mosquitto.Url, "sensors/x/status", static status => Text(status, "state") == "online");
        await StatusAsync(mosquitto.Url, "gateways/here/status", static status => Text(status, "state") == "online");
    }

    // The first that fits, of what is retained and what comes.
    private static async Task<JsonElement> StatusAsync(Uri broker, string topic, Func<JsonElement, bool> fits)
    {
        await using Subscriber subscriber = await Subscriber.AttachAsync(broker, topic);
        while (true)
        {
            JsonElement status = JsonDocument.Parse((await subscriber.NextHeardAsync()).Text).RootElement;
            if (fits(status))
            {
                return status;
            }
        }
    }

    private static async Task<MqttClientPublishReasonCode> RetainAsync(IMqttClient client, string topic, int size) =>
        (await client.PublishBinaryAsync(topic, new byte[size], MqttQualityOfServiceLevel.AtLeastOnce, retain: true).InTime()).ReasonCode;

    private static string? Text(JsonElement status, string name) => status.GetProperty(name).GetString();
}
