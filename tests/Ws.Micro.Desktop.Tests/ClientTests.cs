using System;
using System.Collections.Generic;
using System.IO;
using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using Ws.Micro.Desktop.Polling;
using Ws.Micro.Desktop.Tests.Support;
using Ws.Micro.Handshake;

namespace Ws.Micro.Desktop.Tests;

/// <summary>The client's opening handshake (RFC 6455 §4.1): what it sends, what it refuses, and which step failed.</summary>
public class ClientTests
{
    private protected virtual bool UsesPollers => Poller.IsSupported;

    [Fact]
    public async Task Headers_and_subprotocols_go_out_and_the_servers_choice_comes_back()
    {
        (IPEndPoint endPoint, Task<string> serving) = RawHttp.ServeOne(async stream =>
        {
            string request = await RawHttp.ReadHeadAsync(stream);
            await stream.WriteAsync(Encoding.ASCII.GetBytes(RawHttp.Accept(request, "Sec-WebSocket-Protocol: second")), Deadline.Token);
            return request;
        });
        MicroWebSocketClientOptions options = new()
        {
            SubProtocols = { "first", "second" },
            Headers = { ["Authorization"] = "Bearer a:b", ["Origin"] = "https://example.org" },
        };
        using MicroWebSocket client = await ConnectAsync(new Uri($"ws://{endPoint}/a%20b?q=1"), options).InTime();
        Assert.Equal("second", client.SubProtocol);
        string request = await serving.InTime();
        Assert.StartsWith("GET /a%20b?q=1 HTTP/1.1\r\n", request);
        Assert.Equal(endPoint.ToString(), RawHttp.Header(request, "Host"));
        Assert.Equal("Bearer a:b", RawHttp.Header(request, "Authorization"));
        Assert.Equal("https://example.org", RawHttp.Header(request, "Origin"));
        Assert.Equal("first, second", RawHttp.Header(request, "Sec-WebSocket-Protocol"));
        Assert.Equal("13", RawHttp.Header(request, "Sec-WebSocket-Version"));
        Assert.Equal(16, Convert.FromBase64String(RawHttp.Header(request, "Sec-WebSocket-Key")!).Length);
    }

    [Fact]
    public async Task The_callback_opens_the_transport_and_its_stream_ends_with_the_socket()
    {
        (IPEndPoint endPoint, Task<string> serving) = RawHttp.ServeOne(async stream =>
        {
            string request = await RawHttp.ReadHeadAsync(stream);
            await stream.WriteAsync(Encoding.ASCII.GetBytes(RawHttp.Accept(request)), Deadline.Token);
            return request;
        });
        using Socket socket = new(SocketType.Stream, ProtocolType.Tcp);
        DnsEndPoint? asked = null;
        MicroWebSocketClientOptions options = new()
        {
            ConnectCallback = async (host, cancellation) =>
            {
                asked = host;
                await socket.ConnectAsync(endPoint, cancellation);
                return new NetworkStream(socket, ownsSocket: true);
            },
        };
        using (await ConnectAsync(new Uri("ws://sensors.example:81/"), options).InTime())
        {
            Assert.Equal(new DnsEndPoint("sensors.example", 81), asked);
            Assert.Equal("sensors.example:81", RawHttp.Header(await serving.InTime(), "Host"));
            Assert.True(socket.Connected);
        }

        Assert.False(socket.Connected);
    }

    [Fact]
    public async Task A_callback_that_fails_is_a_connect_that_failed()
    {
        MicroWebSocketClientOptions options = new() { ConnectCallback = static (_, _) => throw new IOException("no way there") };
        WebSocketConnectionException error = await Assert.ThrowsAsync<WebSocketConnectionException>(
            () => ConnectAsync(new Uri("ws://sensors.example/"), options).InTime());
        Assert.Equal(ConnectionStep.Connect, error.Step);
        Assert.Contains("no way there", error.Message);
    }

