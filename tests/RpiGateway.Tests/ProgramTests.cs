using System;
using System.Collections.Generic;
using System.IO;
using System.Net.WebSockets;
using System.Threading;
using System.Threading.Tasks;

namespace RpiGateway.Tests;

/// <summary>The gateway as a program: options, exit codes, signals and log.</summary>
public sealed class ProgramTests
{
    [Theory]
    // All settings and more values: SettingsTests.
    [InlineData("simulate", "x", "0 to 2000")]
    [InlineData("urls", "http://0.0.0.0:5080", "AllowPlaintext")]
    [InlineData("Tls:ClientAuthority", "/nowhere.pem", "a PEM file")]
    [InlineData("DataDirectory", "/dev/null/data", "can be written to")]
    [InlineData("Logging:LogLevel:Default", "loud", "Warning")]
    public async Task WrongValueIsOneLineAndExitCode2(string name, string value, string allowed)
    {
        await using Tool gateway = Start($"--{name}", value);

        string line = await AssertRefusedAsync(gateway, 2);

        Assert.StartsWith($"{name} is '{value}'", line);
        Assert.Contains(allowed, line);
    }

    [Theory]
    [InlineData("--Brokr", "x")]
    [InlineData("simulate", "3")]
    [InlineData("-simulate", "3")]
    [InlineData("--simulate")]
    [InlineData("--simulate=3", "extra")]
    public async Task UnknownOptionOrMissingValueIsOneLineAndExitCode2(params string[] arguments)
    {
        await using Tool gateway = Start(arguments);

        Assert.Contains("option '", await AssertRefusedAsync(gateway, 2));
    }

    [Fact]
    public async Task WrongValueInTheEnvironmentIsNamedToo()
    {
        await using Tool gateway = Tool.Start("env", ["RPIGATEWAY_simulate=many", "dotnet", Program]);

        Assert.StartsWith("simulate is 'many'", await AssertRefusedAsync(gateway, 2));
    }

    [Fact]
    public async Task PortInUseIsOneLineAndExitCode1()
    {
        await using TestGateway other = await TestGateway.StartAsync();
        await using Tool gateway = Start("--urls", $"http://127.0.0.1:{other.Address.Port}");

        Assert.Contains($"{other.Address.Port}", await AssertRefusedAsync(gateway, 1));
    }

    [Fact]
    public async Task HelpNamesEachOption()
    {
        await using Tool gateway = Start("--help");

        (int code, List<string> output, List<string> errors) = await gateway.ExitAsync();

        Assert.Equal(0, code);
        Assert.Empty(errors);
        foreach (string option in new[] { "--urls", "--simulate", "--Broker", "--DataDirectory" })
        {
            Assert.Contains(output, line => line.Contains(option, StringComparison.Ordinal));
        }
    }

    [Theory]
    [InlineData("TERM")]
    [InlineData("INT")]
    public async Task SignalClosesSensorsAndExitsWith0(string signal)
    {
        string data = Directory.CreateTempSubdirectory("gateway-").FullName;
        await using Tool gateway = Start("--urls", "http://127.0.0.1:0", "--simulate", "2", "--DataDirectory", Path.Join(data, "new"));
        string address = (await gateway.NextLineAsync()).Split(' ')[^1];
        using ClientWebSocket sensor = new();
        await sensor.ConnectAsync(new Uri(address.Replace("{id}", "x", StringComparison.Ordinal)), CancellationToken.None).InTime();

        await gateway.SignalAsync(signal);

        WebSocketReceiveResult received = await sensor.ReceiveAsync(new byte[100], CancellationToken.None).InTime();
        Assert.Equal(WebSocketCloseStatus.EndpointUnavailable, received.CloseStatus);
        await sensor.CloseOutputAsync(WebSocketCloseStatus.EndpointUnavailable, null, CancellationToken.None);
        Assert.Equal(0, (await gateway.ExitAsync()).Code);
        Directory.Delete(data, recursive: true);
    }

