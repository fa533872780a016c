using System;
using System.Collections.Generic;
using System.Linq;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using Ws.Micro.Desktop.Tests.Support;

namespace Ws.Micro.Desktop.Tests;

/// <summary>The listener's opening handshakes (RFC 6455 §4.2), and clients that stall in them.</summary>
public sealed class ListenerTests
{
    [Theory]
    [InlineData(null, "", 101)]
    [InlineData("https://page.example", "", 403)]
    [InlineData("null", "", 403)]
    [InlineData("https://page.example", "https://page.example", 101)]
    [InlineData("HTTPS://Page.Example", "https://page.example", 101)]
    [InlineData("https://page.example.evil", "https://page.example", 403)]
    [InlineData("http://page.example", "https://page.example", 403)]
    [InlineData("https://page.example", "https://other.example https://page.example", 101)]
    [InlineData("https://page.example", "*", 101)]
    public async Task A_browsers_page_connects_only_from_an_origin_allowed(string? origin, string allowed, int status)
    {
        MicroWebSocketListenerOptions options = new();
        foreach (string item in allowed.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            options.AllowedOrigins.Add(item);
        }

        string answer = await AnswerAsync(options, origin == null ? RawHttp.Request() : RawHttp.Request("/", $"Origin: {origin}"));
        Assert.StartsWith($"HTTP/1.1 {status} ", answer);
    }

    [Theory]
    [InlineData("chat, mqtt", "mqtt,chat", "chat")]
    [InlineData("other, mqtt", "mqtt", "mqtt")]
    [InlineData("other", "mqtt", null)]
    [InlineData("MQTT", "mqtt", null)]
    [InlineData(null, "mqtt", null)]
    public async Task The_first_subprotocol_of_the_client_that_is_supported_is_chosen(string? offered, string supported, string? chosen)
    {
        MicroWebSocketListenerOptions options = new();
        foreach (string item in supported.Split(','))
        {
            options.SubProtocols.Add(item);
        }

        await using MicroWebSocketListener listener = Pair.Listen(options);
        using RawPeer client = await RawPeer.ConnectToAsync(listener.LocalEndPoint);
        await client.SendAsync(offered == null ? RawHttp.Request() : RawHttp.Request("/", $"Sec-WebSocket-Protocol: {offered}"));
        using MicroWebSocket server = await listener.AcceptAsync().InTime();
        Assert.Equal(chosen, server.SubProtocol);
        Assert.Equal(chosen, RawHttp.Header(await client.ReadHeadAsync(), "Sec-WebSocket-Protocol"));
    }