    [Theory]
    [InlineData(SocketError.HostNotFound, ConnectionStep.Resolve)]
    [InlineData(SocketError.NoData, ConnectionStep.Resolve)]
    [InlineData(SocketError.TryAgain, ConnectionStep.Resolve)]
    [InlineData(SocketError.ConnectionRefused, ConnectionStep.Connect)]
    public async Task A_name_without_an_address_is_told_from_an_address_without_a_server(SocketError code, ConnectionStep step)
    {
        MicroWebSocketClientOptions options = new() { ConnectCallback = (_, _) => throw new SocketException((int)code) };
        WebSocketConnectionException error = await Assert.ThrowsAsync<WebSocketConnectionException>(
            () => ConnectAsync(new Uri("ws://sensors.example/"), options).InTime());
        Assert.Equal(step, error.Step);
    }

    [Fact]
    public async Task Each_connection_has_a_key_of_its_own()
    {
        HashSet<string> keys = [];
        for (int i = 0; i < 20; i++)
        {
            (IPEndPoint endPoint, Task<string> serving) = RawHttp.ServeOne(RawHttp.ReadHeadAsync);
            await Assert.ThrowsAsync<WebSocketConnectionException>(() => ConnectAsync(new Uri($"ws://{endPoint}/")).InTime());
            keys.Add(RawHttp.Header(await serving.InTime(), "Sec-WebSocket-Key")!);
        }

        Assert.Equal(20, keys.Count);
    }

    [Fact]
    public async Task A_host_by_IPv6_address_is_reached()
    {
        Assert.SkipUnless(Socket.OSSupportsIPv6, "No IPv6 here.");
        MicroWebSocketListener listener;
        try
        {
            listener = new(new IPEndPoint(IPAddress.IPv6Loopback, 0));
        }
        catch (SocketException e)
        {
            Assert.Skip($"No IPv6 loopback here: {e.Message}");
            return;
        }

        await using (listener)
        {
            listener.Start();
            using MicroWebSocket client = await ConnectAsync(new Uri($"ws://[::1]:{listener.LocalEndPoint.Port}/")).InTime();
            Assert.Equal(WebSocketState.Open, client.State);
        }
    }

    [Theory]
    [InlineData("401 Unauthorized", 401, null)]
    [InlineData("302 Found\r\nLocation: ws://elsewhere.invalid/", 302, null)]
    [InlineData("404 Not Found", 404, null)]
    [InlineData("200 OK", 200, null)]
    [InlineData("503 Service Unavailable\r\nRetry-After: 120", 503, "120")]
    [InlineData("429 Too Many Requests\r\nretry-after: Fri, 31 Dec 2027 23:59:59 GMT", 429, "Fri, 31 Dec 2027 23:59:59 GMT")]
    public async Task An_answer_other_than_101_is_in_the_error(string answer, int status, string? retryAfter)
    {
        WebSocketConnectionException e = await RefusedAsync(_ => $"HTTP/1.1 {answer}\r\nContent-Length: 0\r\n\r\n");
        Assert.Equal((ConnectionStep.Handshake, HandshakeError.UnexpectedStatus), (e.Step, e.HandshakeError));
        Assert.Equal((status, retryAfter), (e.StatusCode, e.RetryAfter));
        Assert.Contains($"{status}", e.Message);
    }

    [Theory]
    [InlineData("Sec-WebSocket-Protocol: other", HandshakeError.SubprotocolNotOffered)]
    [InlineData("Sec-WebSocket-Extensions: permessage-deflate", HandshakeError.ExtensionNotOffered)]
    [InlineData("X: \u0001", HandshakeError.MalformedHead)]
    public async Task A_101_that_breaks_a_rule_is_refused_by_name(string header, HandshakeError error)
    {
        WebSocketConnectionException e = await RefusedAsync(request => RawHttp.Accept(request, header));
        Assert.Equal((ConnectionStep.Handshake, error), (e.Step, e.HandshakeError));
        Assert.Contains(error.ToString(), e.Message);
    }