    [Fact]
    public async Task StopEndsThoughTheBrokerIsAwayAndASensorIsSilent()
    {
        await using Tool gateway = Start("--urls", "http://127.0.0.1:0", "--Broker", Mosquitto.NowhereUrl().AbsoluteUri);
        string address = (await gateway.NextLineAsync()).Split(' ')[^1];
        using ClientWebSocket sensor = new();
        await sensor.ConnectAsync(new Uri(address.Replace("{id}", "x", StringComparison.Ordinal)), CancellationToken.None).InTime();
        await sensor.SendAsync(new byte[1], WebSocketMessageType.Binary, true, CancellationToken.None);

        await gateway.SignalAsync("TERM");

        Assert.Contains("Stopped with 1 sensor", await gateway.ErrorLineAsync("Stopped with"));
        Assert.Equal(0, (await gateway.ExitAsync()).Code);
    }

    // It neither reads nor answers, and holds what was on its way to it.
    [Theory]
    [InlineData("mqtt")]
    [InlineData("ws")]
    public async Task StopEndsThoughTheBrokerHangs(string scheme)
    {
        const int Readings = 300;
        await using Mosquitto mosquitto = await Mosquitto.StartNewAsync(scheme, []);
        await using Tool gateway = Start("--urls", "http://127.0.0.1:0", "--Broker", mosquitto.Url.AbsoluteUri);
        Uri address = new((await gateway.NextLineAsync()).Split(' ')[^1].Replace("sensors/{id}", "", StringComparison.Ordinal));
        using TelemetrySensor sensor = await TelemetrySensor.GreetAsync(address);
        await sensor.SendAsync("R 1 x");
        await sensor.AcknowledgedAsync(1);
        await gateway.ErrorLineAsync("RpiGatewayReadings: attached");
        await mosquitto.SignalAsync("STOP");
        string large = new('x', 50_000);
        for (int i = 2; i <= Readings; i++)
        {
            await sensor.SendAsync($"R {i} {large}");
            await sensor.AcknowledgedAsync(i);
        }

        await gateway.SignalAsync("TERM");

        Assert.Equal("closed 1001", await sensor.NextAsync());
        await sensor.CloseAsync();
        Assert.Equal(0, (await gateway.ExitAsync()).Code);
    }

    [Fact]
    public async Task LogCanBeJsonWithANameForEachValue()
    {
        await using Tool gateway = Start("--urls", "http://127.0.0.1:0", "--Logging:Console:FormatterName", "json");
        string address = (await gateway.NextLineAsync()).Split(' ')[^1];

        await RawPeer.RefusedUpgradeAsync(new Uri(address.Replace("{id}", "a.b", StringComparison.Ordinal)), null);

        using System.Text.Json.JsonDocument line = System.Text.Json.JsonDocument.Parse(await gateway.ErrorLineAsync("Refused"));
        System.Text.Json.JsonElement state = line.RootElement.GetProperty("State");
        Assert.StartsWith("/sensors/a.b from 127.0.0.1:", state.GetProperty("Who").GetString());
        Assert.Equal("HTTP 400", state.GetProperty("How").GetString());
        Assert.Equal("Refused {Who}: {Why} ({How})", state.GetProperty("{OriginalFormat}").GetString());
    }

    [Fact]
    public async Task RefusalIsOneLogLine()
    {
        await using Tool gateway = Start("--urls", "http://127.0.0.1:0");
        string address = (await gateway.NextLineAsync()).Split(' ')[^1];

        await RawPeer.RefusedUpgradeAsync(new Uri(address.Replace("{id}", "a.b", StringComparison.Ordinal)), null);

        Assert.Contains("/sensors/a.b", await gateway.ErrorLineAsync("Refused"));
        await gateway.SignalAsync("TERM");
        Assert.DoesNotContain((await gateway.ExitAsync()).Errors, line => line.Contains("Refused", StringComparison.Ordinal));
    }

    internal static string Program => Path.Join(AppContext.BaseDirectory, "RpiGateway.dll");

    /// <summary>Starts the gateway.</summary>
    // Tests that run in a shell's background ignore SIGINT, and so would what they start.
    internal static Tool Start(params string[] arguments)
    {
        // Each has data of its own, unless the arguments say where.
        string data = Directory.CreateTempSubdirectory("gateway-").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(data, recursive: true);
        return Tool.Start("env", ["--default-signal=INT", $"RPIGATEWAY_DataDirectory={data}", "dotnet", Program, .. arguments]);
    }

    private static async Task<string> AssertRefusedAsync(Tool gateway, int code)
    {
        (int exitCode, List<string> output, List<string> errors) = await gateway.ExitAsync();
        Assert.Empty(output);
        string line = Assert.Single(errors);
        Assert.Equal(code, exitCode);
        return line;
    }
}