    [Theory]
    [InlineData(101)]
    [InlineData(401)]
    [InlineData(404)]
    [InlineData(503)]
    public async Task OnRequest_sees_the_request_and_gives_the_status(int status)
    {
        List<string> seen = [];
        MicroWebSocketListenerOptions options = new()
        {
            OnRequest = request =>
            {
                seen.Add($"{request.Path} {request.GetHeader("authorization")} {request.GetHeader("X-None") ?? "none"} {((IPEndPoint)request.RemoteEndPoint!).Address}");
                return status;
            },
        };
        string answer = await AnswerAsync(options, RawHttp.Request("/sensors/7?x=1", "Authorization: Bearer abc"));
        Assert.StartsWith($"HTTP/1.1 {status} ", answer);
        Assert.Equal(["/sensors/7?x=1 Bearer abc none 127.0.0.1"], seen);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(200)]
    [InlineData(1000)]
    [InlineData(-1)]
    public async Task OnRequest_that_fails_or_gives_no_status_is_answered_with_500(int status)
    {
        MicroWebSocketListenerOptions options = new() { OnRequest = _ => status >= 0 ? status : throw new InvalidOperationException("planted") };
        Assert.StartsWith("HTTP/1.1 500 ", await AnswerAsync(options, RawHttp.Request()));
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\nHost: test\r\n\r\n", 426)]
    [InlineData("POST / HTTP/1.1\r\nHost: test\r\n\r\n", 405)]
    [InlineData("GET / HTTP/1.0\r\nHost: test\r\n\r\n", 400)]
    [InlineData("GET / HTTP/1.1\r\nHost: test\r\n folded\r\n\r\n", 400)]
    [InlineData("GET / HTTP/1.1\nHost: test\n\n", 400)]
    [InlineData("\u0016\u0003\u0001\u0002", 400)]
    public async Task A_request_that_is_none_is_answered_and_the_connection_ends(string request, int status)
    {
        string answer = await AnswerAsync(new MicroWebSocketListenerOptions(), request);
        Assert.StartsWith($"HTTP/1.1 {status} ", answer);
        Assert.Equal("close", RawHttp.Header(answer, "Connection"));
    }

    // The rest of a refused request is not read as anything, and does not turn the answer's end into a reset.
    [Fact]
    public async Task A_head_over_the_limit_is_answered_with_431()
    {
        string answer = await AnswerAsync(new MicroWebSocketListenerOptions(), RawHttp.Request("/", "X: " + new string('a', 100_000)));
        Assert.StartsWith("HTTP/1.1 431 ", answer);
    }

    [Fact]
    public async Task Frames_in_the_packet_of_the_request_are_not_lost()
    {
        await using MicroWebSocketListener listener = Pair.Listen();
        using RawPeer client = await RawPeer.ConnectToAsync(listener.LocalEndPoint);
        byte[] large = new byte[6000];
        large.AsSpan().Fill(9);
        byte[] request = System.Text.Encoding.ASCII.GetBytes(RawHttp.Request());
        await client.SendAsync((byte[])[.. request, .. client.Frame(0x81, "with it"u8.ToArray()), .. client.Frame(0x82, large)]);
        using MicroWebSocket server = await listener.AcceptAsync().InTime();
        Assert.Equal("with it"u8.ToArray(), (await Echo.ReceiveAsync(server, 7)).Payload);
        Assert.Equal(large, (await Echo.ReceiveAsync(server, 6000)).Payload);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task While_many_clients_stall_others_go_on_and_the_stalling_are_dropped(bool isSecure)
    {
        MicroWebSocketListenerOptions options = new() { HandshakeTimeout = TimeSpan.FromSeconds(isSecure ? 3 : 2) };
        if (isSecure)
        {
            options.Tls = new SslServerAuthenticationOptions { ServerCertificate = TestCertificates.Server };
        }

        await using MicroWebSocketListener listener = Pair.Listen(options);
        List<RawPeer> stalling = [];
        for (int i = 0; i < 200; i++)
        {
            RawPeer peer = await RawPeer.ConnectToAsync(listener.LocalEndPoint);
            stalling.Add(peer);
            if (!isSecure && i % 2 == 0)
            {
                await peer.SendAsync("GET / HTTP/1.1\r\nHost: te");
            }
        }

        MicroWebSocketClientOptions clientOptions = new() { RootCertificates = { TestCertificates.Root } };
        for (int i = 0; i < 10; i++)
        {
            using MicroWebSocket client = await MicroWebSocketClient.ConnectAsync(isSecure ? listener.WssUri() : listener.WsUri(), clientOptions).InTime();
            using MicroWebSocket server = await listener.AcceptAsync().InTime();
            await client.SendAsync("on"u8.ToArray(), WebSocketMessageType.Text, true, Deadline.Token);
            Assert.Equal("on"u8.ToArray(), (await Echo.ReceiveAsync(server, 2)).Payload);
        }

        string[] ends = await Task.WhenAll(stalling.Select(peer => peer.ReadToEndAsync()));
        for (int i = 0; i < ends.Length; i++)
        {
            Assert.StartsWith(!isSecure && i % 2 == 0 ? "HTTP/1.1 408 " : "", ends[i]);
            Assert.True(ends[i].Length > 0 == (!isSecure && i % 2 == 0), ends[i]);
            stalling[i].Dispose();
        }
    }

    // Wherever the request is read, be it at once: a decision that takes its time holds up no other client.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Requests_are_decided_about_side_by_side(bool pollers)
    {
        const int Clients = 4;
        using CountdownEvent asked = new(Clients);
        MicroWebSocketListenerOptions options = new()
        {
            OnRequest = _ =>
            {
                asked.Signal();
                return asked.Wait(Deadline.Time) ? 101 : 503;
            },
        };
        if (!pollers)
        {
            options.DoWithoutPollers();
        }

        await using MicroWebSocketListener listener = Pair.Listen(options);
        List<Socket> clients = [];
        for (int i = 0; i < Clients; i++)
        {
            // Each request is there before its client is accepted, or soon after.
            Socket client = new(SocketType.Stream, ProtocolType.Tcp);
            clients.Add(client);
            client.Connect(listener.LocalEndPoint);
            client.Send(Encoding.ASCII.GetBytes(RawHttp.Request()));
        }

        for (int i = 0; i < Clients; i++)
        {
            using MicroWebSocket server = await listener.AcceptAsync().InTime();
        }

        clients.ForEach(client => client.Dispose());
    }

    [Fact]
    public async Task Over_MaxPending_clients_are_dropped_until_there_is_room()
    {
        await using MicroWebSocketListener listener = Pair.Listen(new MicroWebSocketListenerOptions { MaxPending = 2 });
        using MicroWebSocket first = await MicroWebSocketClient.ConnectAsync(listener.WsUri()).InTime();
        using MicroWebSocket second = await MicroWebSocketClient.ConnectAsync(listener.WsUri()).InTime();
        await Assert.ThrowsAsync<WebSocketConnectionException>(() => MicroWebSocketClient.ConnectAsync(listener.WsUri()).InTime());
        using MicroWebSocket accepted = await listener.AcceptAsync().InTime();
        using MicroWebSocket third = await MicroWebSocketClient.ConnectAsync(listener.WsUri()).InTime();
        Assert.Equal(WebSocketState.Open, third.State);
    }

    [Fact]
    public async Task Disposing_drops_what_was_not_accepted_and_leaves_what_was()
    {
        MicroWebSocketListener listener = Pair.Listen();
        Uri uri = listener.WsUri();
        using MicroWebSocket client = await MicroWebSocketClient.ConnectAsync(uri).InTime();
        using MicroWebSocket server = await listener.AcceptAsync().InTime();
        using RawPeer inHandshake = await RawPeer.ConnectToAsync(listener.LocalEndPoint);
        await inHandshake.SendAsync("GET / HT");
        using MicroWebSocket waiting = await MicroWebSocketClient.ConnectAsync(uri).InTime();
        await listener.DisposeAsync().InTime();

        await Assert.ThrowsAsync<ObjectDisposedException>(() => listener.AcceptAsync().InTime());
        await Assert.ThrowsAsync<WebSocketException>(() => Echo.ReceiveAsync(waiting, 1));
        Exception? e = await Record.ExceptionAsync(inHandshake.ReadToEndAsync);
        Assert.True(e is null or System.IO.IOException, $"Not '{e}'.");
        await Assert.ThrowsAsync<WebSocketConnectionException>(() => MicroWebSocketClient.ConnectAsync(uri).InTime());
        await client.SendAsync("on"u8.ToArray(), WebSocketMessageType.Text, true, Deadline.Token);
        Assert.Equal("on"u8.ToArray(), (await Echo.ReceiveAsync(server, 2)).Payload);
        await listener.DisposeAsync().InTime();
    }

    [Fact]
    public async Task Disposing_ends_an_accept_that_waits_and_cancelling_one_loses_no_client()
    {
        MicroWebSocketListener listener = Pair.Listen();
        using CancellationTokenSource cancellation = new();
        Task<MicroWebSocket> cancelled = listener.AcceptAsync(cancellation.Token).AsTask();
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled.InTime());
        using MicroWebSocket client = await MicroWebSocketClient.ConnectAsync(listener.WsUri()).InTime();
        using MicroWebSocket server = await listener.AcceptAsync().InTime();

        Task<MicroWebSocket> waiting = listener.AcceptAsync().AsTask();
        await listener.DisposeAsync().InTime();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => waiting.InTime());
    }