    [Theory]
    [InlineData("dGhlIHNhbXBsZSBub25jZQ==", HandshakeError.BadAccept)]
    [InlineData("", HandshakeError.BadAccept)]
    public async Task An_accept_that_answers_another_key_is_refused(string accept, HandshakeError error)
    {
        WebSocketConnectionException e = await RefusedAsync(_ =>
            $"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n");
        Assert.Equal((ConnectionStep.Handshake, error), (e.Step, e.HandshakeError));
    }

    [Fact]
    public async Task A_response_that_never_ends_is_refused_at_the_limit()
    {
        WebSocketConnectionException e = await RefusedAsync(_ => "HTTP/1.1 101 Switching Protocols\r\nX: " + new string('a', 100_000));
        Assert.Equal(HandshakeError.HeadTooLarge, e.HandshakeError);
    }

    [Fact]
    public async Task A_response_cut_short_is_said_to_be()
    {
        WebSocketConnectionException e = await RefusedAsync(_ => "HTTP/1.1 101 Switching");
        Assert.Equal(ConnectionStep.Handshake, e.Step);
        Assert.Contains("before its response was whole", e.Message);
    }

    [Fact]
    public async Task A_response_byte_by_byte_and_frames_behind_it_are_read()
    {
        (IPEndPoint endPoint, Task<bool> serving) = RawHttp.ServeOne(async stream =>
        {
            byte[] response = Encoding.ASCII.GetBytes(RawHttp.Accept(await RawHttp.ReadHeadAsync(stream)));
            for (int i = 0; i < response.Length - 1; i++)
            {
                await stream.WriteAsync(response.AsMemory(i, 1), Deadline.Token);
            }

            byte[] large = new byte[5000];
            large.AsSpan().Fill(5);
            await stream.WriteAsync(
                (byte[])[response[^1], .. RawFrame.Bytes(0x81, "with it"u8, false), .. RawFrame.Bytes(0x82, large, false)], Deadline.Token);
            return await stream.ReadAsync(new byte[1], Deadline.Token) >= 0;
        });
        using MicroWebSocket client = await ConnectAsync(new Uri($"ws://{endPoint}/")).InTime();
        Assert.Equal("with it"u8.ToArray(), (await Echo.ReceiveAsync(client, 7)).Payload);
        byte[] received = (await Echo.ReceiveAsync(client, 5000)).Payload;
        Assert.Equal(5000, received.Length);
        Assert.All(received, b => Assert.Equal(5, b));
        client.Dispose();
        await serving.InTime();
    }

    [Fact]
    public async Task Nobody_listening_fails_at_the_first_step()
    {
        using TcpListener taken = new(IPAddress.Loopback, 0);
        taken.Start();
        int port = ((IPEndPoint)taken.LocalEndpoint).Port;
        taken.Stop();
        WebSocketConnectionException e = await Assert.ThrowsAsync<WebSocketConnectionException>(() => ConnectAsync(new Uri($"ws://127.0.0.1:{port}/")).InTime());
        Assert.Equal(ConnectionStep.Connect, e.Step);
        Assert.Contains($"127.0.0.1:{port}", e.Message);
        Assert.IsType<SocketException>(e.InnerException);
    }

