using System;
using System.IO;
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
        await SubscribedAsync();
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
    public async Task CommandToASensorThatDoesNotComeInTimeIsAnsweredExpired()
    {
        using System.Net.WebSockets.ClientWebSocket plain = await _gateway.ConnectSensorAsync("plain");
        await SendAsync("away", "identify", expiry: 1, correlation: [7]);

        Subscriber.Heard result = await NextResultAsync();
        Assert.Equal(("sensors/away/result", "expired"), (result.Topic, result.Text));
        Assert.Equal([7], result.CorrelationData);

        // A sensor that takes no commands is as good as away.
        await SendAsync("plain", "identify", expiry: 1);
        Assert.Equal("expired", (await NextResultAsync()).Text);

        // It is not told later.
        using TelemetrySensor sensor = await TelemetrySensor.GreetAsync(_gateway, "away");
        await SendAsync("away", "dance");
        Assert.Equal("C 1 dance", await sensor.NextAsync());
        Metrics metrics = await Metrics.ReadAsync(_gateway.Address);
        Assert.True(metrics["""rpigateway_commands_total{"outcome": "expired"}"""] >= 2);
    }

    [Fact]
    public async Task CommandWithoutAnExpiryIntervalWaitsAsLongAsTheSettingSays()
    {
        await using TestGateway gateway = await TestGateway.StartAsync(_gateway.Broker, commands: new CommandSettings { TimeToLive = TimeSpan.Zero });
        Task<Subscriber.Heard> expired = NextResultAsync();

        // The other gateway, of this class's tests, lets them wait.
        await RepeatAsync(expired, () => SendAsync("away", "identify"));

        Assert.Equal("expired", (await expired).Text);
    }

    [Fact]
    public async Task CommandsWaitForTheirSensorInOrderAndOneIsSentAfterTheOther()
    {
        string[] commands = ["first", "second", "@3 third"];
        foreach (string command in commands)
        {
            await SendAsync("x", command);
        }

        // Once this is answered, those before it have come.
        await SendAsync("away", "identify", expiry: 1);
        Assert.Equal("expired", (await NextResultAsync()).Text);
        using TelemetrySensor sensor = await TelemetrySensor.GreetAsync(_gateway);
        Assert.Equal("C 1 first", await sensor.NextAsync());
        await sensor.SendAsync("C 1 ok");
        Assert.Equal("ok", (await NextResultAsync()).Text);
        Assert.Equal("C 2 second", await sensor.NextAsync());
        await sensor.SendAsync("C 2 error no");
        Assert.Equal("error no", (await NextResultAsync()).Text);
        Assert.Equal("C 3 third", await sensor.NextAsync());
        await sensor.SendAsync("C 3 ok");
        Assert.Equal("@3 ok", (await NextResultAsync()).Text);

        // They were told once.
        using TelemetrySensor again = await TelemetrySensor.GreetAsync(_gateway);
        await SendAsync("x", "fourth");
        Assert.Equal("C 1 fourth", await again.NextAsync());
    }

    [Fact]
    public async Task CommandsThatWaitOutliveTheGateway()
    {
        using TempDirectory directory = new();
        string data = directory.Path;
        await using Mosquitto mosquitto = await Mosquitto.StartNewAsync();
        await using (TestGateway first = await TestGateway.StartAsync(mosquitto.Url, data: data))
        {
            await _results.DisposeAsync();
            _results = await Subscriber.AttachAsync(mosquitto.Url, "sensors/+/result");
            await SubscribedAsync();
            await SendAsync("x", "@a first", correlation: [1, 0, 255]);
            await SendAsync("x", "second");
            await SendAsync("y", "short", expiry: 4);
            using TelemetrySensor gone = await TelemetrySensor.GreetAsync(first, "gone");
            await SendAsync("gone", "reboot");
            Assert.Equal("C 1 reboot", await gone.NextAsync());

            // As a power cut would leave it: what the gateway does from here on is not there.
            File.Copy(Path.Join(data, CommandJournal.Name), Path.Join(data, "copy"));
            await File.AppendAllTextAsync(Path.Join(data, "copy"), "put 99 12");
            Task stopped = first.StopAsync();
            Assert.Equal("closed 1001", await gone.NextAsync());
            await gone.CloseAsync();
            await stopped;
            File.Move(Path.Join(data, "copy"), Path.Join(data, CommandJournal.Name), overwrite: true);

            // Told by the stop.
            Assert.Equal("error the connection was lost", (await NextResultAsync()).Text);
        }

        await using TestGateway second = await TestGateway.StartAsync(mosquitto.Url, data: data);
        Assert.Equal("error the gateway stopped before the sensor had answered", (await NextResultAsync()).Text);
        Subscriber.Heard expired = await NextResultAsync();
        Assert.Equal(("sensors/y/result", "expired"), (expired.Topic, expired.Text));
        using TelemetrySensor sensor = await TelemetrySensor.GreetAsync(second);
        Assert.Equal("C 1 first", await sensor.NextAsync());
        await sensor.SendAsync("C 1 ok");
        Subscriber.Heard result = await NextResultAsync();
        Assert.Equal("@a ok", result.Text);
        Assert.Equal([1, 0, 255], result.CorrelationData);
        Assert.Equal("C 2 second", await sensor.NextAsync());
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
        using TelemetrySensor first = await TelemetrySensor.GreetAsync(_gateway);
        await SendAsync("x", "reboot", retain: true);
        Assert.Equal("C 1 reboot", await first.NextAsync());
        await using TestGateway second = await TestGateway.StartAsync(_gateway.Broker);
        using TelemetrySensor sensor = await TelemetrySensor.GreetAsync(second);

        Task<string> told = sensor.NextAsync();
        await RepeatAsync(told, () => SendAsync("x", "identify"));

        Assert.Equal("C 1 identify", await told);
    }

    [Fact]
    public async Task TooManyCommandsAtATimeAreAnsweredWithAnError()
    {
        for (int i = 0; i <= CommandQueues.MaxPerSensor; i++)
        {
            await SendAsync("x", "identify");
        }

        Assert.Equal($"error {CommandQueues.MaxPerSensor} commands are waiting for the sensor", (await NextResultAsync()).Text);
    }

    [Fact]
    public async Task CommandToWhatCannotBeASensorIsAnsweredWithAnError()
    {
        await SendAsync("a.b", "identify");

        Assert.Equal("error no sensor can have that id", (await NextResultAsync()).Text);
    }

    [Fact]
    public async Task CorrelationDataThatIsTooLargeIsAnsweredWithAnError()
    {
        await SendAsync("away", "identify", correlation: new byte[CommandRelay.MaxCorrelationData + 1]);

        Subscriber.Heard result = await NextResultAsync();
        Assert.Equal($"error the correlation data has at most {CommandRelay.MaxCorrelationData} bytes", result.Text);
        Assert.Equal(CommandRelay.MaxCorrelationData + 1, result.CorrelationData!.Length);
        await SendAsync("away", "identify", expiry: 1, correlation: new byte[CommandRelay.MaxCorrelationData]);
        Assert.Equal("expired", (await NextResultAsync()).Text);
    }

    [Fact]
    public void JournalStaysSmallAndPassesOverWhatItCannotRead()
    {
        using TempDirectory directory = new();
        string path = Path.Join(directory.Path, CommandJournal.Name);
        File.WriteAllText(path, "put 7 1790000000000 4000000000000 x - - interval 10 \nnonsense\nput 8 x\nsent 7\nput 9 1 1 y - - z\ndone 9\nresult 7 er");
        using GatewayMetrics metrics = new();
        using CommandJournal journal = new(directory.Path, metrics, Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance);

        Command kept = Assert.Single(journal.ToList());

        Assert.Equal(("x", "interval 10 ", true, null), (kept.Sensor, kept.Text, kept.IsSent, kept.Result));
        long largest = 0;
        for (int i = 0; i < 1500; i++)
        {
            Command command = new() { Sensor = "x", Text = "identify", TimeToLive = TimeSpan.FromHours(1), Arrived = DateTimeOffset.UtcNow, Expiry = 0 };
            journal.Add(command);
            Assert.True(command.Number > 9);
            journal.Remove(command);
            largest = Math.Max(largest, new FileInfo(path).Length);
        }

        Assert.InRange(new FileInfo(path).Length, 1, largest - 1);
        Assert.Single(journal.ToList());
    }

    public async ValueTask DisposeAsync()
    {
        await _results.DisposeAsync();
        await _gateway.DisposeAsync();
    }

    // The gateway subscribes when it gets to it; it has once a command is answered.
    private async Task SubscribedAsync()
    {
        Task<Subscriber.Heard> answer = _results.NextHeardAsync();
        await RepeatAsync(answer, () => SendAsync("probe", ""));
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
