using System;
using System.IO;
using System.Net.Http;
using System.Net.Sockets;
using System.Threading.Tasks;
using MQTTnet;
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