    // A listener that accepts TCP and then says nothing, or half of what it should.
    [Theory]
    [InlineData(ConnectionStep.Proxy, "")]
    [InlineData(ConnectionStep.Proxy, "HTTP/1.1 200 OK\r\n")]
    [InlineData(ConnectionStep.Tls, "")]
    [InlineData(ConnectionStep.Handshake, "")]
    [InlineData(ConnectionStep.Handshake, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: web")]
    public async Task A_server_that_stalls_is_left_after_the_timeout_with_the_step(ConnectionStep step, string said)
    {
        (IPEndPoint endPoint, Task<bool> serving) = RawHttp.ServeOne(async stream =>
        {
            await stream.WriteAsync(Encoding.ASCII.GetBytes(said), Deadline.Token);
            await stream.CopyToAsync(Stream.Null, Deadline.Token);
            return true;
        });
        MicroWebSocketClientOptions options = new() { ConnectTimeout = TimeSpan.FromMilliseconds(200) };
        Uri uri = new(step == ConnectionStep.Tls ? $"wss://{endPoint}/" : $"ws://{endPoint}/");
        if (step == ConnectionStep.Proxy)
        {
            options.Proxy = new WebProxy($"http://{endPoint}");
            uri = new Uri("ws://unknown.invalid/");
        }

        WebSocketConnectionException e = await Assert.ThrowsAsync<WebSocketConnectionException>(() => ConnectAsync(uri, options).InTime());
        Assert.Equal(step, e.Step);
        Assert.Contains("0.2 s", e.Message);
        Assert.Contains(uri.Host, e.Message);
        await serving.ContinueWith(_ => { }).InTime();
    }

    // A listener whose backlog is full: Linux drops the handshake's packets, so that connecting takes for ever.
    [Fact]
    public async Task A_host_that_does_not_answer_is_left_after_the_timeout()
    {
        using Socket full = new(SocketType.Stream, ProtocolType.Tcp);
        full.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        full.Listen(0);
        List<Socket> fillers = [];
        try
        {
            for (int i = 0; i < 4; i++)
            {
                Socket filler = new(SocketType.Stream, ProtocolType.Tcp);
                fillers.Add(filler);
                _ = filler.ConnectAsync(full.LocalEndPoint!).ContinueWith(task => task.Exception);
            }

            MicroWebSocketClientOptions options = new() { ConnectTimeout = TimeSpan.FromMilliseconds(300) };
            WebSocketConnectionException e = await Assert.ThrowsAsync<WebSocketConnectionException>(async () =>
            {
                // Whatever room was left is taken by the attempts before: these connect by TCP and stall at the handshake.
                while (true)
                {
                    try
                    {
                        await ConnectAsync(new Uri($"ws://{full.LocalEndPoint}/"), options).InTime();
                    }
                    catch (WebSocketConnectionException stalled) when (stalled.Step == ConnectionStep.Handshake)
                    {
                        Socket filler = new(SocketType.Stream, ProtocolType.Tcp);
                        fillers.Add(filler);
                        _ = filler.ConnectAsync(full.LocalEndPoint!).ContinueWith(task => task.Exception);
                    }
                }
            });
            Assert.Equal(ConnectionStep.Connect, e.Step);
            Assert.Contains("0.3 s", e.Message);
        }
        finally
        {
            fillers.ForEach(filler => filler.Dispose());
        }
    }

    [Fact]
    public async Task The_callers_cancellation_is_a_cancellation()
    {
        (IPEndPoint endPoint, Task<bool> serving) = RawHttp.ServeOne(async stream =>
        {
            await RawHttp.ReadHeadAsync(stream);
            return await stream.ReadAsync(new byte[1], Deadline.Token) == 0;
        });
        using CancellationTokenSource cancellation = new();
        Task connecting = ConnectAsync(new Uri($"ws://{endPoint}/"), null, cancellation.Token);
        await cancellation.CancelAsync();
        OperationCanceledException e = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => connecting.InTime());
        Assert.Equal(cancellation.Token, e.CancellationToken);
        await serving.ContinueWith(_ => { }).InTime();
    }

    [Theory]
    [InlineData("http://{0}/")]
    [InlineData("tcp://{0}/")]
    [InlineData("ws://{0}/#fragment")]
    [InlineData("ws://{0}/#")]
    [InlineData("ws://user:secret@{0}/")]
    [InlineData("/relative")]
    public Task A_URI_that_is_no_WebSocket_URI_is_an_argument_error(string uri) => ArgumentErrorAsync(uri, new MicroWebSocketClientOptions(), "uri");

    [Theory]
    [InlineData("X-Name", "value\r\nInjected: yes")]
    [InlineData("X-Name", "value\nInjected: yes")]
    [InlineData("X-Name", "nul\0")]
    [InlineData("X-Name\r\nInjected", "yes")]
    [InlineData("X Name", "value")]
    [InlineData("", "value")]
    public Task A_header_that_is_none_is_an_argument_error(string name, string value) =>
        ArgumentErrorAsync("ws://{0}/", new MicroWebSocketClientOptions { Headers = { [name] = value } }, "headers");

    [Theory]
    [InlineData("a b")]
    [InlineData("a,b")]
    [InlineData("a\r\nInjected: yes")]
    [InlineData("")]
    [InlineData("ü")]
    public Task A_subprotocol_that_is_no_token_is_an_argument_error(string name) =>
        ArgumentErrorAsync("ws://{0}/", new MicroWebSocketClientOptions { SubProtocols = { name } }, "subprotocols");

    [Fact]
    public async Task Other_arguments_not_allowed_are_argument_errors()
    {
        await ArgumentErrorAsync("ws://{0}/", new MicroWebSocketClientOptions { SubProtocols = { "twice", "twice" } }, "subprotocols");
        await ArgumentErrorAsync("ws://{0}/", new MicroWebSocketClientOptions { Headers = { ["X"] = new string('a', 20_000) } }, null);
        await ArgumentErrorAsync("ws://{0}/", new MicroWebSocketClientOptions { ConnectTimeout = TimeSpan.Zero }, "ConnectTimeout");
        await ArgumentErrorAsync("ws://{0}/", new MicroWebSocketClientOptions { ReceiveBufferSize = 1 }, null);
        await Assert.ThrowsAsync<ArgumentNullException>(() => ConnectAsync(null!));
    }

    // Nothing may have been sent: the listener sees no connection. What it does see is the one made after.
    private async Task ArgumentErrorAsync(string uri, MicroWebSocketClientOptions options, string? parameter)
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        Uri target = new(string.Format(uri, listener.LocalEndpoint), UriKind.RelativeOrAbsolute);
        ArgumentException e = await Assert.ThrowsAnyAsync<ArgumentException>(() => ConnectAsync(target, options).InTime());
        Assert.True(parameter == null || parameter == e.ParamName, $"{e.ParamName}: {e.Message}");
        using Socket after = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await after.ConnectAsync(listener.LocalEndpoint);
        using Socket seen = await listener.AcceptSocketAsync(Deadline.Token);
        Assert.Equal(after.LocalEndPoint, seen.RemoteEndPoint);
    }

    private async Task<WebSocketConnectionException> RefusedAsync(Func<string, string> answer)
    {
        (IPEndPoint endPoint, Task<bool> serving) = RawHttp.ServeOne(async stream =>
        {
            string request = await RawHttp.ReadHeadAsync(stream);
            await stream.WriteAsync(Encoding.Latin1.GetBytes(answer(request)), Deadline.Token);
            return true;
        });
        WebSocketConnectionException e = await Assert.ThrowsAsync<WebSocketConnectionException>(() => ConnectAsync(new Uri($"ws://{endPoint}/")).InTime());
        await serving.ContinueWith(_ => { }).InTime();
        return e;
    }

    private Task<MicroWebSocket> ConnectAsync(Uri uri, MicroWebSocketClientOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= new MicroWebSocketClientOptions();
        options.UsesPollers = UsesPollers;
        return MicroWebSocketClient.ConnectAsync(uri, options, cancellationToken);
    }
}

/// <summary>The same without pollers, as on other systems than Linux.</summary>
public sealed class ClientWithoutPollersTests : ClientTests
{
    private protected override bool UsesPollers => false;
}
