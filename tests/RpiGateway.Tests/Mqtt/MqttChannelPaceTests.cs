using System;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.Extensions.Logging.Abstractions;
using MQTTnet.Channel;

namespace RpiGateway.Tests;

/// <summary>An MQTT client that sends too fast is not read until it may go on.</summary>
public sealed class MqttChannelPaceTests : IDisposable
{
    private static readonly byte[] PingRequest = [0xC0, 0];

    private readonly ManualTime _time = new();
    private readonly GatewayMetrics _metrics = new();
    private readonly Refusals _refusals;
    private readonly MessagePace _pace;

    public MqttChannelPaceTests()
    {
        _refusals = new Refusals(_metrics, NullLogger.Instance, TimeProvider.System);
        _pace = new MessagePace(4, _time);
    }

    [Fact]
    public async Task OverAStream()
    {
        Pipe fromClient = new();
        using MqttStreamChannel channel = new(
            new Duplex(fromClient.Reader, new Pipe().Writer), new IPEndPoint(IPAddress.Loopback, 1), static () => { }, _pace, _refusals, NullLogger.Instance);

        await AssertPacedAsync(channel, async packet => await fromClient.Writer.WriteAsync(packet));
    }

    [Fact]
    public async Task OverWebSocket()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        using TcpClient near = new();
        await near.ConnectAsync((IPEndPoint)listener.LocalEndpoint).InTime();
        using TcpClient far = await listener.AcceptTcpClientAsync().InTime();
        using WebSocket client = WebSocket.CreateFromStream(near.GetStream(), new WebSocketCreationOptions());
        using WebSocket server = WebSocket.CreateFromStream(far.GetStream(), new WebSocketCreationOptions { IsServer = true });
        using MqttWebSocketChannel channel = new(server, null, null, _pace, _refusals, NullLogger.Instance);

        await AssertPacedAsync(channel, packet => client.SendAsync(packet, WebSocketMessageType.Binary, true, CancellationToken.None));
    }

    public void Dispose()
    {
        _refusals.Dispose();
        _metrics.Dispose();
    }

    private async Task AssertPacedAsync(IMqttChannel channel, Func<byte[], Task> sendAsync)
    {
        byte[] buffer = new byte[100];
        await sendAsync(RawPeer.Connect).InTime();
        Assert.Equal(RawPeer.Connect.Length, await channel.ReadAsync(buffer, 0, buffer.Length, CancellationToken.None).InTime());

        // The fifth of four is known only once it is here.
        for (int i = 0; i < 4; i++)
        {
            await sendAsync(PingRequest).InTime();
            Assert.Equal(PingRequest.Length, await channel.ReadAsync(buffer, 0, buffer.Length, CancellationToken.None).InTime());
        }

        await sendAsync(PingRequest).InTime();
        Task<int> next = channel.ReadAsync(buffer, 0, buffer.Length, CancellationToken.None);

        // Without a pace the read, of what is here or will be in a moment, would be done.
        await Task.WhenAny(next, Task.Delay(200));
        Assert.False(next.IsCompleted);
        _time.Advance(TimeSpan.FromMilliseconds(251));
        _time.FireTimers();
        Assert.Equal(PingRequest.Length, await next.InTime());
    }

    private sealed record Duplex(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
