using System;
using System.Net.WebSockets;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Ws.Micro.AspNetCore.Tests;

public abstract class LifetimeTests(bool onMicroSockets) : SocketsTests(onMicroSockets)
{
    private const int Text = 1, Close = 8, Ping = 9, Pong = 10;

    [Theory]
    [InlineData(Timeout.Infinite)]
    [InlineData(60_000)]
    public async Task Pings_are_sent_at_the_interval_and_a_peer_that_answers_stays(int timeout)
    {
        await using KestrelServer server = await KestrelServer.StartAsync(KestrelServer.EchoAsync, new WebSocketOptions
        {
            KeepAliveInterval = TimeSpan.FromMilliseconds(50),
            KeepAliveTimeout = TimeSpan.FromMilliseconds(timeout),
        });
        using RawClient client = await HandshakeAsync(server);
        for (int i = 0; i < 3; i++)
        {
            (int opcode, byte[] payload) = await client.ReadFrameAsync();
            Assert.Equal(Ping, opcode);
            await client.SendAsync(RawClient.Frame(Pong, payload));
        }
        await client.SendAsync(RawClient.Frame(Text, "on"u8.ToArray()));
        (int Opcode, byte[] Payload) frame;
        while ((frame = await client.ReadFrameAsync()).Opcode == Ping)
        {
            await client.SendAsync(RawClient.Frame(Pong, frame.Payload));
        }

        Assert.Equal("on"u8.ToArray(), frame.Payload);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_peer_that_stops_answering_is_dropped(bool setOnAccept)
    {
        TimeSpan interval = TimeSpan.FromMilliseconds(50), timeout = TimeSpan.FromMilliseconds(100);
        var error = new TaskCompletionSource<Exception?>();
        await using KestrelServer server = await KestrelServer.StartAsync(async context =>
        {
            using WebSocket socket = await context.WebSockets.AcceptWebSocketAsync(setOnAccept
                ? new WebSocketAcceptContext { KeepAliveInterval = interval, KeepAliveTimeout = timeout }
                : new WebSocketAcceptContext());
            error.SetResult(await Record.ExceptionAsync(async () => await socket.ReceiveAsync(new byte[10], default)));
        },
        setOnAccept ? null : new WebSocketOptions { KeepAliveInterval = interval, KeepAliveTimeout = timeout });
        using RawClient client = await HandshakeAsync(server);
        Assert.Equal(Ping, (await client.ReadFrameAsync()).Opcode);
        await client.ReadToEndAsync();
        Assert.IsAssignableFrom<WebSocketException>(await error.Task.WaitAsync(KestrelServer.Deadline));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_was_sent_before_the_endpoint_returned_or_failed_arrives_and_the_connection_ends(bool fails)
    {
        await using KestrelServer server = await KestrelServer.StartAsync(async context =>
        {
            WebSocket socket = await context.WebSockets.AcceptWebSocketAsync();
            await socket.SendAsync("last words"u8.ToArray(), WebSocketMessageType.Text, true, context.RequestAborted);
            if (fails)
            {
                throw new InvalidOperationException("The endpoint fails.");
            }
        });
        using RawClient client = await HandshakeAsync(server);
        Assert.Equal("last words"u8.ToArray(), (await client.ReadFrameAsync()).Payload);
        Assert.Equal("", await client.ReadToEndAsync());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Aborting_or_disposing_the_socket_ends_the_connection_while_the_endpoint_runs_on(bool dispose)
    {
        var ended = new TaskCompletionSource();
        await using KestrelServer server = await KestrelServer.StartAsync(async context =>
        {
            WebSocket socket = await context.WebSockets.AcceptWebSocketAsync();
            await socket.ReceiveAsync(new byte[10], context.RequestAborted);
            if (dispose)
            {
                socket.Dispose();
            }
            else
            {
                socket.Abort();
            }

            await ended.Task;
        },
        new MicroWebSocketMiddlewareOptions { CloseTimeout = TimeSpan.FromMilliseconds(100) });
        using RawClient client = await HandshakeAsync(server);
        await client.SendAsync(RawClient.Frame(Text, "end"u8.ToArray()));
        Assert.Equal("", await client.ReadToEndAsync());
        ended.SetResult();
    }

    [Fact]
    public async Task A_peer_that_vanishes_is_an_error_of_the_pending_receive()
    {
        var error = new TaskCompletionSource<Exception?>();
        await using KestrelServer server = await KestrelServer.StartAsync(async context =>
        {
            using WebSocket socket = await context.WebSockets.AcceptWebSocketAsync();
            error.SetResult(await Record.ExceptionAsync(async () => await socket.ReceiveAsync(new byte[10], default)));
        });
        (await HandshakeAsync(server)).Dispose();
        Exception? vanished = await error.Task.WaitAsync(KestrelServer.Deadline);
        Assert.Equal(WebSocketError.ConnectionClosedPrematurely, Assert.IsAssignableFrom<WebSocketException>(vanished).WebSocketErrorCode);
    }

    [Fact]
    public async Task After_a_protocol_error_the_echo_owed_and_the_close_frame_arrive_first()
    {
        await using KestrelServer server = await KestrelServer.StartAsync(KestrelServer.EchoAsync);
        using RawClient client = await HandshakeAsync(server);
        byte[] reservedOpcode = RawClient.Frame(3, []);
        await client.SendAsync([.. RawClient.Frame(Text, "owed"u8.ToArray()), .. reservedOpcode, .. new byte[100_000]]);
        Assert.Equal("owed"u8.ToArray(), (await client.ReadFrameAsync()).Payload);
        (int opcode, byte[] payload) = await client.ReadFrameAsync();
        Assert.Equal((Close, 1002), (opcode, (payload[0] << 8) | payload[1]));
        await client.ReadToEndAsync();
    }

    private static async Task<RawClient> HandshakeAsync(KestrelServer server)
    {
        RawClient client = await RawClient.ConnectAsync(server);
        await client.SendAsync(RawClient.Head(server, "GET / HTTP/1.1"));
        Assert.StartsWith("HTTP/1.1 101 ", await client.ReadHeadAsync());
        return client;
    }
}

public sealed class LifetimeOnKestrelsSocketsTests() : LifetimeTests(onMicroSockets: false);

public sealed class LifetimeOnMicroSocketsTests() : LifetimeTests(onMicroSockets: true);
