using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using MQTTnet;
using MQTTnet.Formatter;
using MQTTnet.Protocol;

namespace RpiGateway.Tests;

/// <summary>The gateway's client with Mosquitto, by each scheme and credential, and with brokers that refuse.</summary>
public sealed class MqttConnectionTests : IAsyncLifetime
{
    private readonly TempDirectory _directory = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Task> _running = [];
    private readonly LineLogger _log = new();

    [Theory]
    [InlineData("mqtt")]
    [InlineData("ws")]
    [InlineData("mqtts")]
    [InlineData("wss")]
    public async Task PasswordLetsIn(string scheme)
    {
        bool isSecure = scheme is "mqtts" or "wss";
        string passwords = Write("passwords", "gateway:secret\n");
        await using Tool hashing = Tool.Start(Tool.Find("mosquitto_passwd"), ["-U", passwords]);
        await hashing.ExitAsync();
        await using Mosquitto mosquitto = await Mosquitto.StartNewAsync(
            scheme, [.. isSecure ? TlsConfiguration(requiresCertificate: false) : [], "allow_anonymous false", $"password_file {passwords}"]);
        string file = Write("password", "wrong\n");
        TaskCompletionSource<AttachedClient> attached = Attach(
            new BrokerSettings { Urls = [mosquitto.Url], User = "gateway", PasswordFile = file, Ca = isSecure ? RootFile() : null });

        // Refused until the file has the right one.
        Assert.DoesNotContain("wrong", await _log.LineAsync("NotAuthorized"));
        Assert.False(attached.Task.IsCompleted);
        File.WriteAllText(file, "secret\n");

        Assert.True((await attached.Task.InTime()).Client.IsConnected);
    }

    [Theory]
    [InlineData("mqtts")]
    [InlineData("wss")]
    public async Task ClientCertificateLetsIn(string scheme)
    {
        await using Mosquitto mosquitto = await Mosquitto.StartNewAsync(scheme, TlsConfiguration());
        string client = Write("client.pem", TestCertificates.Client.ExportCertificatePem());
        string key = Write("client.key", TestCertificates.Client.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());

        TaskCompletionSource<AttachedClient> attached = Attach(new BrokerSettings { Urls = [mosquitto.Url], Certificate = client, Key = key, Ca = RootFile() });

        Assert.Equal(MqttClientPublishReasonCode.Success, (await PublishToItselfAsync((await attached.Task.InTime()).Client)).ReasonCode);
    }

    [Theory]
    [InlineData("mqtts")]
    [InlineData("wss")]
    public async Task BrokerOfAnotherRootIsNotTrusted(string scheme)
    {
        await using Mosquitto mosquitto = await Mosquitto.StartNewAsync(scheme, TlsConfiguration());
        string other = Write("other.pem", TestCertificates.OtherRoot.ExportCertificatePem());

        TaskCompletionSource<AttachedClient> attached = Attach(new BrokerSettings { Urls = [mosquitto.Url], Ca = other });

        await _log.LineAsync("certificate");
        Assert.False(attached.Task.IsCompleted);
    }

    [Fact]
    public async Task GatewayStaysWhereItIsAttachedUntilThatIsLost()
    {
        await using Mosquitto first = new("mqtt", []);
        await using Mosquitto second = await Mosquitto.StartNewAsync("mqtt", []);
        LineLogger log = new();
        List<AttachedClient> clients = [];
        SemaphoreSlim attached = new(0);
        MqttConnection connection = new(
            BrokerTarget.AtUrls(new BrokerSettings { Urls = [first.Url, second.Url, Mosquitto.NowhereUrl()] }, _directory.Path, log), "Test",
            client =>
            {
                clients.Add(client);
                attached.Release();
                return Task.CompletedTask;
            },
            log);
        _running.Add(connection.RunAsync(_stop.Token));
        await attached.WaitAsync().InTime();
        Assert.Contains($"{second.Url.Port}/ by MQTT 5", log.Lines.Last());

        // The first comes, and the gateway stays with the second: for two rounds of pings it goes nowhere.
        await first.StartAsync();
        await clients[0].Client.PingAsync().InTime();
        Assert.False(await attached.WaitAsync(TimeSpan.FromSeconds(2)));
        await clients[0].Client.PingAsync().InTime();
        Assert.False(clients[0].Lost.IsCancellationRequested);

        // Only when that is lost it goes on: past the third, which is nowhere, to the first, which is there.
        await second.KillAsync();
        await attached.WaitAsync().InTime();
        Assert.True(clients[0].Lost.IsCancellationRequested);
        await log.LineAsync($"{first.Url.Port}/ by MQTT 5");
        Assert.Equal(MqttClientPublishReasonCode.Success, (await PublishToItselfAsync(clients[1].Client)).ReasonCode);
    }

