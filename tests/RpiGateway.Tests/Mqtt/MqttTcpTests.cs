using System;
using System.IO;
using System.Net.Http;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Threading.Tasks;
using MQTTnet;
using MQTTnet.Formatter;
using MQTTnet.Protocol;

namespace RpiGateway.Tests;

/// <summary>MQTT over TCP at the port of HTTP.</summary>
public sealed class MqttTcpTests
{
    [Fact]
    public async Task MqttAndHttpAndWebSocketShareAPort()
    {
        await using TestGateway gateway = await StartAsync(isOn: true);
        using HttpClient http = new();
        using IMqttClient client = new MqttClientFactory().CreateMqttClient();

        await client.ConnectAsync(new MqttClientOptionsBuilder().WithTcpServer("127.0.0.1", gateway.Address.Port).Build()).InTime();
        await using Subscriber subscriber = await Subscriber.AttachAsync(gateway.Broker, "t");
        await client.PublishStringAsync("t", "by TCP", MqttQualityOfServiceLevel.AtLeastOnce).InTime();

        Assert.Equal("by TCP", (await subscriber.NextHeardAsync()).Text);
        // Both are counted.
        Assert.Equal(2, (await Metrics.ReadAsync(gateway.Address))["""rpigateway_connections{"kind": "mqtt"}"""]);
        Assert.Equal("ok", (await http.GetStringAsync(new UriBuilder(gateway.Address) { Scheme = "http", Path = "/healthz" }.Uri).InTime()).Trim());
    }

    [Fact]
    public async Task BehindTlsADeviceComesInByItsSecretAndPublishesWhatIsItsOwn()
    {
        await using TestGateway gateway = await StartSecureAsync(ClientCertificates.None);
        string secret = gateway.AddDevice("attic");

        Assert.Equal(MqttClientConnectResultCode.NotAuthorized, (await ConnectAsync(gateway)).Code);
        Assert.Equal(MqttClientConnectResultCode.BadUserNameOrPassword, (await ConnectAsync(gateway, "attic", "wrong")).Code);
        (IMqttClient client, MqttClientConnectResultCode code) = await ConnectAsync(gateway, "attic", secret);
        using IMqttClient _ = client;
        Assert.Equal(MqttClientConnectResultCode.Success, code);
        Assert.Equal(
            MqttClientPublishReasonCode.NoMatchingSubscribers, (await client.PublishStringAsync("sensors/attic/telemetry", "x", MqttQualityOfServiceLevel.AtLeastOnce).InTime()).ReasonCode);
        Assert.Equal(
            MqttClientPublishReasonCode.NotAuthorized, (await client.PublishStringAsync("sensors/cellar/telemetry", "x", MqttQualityOfServiceLevel.AtLeastOnce).InTime()).ReasonCode);
    }

    [Fact]
    public async Task BehindTlsADeviceComesInByItsCertificateUntilItIsRevoked()
    {
        await using TestGateway gateway = await StartSecureAsync(ClientCertificates.Required);
        gateway.AddDevice("attic");
        using X509Certificate2 attic = OwnAuthority.Open(gateway.DataDirectory).IssueDevice("attic", DateTimeOffset.UtcNow);
        (IMqttClient client, MqttClientConnectResultCode code) = await ConnectAsync(gateway, certificate: attic);
        using IMqttClient _ = client;
        Assert.Equal(MqttClientConnectResultCode.Success, code);
        TaskCompletionSource lost = new(TaskCreationOptions.RunContinuationsAsynchronously);
        client.DisconnectedAsync += _ =>
        {
            lost.TrySetResult();
            return Task.CompletedTask;
        };
        Assert.True(client.IsConnected);

        gateway.Revoke("attic");

        await lost.Task.InTime();
        Assert.Equal(MqttClientConnectResultCode.NotAuthorized, (await ConnectAsync(gateway, certificate: attic)).Code);
    }

    [Fact]
    public async Task ClaimOf256MegabytesIsRefused()
    {
        await using TestGateway gateway = await StartAsync(isOn: true);

        Assert.Equal(0, await AnswerAsync(gateway, [0x10, 0xFF, 0xFF, 0xFF, 0x7F, 0x00]));
    }

    [Fact]
    public async Task MissingRestOfConnectIsRefusedAfterAWhile()
    {
        await using TestGateway gateway = await StartAsync(isOn: true);

        Assert.Equal(0, await AnswerAsync(gateway, RawPeer.Connect[..5]));
    }

    [Fact]
    public async Task ItIsOffUnlessAskedFor()
    {
        await using TestGateway gateway = await StartAsync(isOn: false);

        // HTTP's answer, 400, or a close.
        Assert.NotEqual(0x20, await AnswerAsync(gateway, RawPeer.Connect));
    }

    private static Task<TestGateway> StartAsync(bool isOn) => TestGateway.StartAsync(brokers: new BrokerSettings { Tcp = isOn });

    private static Task<TestGateway> StartSecureAsync(ClientCertificates certificates) => TestGateway.StartAsync(
        brokers: new BrokerSettings { Tcp = true }, urls: "https://127.0.0.1:0",
        access: new AccessSettings { TrustLoopback = false, Tls = new TlsSettings { ClientCertificates = certificates } });

    // Over TLS, by the gateway's own root.
    private static async Task<(IMqttClient Client, MqttClientConnectResultCode Code)> ConnectAsync(
        TestGateway gateway, string? user = null, string? secret = null, X509Certificate2? certificate = null)
    {
        IMqttClient client = new MqttClientFactory().CreateMqttClient();
        MqttClientOptionsBuilder options = new MqttClientOptionsBuilder()
            .WithProtocolVersion(MqttProtocolVersion.V500)
            .WithTcpServer("127.0.0.1", gateway.Address.Port)
            .WithTlsOptions(tls => tls.WithTrustChain([gateway.Access.Tls!.Root!]).WithClientCertificates(certificate is null ? [] : [certificate]));
        if (user is not null)
        {
            options.WithCredentials(user, secret);
        }

        return (client, (await client.ConnectAsync(options.Build()).InTime()).ResultCode);
    }

    // The first byte of the answer; 0 where the connection is closed instead.
    private static async Task<byte> AnswerAsync(TestGateway gateway, byte[] request)
    {
        using TcpClient peer = new();
        await peer.ConnectAsync("127.0.0.1", gateway.Address.Port).InTime();
        await peer.GetStream().WriteAsync(request).AsTask().InTime();
        byte[] answer = new byte[1];
        try
        {
            await peer.GetStream().ReadAsync(answer).AsTask().InTime();
        }
        catch (IOException)
        {
            // Reset, which is a close.
        }

        return answer[0];
    }
}
