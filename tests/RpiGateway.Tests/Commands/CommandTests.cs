using System;
using System.Linq;
using System.Threading.Tasks;
using MQTTnet;

namespace RpiGateway.Tests;

/// <summary>Commands from MQTT to sensors, and their results.</summary>
public sealed class CommandTests : IAsyncLifetime
{
    private TestGateway _gateway = null!;
    private Subscriber _results = null!;

    public async ValueTask InitializeAsync()
    {
        _gateway = await TestGateway.StartAsync();
        _results = await Subscriber.AttachAsync(_gateway.Broker, "sensors/+/result");

        // The gateway subscribes when it gets to it; it has once a command is answered.
        Task<Subscriber.Heard> answer = _results.NextHeardAsync();
        await RepeatAsync(answer, () => SendAsync("probe", "identify"));
    }

    [Fact]
    public async Task CommandReachesTheSensorAndItsResultComesBack()
    {
        using TelemetrySensor sensor = await TelemetrySensor.GreetAsync(_gateway);

        await SendAsync("x", "interval 60000", correlation: [1, 2, 3]);
        Assert.Equal("C 1 interval 60000", await sensor.NextAsync());
        await sensor.SendAsync("C 1 ok");

        Subscriber.Heard result = await NextResultAsync();
        Assert.Equal(("sensors/x/result", "ok"), (result.Topic, result.Text));
        Assert.Equal([1, 2, 3], result.CorrelationData);
        await SendAsync("x", "dance");
        Assert.Equal("C 2 dance", await sensor.NextAsync());
        await sensor.SendAsync("C 2 error known are: interval");
        Assert.Equal("error known are: interval", (await NextResultAsync()).Text);
    }

    [Fact]
    public async Task CommandToASensorThatIsNotThereIsAnsweredAtOnce()
    {
        using System.Net.WebSockets.ClientWebSocket plain = await _gateway.ConnectSensorAsync("plain");
        foreach (string id in (string[])["away", "plain"])
        {
            await SendAsync(id, "identify");

            Subscriber.Heard result = await NextResultAsync();
            Assert.Equal(($"sensors/{id}/result", "error the sensor is not connected"), (result.Topic, result.Text));
        }
    }

    [Fact]
    public async Task CommandThatExpiresWaitsForItsSensorTheNewestAlone()
    {
        await SendAsync("x", "first", expiry: 3600);
        await SendAsync("x", "second", expiry: 3600);

        // Once this is answered, those before it have come; answers may overtake each other.
        await SendAsync("away", "identify");
        string[] results = [(await NextResultAsync()).Text, (await NextResultAsync()).Text];
        Assert.Equal(["error a newer command took its place", "error the sensor is not connected"], results.Order(StringComparer.Ordinal));
        using TelemetrySensor sensor = await TelemetrySensor.GreetAsync(_gateway);
        Assert.Equal("C 1 second", await sensor.NextAsync());
        await sensor.SendAsync("C 1 ok");
        Assert.Equal("ok", (await NextResultAsync()).Text);

        // It was told once.
        using TelemetrySensor again = await TelemetrySensor.GreetAsync(_gateway);
        await SendAsync("x", "third");
        Assert.Equal("C 1 third", await again.NextAsync());
    }

    [Theory]
    [InlineData("grün")]
    [InlineData("a\nb")]
    [InlineData("\0")]
    [InlineData("")]
    public async Task CommandThatNoSensorCanReadIsAnsweredWithAnError(string command)
    {
        using TelemetrySensor sensor = await TelemetrySensor.GreetAsync(_gateway);

        await SendAsync("x", command);

        Assert.StartsWith("error a command has 1 to 200 visible", (await NextResultAsync()).Text);
        await SendAsync("x", new string('x', CommandRelay.MaxLength + 1));
        Assert.StartsWith("error a command has 1 to 200 visible", (await NextResultAsync()).Text);
        await SendAsync("x", new string('x', CommandRelay.MaxLength));
        Assert.Equal("C 1 " + new string('x', CommandRelay.MaxLength), await sensor.NextAsync());
    }

    [Fact]
    public async Task CommandIsLostWithTheConnection()
    {
        using TelemetrySensor sensor = await TelemetrySensor.GreetAsync(_gateway);
        await SendAsync("x", "identify");
        Assert.Equal("C 1 identify", await sensor.NextAsync());

        sensor.Dispose();

        Assert.Equal("error the connection was lost", (await NextResultAsync()).Text);
    }

    [Fact]
    public async Task RetainedCommandIsPassedOver()
    {
        // A gateway that starts finds it at its broker: here another's.
        await SendAsync("x", "reboot", retain: true);
        await NextResultAsync();
        await using TestGateway second = await TestGateway.StartAsync(_gateway.Broker);
        using TelemetrySensor sensor = await TelemetrySensor.GreetAsync(second);

        Task<string> told = sensor.NextAsync();
        await RepeatAsync(told, () => SendAsync("x", "identify"));

        Assert.Equal("C 1 identify", await told);
    }

    [Fact]
    public async Task TooManyCommandsAtATimeAreAnsweredWithAnError()
    {
        using TelemetrySensor sensor = await TelemetrySensor.GreetAsync(_gateway);
        for (int i = 0; i <= TelemetryConnection.MaxCommands; i++)
        {
            await SendAsync("x", "identify");
        }

        Assert.Equal($"error {TelemetryConnection.MaxCommands} commands are waiting for the sensor", (await NextResultAsync()).Text);
    }

    public async ValueTask DisposeAsync()
    {
        await _results.DisposeAsync();
        await _gateway.DisposeAsync();
    }

    private static async Task RepeatAsync(Task until, Func<Task> action)
    {
        while (!until.IsCompleted)
        {
            await action();
            await Task.WhenAny(until, Task.Delay(100));
        }
    }

    private async Task<Subscriber.Heard> NextResultAsync()
    {
        Subscriber.Heard result;
        do
        {
            result = await _results.NextHeardAsync();
        }
        while (result.Topic == "sensors/probe/result");

        return result;
    }

    private Task SendAsync(string id, string command, uint expiry = 0, byte[]? correlation = null, bool retain = false) => _results.PublishAsync(new MqttApplicationMessage
    {
        Topic = $"sensors/{id}/command",
        PayloadSegment = System.Text.Encoding.UTF8.GetBytes(command),
        MessageExpiryInterval = expiry,
        CorrelationData = correlation,
        Retain = retain,
    });
}
