using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net.WebSockets;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using MQTTnet;

namespace RpiGateway.Tests.Access;

/// <summary>The gateway as a program over TLS, with the most verbose log: what it does there, and that no secret gets out.</summary>
public sealed class SecretsTests
{
    [Fact]
    public async Task NoSecretIsEverWritten()
    {
        using TempDirectory data = new();
        string device = await AddAsync("devices", "attic", data.Path);
        string user = await AddAsync("users", "someone", data.Path);
        await using Tool gateway = Tool.Start(
            "env",
            [
                "RPIGATEWAY_Logging__LogLevel__Default=Trace", "RPIGATEWAY_Logging__LogLevel__Microsoft.AspNetCore=Trace", "RPIGATEWAY_Logging__LogLevel__RpiGateway=Trace",
                "dotnet", Path.Join(AppContext.BaseDirectory, "RpiGateway.dll"),
                "--urls", "https://127.0.0.1:0", "--DataDirectory", data.Path, "--simulate", "1", "--TrustLoopback", "false",
            ]);
        List<string> lines = [await gateway.NextLineAsync()];
        Uri sensor = new(lines[0].Split(' ')[^1].Replace("{id}", "attic", StringComparison.Ordinal));

        // A simulated sensor's reading comes through, over TLS and with credentials.
        while (!lines[^1].StartsWith("sensors/sim-1/telemetry", StringComparison.Ordinal))
        {
            lines.Add(await gateway.NextLineAsync());
        }

        // The right secret and wrong uses of it.
        using ClientWebSocket attic = await ConnectAsync(sensor, "attic", device);
        await Assert.ThrowsAsync<WebSocketException>(() => ConnectAsync(sensor, "attic", user));
        await Assert.ThrowsAsync<WebSocketException>(() => ConnectAsync(sensor, device, "attic"));
        await Assert.ThrowsAsync<WebSocketException>(() => ConnectAsync(new Uri(sensor, "cellar"), "attic", device));
        Assert.Equal(MqttClientConnectResultCode.Success, await AttachAsync(sensor, "someone", user));
        Assert.Equal(MqttClientConnectResultCode.BadUserNameOrPassword, await AttachAsync(sensor, "someone", device));
        Assert.Equal(MqttClientConnectResultCode.BadUserNameOrPassword, await AttachAsync(sensor, user, "someone"));
        await using (Tool verb = ProgramTests.Start("devices", "revoke", "attic", "--DataDirectory", data.Path))
        {
            Assert.Equal(0, (await verb.ExitAsync()).Code);
        }

        Assert.Equal(WebSocketCloseStatus.PolicyViolation, (await attic.ReceiveAsync(new byte[100], CancellationToken.None).InTime()).CloseStatus);
        await gateway.SignalAsync("TERM");
        (int code, List<string> output, List<string> errors) = await gateway.ExitAsync();

        Assert.True(code == 0, string.Join('\n', errors.TakeLast(20).Prepend($"Exit code {code}.")));
        Assert.Contains(errors, static line => line.Contains("Refused /sensors/attic", StringComparison.Ordinal));
        Assert.Contains(errors, static line => line.Contains("trce: ", StringComparison.Ordinal) || line.Contains("dbug: ", StringComparison.Ordinal));
        string all = string.Join('\n', lines.Concat(output).Concat(errors))
            + string.Concat(Directory.EnumerateFiles(data.Path).Select(static path => File.ReadAllText(path, Encoding.Latin1)));
        foreach (string secret in new[] { device, user, Upgrade.Basic("attic", device).Value.Split(' ')[1] })
        {
            Assert.DoesNotContain(secret, all);
        }
    }

    private static async Task<string> AddAsync(string noun, string name, string data)
    {
        await using Tool verb = ProgramTests.Start(noun, "add", name, "--DataDirectory", data);
        return Assert.Single((await verb.ExitAsync()).Output);
    }

    private static async Task<ClientWebSocket> ConnectAsync(Uri url, string name, string secret)
    {
        ClientWebSocket socket = new();
        socket.Options.RemoteCertificateValidationCallback = static (_, _, _, _) => true;
        (string header, string value) = Upgrade.Basic(name, secret);
        socket.Options.SetRequestHeader(header, value);
        await socket.ConnectAsync(url, CancellationToken.None).InTime();
        return socket;
    }

    private static async Task<MqttClientConnectResultCode> AttachAsync(Uri sensor, string user, string secret)
    {
        using IMqttClient client = new MqttClientFactory().CreateMqttClient();
        MqttClientOptions options = new MqttClientOptionsBuilder()
            .WithWebSocketServer(server => server.WithUri(new Uri(sensor, "/mqtt").AbsoluteUri))
            .WithTlsOptions(static tls => tls.WithCertificateValidationHandler(static _ => true))
            .WithProtocolVersion(MQTTnet.Formatter.MqttProtocolVersion.V500)
            .WithCredentials(user, secret)
            .Build();
        return (await client.ConnectAsync(options).InTime()).ResultCode;
    }
}