    [Fact]
    public async Task WillIsPublishedWhenTheClientIsGone()
    {
        await using Mosquitto mosquitto = await Mosquitto.StartNewAsync();
        await using Subscriber subscriber = await Subscriber.AttachAsync(mosquitto.Url, "gateway/status");
        MqttApplicationMessage will = new MqttApplicationMessageBuilder().WithTopic("gateway/status").WithPayload("offline")
            .WithQualityOfServiceLevel(MqttQualityOfServiceLevel.AtLeastOnce).WithRetainFlag().Build();
        TaskCompletionSource<AttachedClient> attached = Attach(new BrokerSettings { Urls = [mosquitto.Url] }, will);

        // Without a DISCONNECT.
        (await attached.Task.InTime()).Client.Dispose();

        Assert.Equal("offline", (await subscriber.NextHeardAsync()).Text);
        await using Subscriber late = await Subscriber.AttachAsync(mosquitto.Url, "gateway/status");
        Assert.Equal("offline", (await late.NextHeardAsync()).Text);
    }

    /// <summary>A broker of MQTT 3.1.1 alone, as its refusal of 5 may look: in the form of 3.1.1, in that of 5, or a close.</summary>
    [Theory]
    [InlineData(new byte[] { 0x20, 2, 0, 1 }, 1)]
    [InlineData(new byte[] { 0x20, 3, 0, 0x84, 0 }, 1)]
    [InlineData(new byte[0], 2)]
    public async Task Version311IsSpokenWhereTheBrokerHasNo5(byte[] refusal, int asked)
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        int fives = 0;
        Task broker = Task.Run(async () =>
        {
            // Two connections stand, one after the other.
            for (int stood = 0; stood < 2;)
            {
                using TcpClient peer = await listener.AcceptTcpClientAsync(_stop.Token);
                NetworkStream stream = peer.GetStream();
                byte[] connect = new byte[9];
                await stream.ReadExactlyAsync(connect, _stop.Token);
                if (connect[8] == 5)
                {
                    fives++;
                    await stream.WriteAsync(refusal, _stop.Token);
                    continue;
                }

                Assert.Equal(4, connect[8]);
                await stream.WriteAsync(new byte[] { 0x20, 2, 0, 0 }, _stop.Token);
                stood++;
            }
        });
        Uri url = new($"mqtt://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}");

        TaskCompletionSource<AttachedClient> attached = Attach(new BrokerSettings { Urls = [url] });

        Assert.Equal(MqttProtocolVersion.V311, (await attached.Task.InTime()).Client.Options.ProtocolVersion);
        await broker.InTime();
        Assert.Equal(asked, fives);
    }

    [Fact]
    public void IdentityStaysAndIsMadeAnewWhereItIsBroken()
    {
        string identity = BrokerTargets.At(_directory.Path).Identity;
        Assert.Matches("^[0-9a-z]{8}$", identity);
        Assert.Equal(identity, BrokerTargets.At(_directory.Path).Identity);

        Write("mqtt-identity", "a/+#");

        Assert.Matches("^[0-9a-z]{8}$", BrokerTargets.At(_directory.Path).Identity);
    }

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_running).InTime();
        _stop.Dispose();
        _directory.Dispose();
    }

    private static async Task<MqttClientPublishResult> PublishToItselfAsync(IMqttClient client)
    {
        await client.SubscribeAsync("t").InTime();
        return await client.PublishStringAsync("t", "x", MqttQualityOfServiceLevel.AtLeastOnce).InTime();
    }

    private TaskCompletionSource<AttachedClient> Attach(BrokerSettings settings, MqttApplicationMessage? will = null)
    {
        TaskCompletionSource<AttachedClient> attached = new(TaskCreationOptions.RunContinuationsAsynchronously);
        BrokerTarget target = BrokerTarget.AtUrls(settings, _directory.Path, _log);
        MqttConnection connection = new(
            target,
            "Test",
            client =>
            {
                attached.TrySetResult(client);
                return Task.CompletedTask;
            },
            _log)
        {
            Will = will,
        };
        _running.Add(connection.RunAsync(_stop.Token));
        return attached;
    }

    private string[] TlsConfiguration(bool requiresCertificate = true) =>
    [
        $"cafile {RootFile()}",
        $"certfile {Write("server.pem", TestCertificates.Server.ExportCertificatePem())}",
        $"keyfile {Write("server.key", TestCertificates.Server.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem())}",
        $"require_certificate {(requiresCertificate ? "true" : "false")}",
    ];

    private string RootFile() => Write("root.pem", TestCertificates.Root.ExportCertificatePem());

    private string Write(string name, string text)
    {
        string path = Path.Join(_directory.Path, name);
        File.WriteAllText(path, text);
        return path;
    }
}