    [Fact]
    public async Task Arguments_not_allowed_are_argument_errors()
    {
        IPEndPoint endPoint = new(IPAddress.Loopback, 0);
        Assert.Throws<ArgumentNullException>(() => new MicroWebSocketListener(null!));
        Assert.Throws<ArgumentOutOfRangeException>(() => new MicroWebSocketListener(endPoint, new MicroWebSocketListenerOptions { MaxPending = 0 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => new MicroWebSocketListener(endPoint, new MicroWebSocketListenerOptions { HandshakeTimeout = TimeSpan.Zero }));
        await using MicroWebSocketListener listener = Pair.Listen();
        Assert.Throws<SocketException>(() => new MicroWebSocketListener(listener.LocalEndPoint));
    }

    private static async Task<string> AnswerAsync(MicroWebSocketListenerOptions options, string request)
    {
        await using MicroWebSocketListener listener = Pair.Listen(options);
        using RawPeer client = await RawPeer.ConnectToAsync(listener.LocalEndPoint);
        await client.SendAsync(request);
        string head = await client.ReadHeadAsync();
        if (!head.StartsWith("HTTP/1.1 101 ", StringComparison.Ordinal))
        {
            client.EndSending();
            Assert.Equal("", await client.ReadToEndAsync());
        }

        return head;
    }
}
