using System;
using System.Linq;
using System.Net.WebSockets;
using System.Threading;
using System.Threading.Tasks;

namespace RpiGateway.Tests;

public sealed class SensorEndpointTests
{
    [Theory]
    [InlineData("")]
    [InlineData("a.b")]
    [InlineData("a/b")]
    [InlineData("a%20b")]
    [InlineData("%23")]
    [InlineData("a%0A")]
    [InlineData("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    public async Task IdThatIsNoTopicLevelIsRefused(string id)
    {
        await using TestGateway gateway = await TestGateway.StartAsync();

        (int status, string text) = await RawPeer.RefusedUpgradeAsync(gateway.Sensor(id), null);

        Assert.Equal(400, status);
        Assert.Contains("1 to 64", text);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(1024)]
    [InlineData(1025)]
    [InlineData(PlainConnection.MaxReadingSize)]
    public async Task ReadingArrivesUnchangedHoweverItIsFragmented(int size)
    {
        byte[] reading = new byte[size];
        new Random(size).NextBytes(reading);
        await using TestGateway gateway = await TestGateway.StartAsync();
        await using Subscriber subscriber = await Subscriber.AttachAsync(gateway.Broker);
        using ClientWebSocket sensor = await gateway.ConnectSensorAsync(new string('a', 64));

        for (int sent = 0; sent < size; sent += 1000)
        {
            await sensor.SendAsync(reading.AsMemory(sent, Math.Min(1000, size - sent)), WebSocketMessageType.Binary, false, CancellationToken.None);
        }

        await sensor.SendAsync(ReadOnlyMemory<byte>.Empty, WebSocketMessageType.Binary, true, CancellationToken.None);

        Assert.Equal(reading, (await subscriber.NextAsync()).Payload);
    }

    [Fact]
    public async Task ReadingOverTheLimitIsRefused()
    {
        await using TestGateway gateway = await TestGateway.StartAsync();
        using ClientWebSocket sensor = await gateway.ConnectSensorAsync("x");

        await sensor.SendAsync(new byte[PlainConnection.MaxReadingSize + 1], WebSocketMessageType.Binary, true, CancellationToken.None);

        WebSocketReceiveResult received = await sensor.ReceiveAsync(new byte[100], CancellationToken.None).InTime();
        Assert.Equal(WebSocketCloseStatus.MessageTooBig, received.CloseStatus);
    }

    [Fact]
    public async Task ReadingsOfOneSensorKeepTheirOrder()
    {
        const int Readings = 500;
        await using TestGateway gateway = await TestGateway.StartAsync();
        await using Subscriber subscriber = await Subscriber.AttachAsync(gateway.Broker);
        using ClientWebSocket sensor = await gateway.ConnectSensorAsync("x");

        for (int i = 0; i < Readings; i++)
        {
            await sensor.SendAsync(BitConverter.GetBytes(i), WebSocketMessageType.Binary, true, CancellationToken.None);
        }

        for (int i = 0; i < Readings; i++)
        {
            Assert.Equal(BitConverter.GetBytes(i), (await subscriber.NextAsync()).Payload);
        }
    }

    [Fact]
    public async Task SensorThatConnectsAnewTakesThePlaceOfItsOlderConnection()
    {
        await using TestGateway gateway = await TestGateway.StartAsync();
        await using Subscriber subscriber = await Subscriber.AttachAsync(gateway.Broker);
        using ClientWebSocket older = await gateway.ConnectSensorAsync("x");
        using ClientWebSocket newer = await gateway.ConnectSensorAsync("x");

        // The older one stays silent: it holds the newer one up, but not for ever.
        await newer.SendAsync(new byte[1], WebSocketMessageType.Binary, true, CancellationToken.None);

        WebSocketReceiveResult received = await older.ReceiveAsync(new byte[100], CancellationToken.None).InTime();
        Assert.Equal(WebSocketCloseStatus.PolicyViolation, received.CloseStatus);
        Assert.Equal(new byte[1], (await subscriber.NextAsync()).Payload);
    }

    [Fact]
    public async Task ReadingsKeepTheirOrderOverAReconnectWhileTheBrokerIsAway()
    {
        await using Mosquitto mosquitto = await Mosquitto.StartNewAsync();
        await using TestGateway gateway = await TestGateway.StartAsync(mosquitto.Url);
        await (await Subscriber.AttachAsync(mosquitto.Url, session: "observer")).DisposeAsync();
        await mosquitto.StopAsync();

        for (int connection = 0; connection < 3; connection++)
        {
            using ClientWebSocket sensor = await gateway.ConnectSensorAsync("x");
            for (int i = 0; i < 3; i++)
            {
                await sensor.SendAsync(new byte[] { (byte)(3 * connection + i) }, WebSocketMessageType.Binary, true, CancellationToken.None);
            }

            await sensor.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);
        }

        await mosquitto.StartAsync();
        await using Subscriber subscriber = await Subscriber.AttachAsync(mosquitto.Url, session: "observer");
        for (byte i = 0; i < 9; i++)
        {
            Assert.Equal(new[] { i }, (await subscriber.NextAsync()).Payload);
        }
    }

    [Fact]
    public async Task StopSendsGoingAway()
    {
        await using TestGateway gateway = await TestGateway.StartAsync();
        ClientWebSocket[] sensors = [await gateway.ConnectSensorAsync("a"), await gateway.ConnectSensorAsync("b")];

        Task stop = gateway.StopAsync();

        foreach (ClientWebSocket sensor in sensors)
        {
            WebSocketReceiveResult received = await sensor.ReceiveAsync(new byte[100], CancellationToken.None).InTime();
            Assert.Equal(WebSocketCloseStatus.EndpointUnavailable, received.CloseStatus);
            await sensor.CloseOutputAsync(WebSocketCloseStatus.EndpointUnavailable, null, CancellationToken.None).InTime();
            sensor.Dispose();
        }

        await stop;
    }
}
