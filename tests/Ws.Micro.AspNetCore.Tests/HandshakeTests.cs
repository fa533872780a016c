using System;
using System.Net.WebSockets;
using System.Text.RegularExpressions;
using System.Threading.Tasks;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Ws.Micro.AspNetCore.Tests;

public abstract class HandshakeTests(bool onMicroSockets) : SocketsTests(onMicroSockets)
{
    private const string Get = "GET / HTTP/1.1";

    [Theory]
    [InlineData("Connection: keep-alive, Upgrade")]
    [InlineData("connection: UPGRADE", "upgrade: WebSocket")]
    [InlineData("Connection: keep-alive", "Connection: upgrade")]
    [InlineData("Connection: close , Upgrade , x")]
    [InlineData("Upgrade: h2c, websocket")]
    public async Task Accepts_every_spelling_of_the_upgrade(params string[] lines)
    {
        await using KestrelServer server = await KestrelServer.StartAsync(KestrelServer.EchoAsync);
        using RawClient client = await RawClient.ConnectAsync(server);
        await client.SendAsync(RawClient.Head(server, Get, lines));
        string head = await client.ReadHeadAsync();
        Assert.StartsWith("HTTP/1.1 101 ", head);
        Assert.Contains("\r\nConnection: Upgrade\r\n", head);
        Assert.Contains("\r\nUpgrade: websocket\r\n", head);
        Assert.Contains($"\r\nSec-WebSocket-Accept: {RawClient.Accept}\r\n", head);
        Assert.DoesNotContain("Sec-WebSocket-Protocol", head);
        Assert.DoesNotContain("Sec-WebSocket-Extensions", head);
    }

    [Theory]
    [InlineData("Sec-WebSocket-Key")]
    [InlineData("Sec-WebSocket-Key:")]
    [InlineData("Sec-WebSocket-Key: " + RawClient.Key, "Sec-WebSocket-Key: " + RawClient.Key)]
    [InlineData("Sec-WebSocket-Key: not*base64*but*as*long==")]
    [InlineData("Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAA")]
    [InlineData("Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAAA=")]
    [InlineData("Sec-WebSocket-Key: AAAAAAAAAAA AAAAAAAAAA==")]
    public Task Refuses_a_key_that_is_not_16_bytes_in_base64_once(params string[] lines) => RefusesAsync(400, "Sec-WebSocket-Key", Get, lines);

    [Theory]
    [InlineData("Sec-WebSocket-Version: 8")]
    [InlineData("Sec-WebSocket-Version: 14")]
    [InlineData("Sec-WebSocket-Version: 13, 8")]
    [InlineData("Sec-WebSocket-Version: 13", "Sec-WebSocket-Version: 13")]
    [InlineData("Sec-WebSocket-Version")]
    public async Task Refuses_another_version_and_names_its_own(params string[] lines)
    {
        string answer = await RefusesAsync(426, "Sec-WebSocket-Version", Get, lines);
        Assert.Contains("\r\nSec-WebSocket-Version: 13\r\n", answer);
        Assert.Contains("\r\nUpgrade: websocket\r\n", answer);
    }

    [Theory]
    [InlineData("Content-Length: 5")]
    [InlineData("Content-Length: 0")]
    [InlineData("Transfer-Encoding: chunked")]
    public Task Refuses_a_body(string line) => RefusesAsync(400, "no body", Get, [line]);

    [Theory]
    [InlineData("POST / HTTP/1.1")]
    [InlineData("HEAD / HTTP/1.1")]
    [InlineData("GET / HTTP/1.0")]
    public Task Refuses_what_is_not_a_get_over_http_1_1(string requestLine)
        => RefusesAsync(400, requestLine.StartsWith("HEAD", StringComparison.Ordinal) ? "" : "GET over HTTP/1.1", requestLine, []);

    [Theory]
    [InlineData("Sec-WebSocket-Protocol: a,,b")]
    [InlineData("Sec-WebSocket-Protocol: \"a")]
    [InlineData("Sec-WebSocket-Protocol: a b")]
    [InlineData("Sec-WebSocket-Protocol: a", "Sec-WebSocket-Protocol: b/c")]
    public Task Refuses_subprotocols_that_are_not_tokens(params string[] lines) => RefusesAsync(400, "Sec-WebSocket-Protocol", Get, lines);

    [Theory]
    [InlineData("Sec-WebSocket-Extensions:")]
    [InlineData("Sec-WebSocket-Extensions: a; b=\"1")]
    [InlineData("Sec-WebSocket-Extensions: a; b=")]
    [InlineData("Sec-WebSocket-Extensions: a b")]
    [InlineData("Sec-WebSocket-Extensions: a", "Sec-WebSocket-Extensions: ;b")]
    public Task Refuses_extensions_that_are_no_list_of_such(params string[] lines) => RefusesAsync(400, "Sec-WebSocket-Extensions", Get, lines);

    [Fact]
    public async Task Agrees_to_no_extension_offered()
    {
        await using KestrelServer server = await KestrelServer.StartAsync(KestrelServer.EchoAsync);
        using RawClient client = await RawClient.ConnectAsync(server);
        await client.SendAsync(RawClient.Head(server, Get, "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits, x; y=\"1\""));
        string head = await client.ReadHeadAsync();
        Assert.StartsWith("HTTP/1.1 101 ", head);
        Assert.DoesNotContain("Sec-WebSocket-Extensions", head);
    }

    [Fact]
    public Task Refuses_ten_thousand_commas() => RefusesAsync(400, "Sec-WebSocket-Protocol", Get, ["Sec-WebSocket-Protocol: a" + new string(',', 10_000)]);

    [Theory]
    [InlineData(401)]
    [InlineData(200)]
    public async Task An_endpoint_that_does_not_accept_ends_the_connection(int statusCode)
    {
        bool reached = false;
        await using KestrelServer server = await KestrelServer.StartAsync(context =>
        {
            reached |= context.Request.Path == "/next";
            context.Response.StatusCode = statusCode;
            return context.Response.WriteAsync("no");
        });
        using RawClient client = await RawClient.ConnectAsync(server);
        await client.SendAsync(RawClient.Head(server, Get) + "GET /next HTTP/1.1\r\nHost: a\r\n\r\n");
        string answer = await client.ReadToEndAsync();
        Assert.StartsWith($"HTTP/1.1 {statusCode} ", answer);
        Assert.Contains("\r\nConnection: close\r\n", answer);
        Assert.False(reached);
    }

    [Theory]
    [InlineData("Connection: keep-alive")]
    [InlineData("Upgrade: h2c")]
    [InlineData("Upgrade: websocketx")]
    public async Task Leaves_what_does_not_ask_for_a_websocket_to_the_application(string line)
    {
        await using KestrelServer server = await KestrelServer.StartAsync(
            context => context.Response.WriteAsync($"websocket: {context.WebSockets.IsWebSocketRequest}."));
        using RawClient client = await RawClient.ConnectAsync(server);
        await client.SendAsync(RawClient.Head(server, Get, line) + "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        string answers = await client.ReadToEndAsync();
        Assert.Equal(3, answers.Split("websocket: False.").Length);
    }

    [Fact]
    public async Task A_frame_in_the_packet_of_the_request_is_not_lost()
    {
        await using KestrelServer server = await KestrelServer.StartAsync(KestrelServer.EchoAsync);
        using RawClient client = await RawClient.ConnectAsync(server);
        await client.SendAsync([.. System.Text.Encoding.Latin1.GetBytes(RawClient.Head(server, Get)), .. RawClient.Frame(1, "early"u8.ToArray())]);
        Assert.StartsWith("HTTP/1.1 101 ", await client.ReadHeadAsync());
        (int opcode, byte[] payload) = await client.ReadFrameAsync();
        Assert.Equal(1, opcode);
        Assert.Equal("early"u8.ToArray(), payload);
    }

    [Fact]
    public async Task Answers_the_subprotocol_the_endpoint_chose()
    {
        await using KestrelServer server = await KestrelServer.StartAsync(async context =>
        {
            Assert.Equal(["mqtt", "Chat", "x"], context.WebSockets.WebSocketRequestedProtocols);
            using WebSocket socket = await context.WebSockets.AcceptWebSocketAsync("Chat");
            await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, socket.SubProtocol, context.RequestAborted);
        });
        using RawClient client = await RawClient.ConnectAsync(server);
        await client.SendAsync(RawClient.Head(server, Get, "Sec-WebSocket-Protocol: mqtt,Chat", "Sec-WebSocket-Protocol: x"));
        Assert.Contains("\r\nSec-WebSocket-Protocol: Chat\r\n", await client.ReadHeadAsync());
        Assert.Equal([0x03, 0xE8, .. "Chat"u8], (await client.ReadFrameAsync()).Payload);
    }

    [Theory]
    [InlineData("mqtt", "chat")]
    [InlineData("mqtt", "MQTT")]
    [InlineData(null, "mqtt")]
    public async Task A_subprotocol_not_offered_is_the_endpoints_error_and_nothing_is_sent(string? offered, string chosen)
    {
        var error = new TaskCompletionSource<Exception?>();
        await using KestrelServer server = await KestrelServer.StartAsync(async context =>
        {
            error.SetResult(await Record.ExceptionAsync(async () => await context.WebSockets.AcceptWebSocketAsync(chosen)));
            context.Response.StatusCode = context.Response.HasStarted ? 599 : 503;
        });
        using RawClient client = await RawClient.ConnectAsync(server);
        await client.SendAsync(RawClient.Head(server, Get, offered is null ? [] : [$"Sec-WebSocket-Protocol: {offered}"]));
        string answer = await client.ReadToEndAsync();
        Assert.StartsWith("HTTP/1.1 503 ", answer);
        Assert.DoesNotContain("Sec-WebSocket", answer);
        Assert.Contains($"'{chosen}'", Assert.IsType<ArgumentException>(await error.Task).Message);
    }

    [Fact]
    public async Task A_websocket_feature_that_is_already_there_is_kept()
    {
        await using KestrelServer server = await KestrelServer.StartAsync(KestrelServer.EchoAsync, map: app => app.UseMicroWebSockets());
        using var client = new ClientWebSocket();
        await client.ConnectAsync(server.Uri(), KestrelServer.DeadlineToken());

        // The server's answer may be here before the endpoint has its socket; the echo is not.
        await Echo.AssertAsync(client, 10, WebSocketMessageType.Text);
        Assert.Single(server.Accepted);
    }

    /// <summary>The handshake, and a request hidden behind it, get one answer: this status, this reason, and the end of the connection.</summary>
    private static async Task<string> RefusesAsync(int statusCode, string reason, string requestLine, string[] lines)
    {
        bool reached = false;
        await using KestrelServer server = await KestrelServer.StartAsync(context =>
        {
            reached = true;
            return Task.CompletedTask;
        });
        using RawClient client = await RawClient.ConnectAsync(server);
        await client.SendAsync(RawClient.Head(server, requestLine, lines) + "GET /next HTTP/1.1\r\nHost: a\r\n\r\n");
        string answer = await client.ReadToEndAsync();
        Assert.StartsWith($"HTTP/1.1 {statusCode} ", answer);
        Assert.Contains("\r\nConnection: close", answer);
        Assert.Contains(reason, answer[answer.IndexOf("\r\n\r\n", StringComparison.Ordinal)..]);
        Assert.Single(Regex.Matches(answer, @"HTTP/1\.1 \d{3} "));
        Assert.False(reached);
        return answer;
    }
}

public sealed class HandshakeOnKestrelsSocketsTests() : HandshakeTests(onMicroSockets: false);

public sealed class HandshakeOnMicroSocketsTests() : HandshakeTests(onMicroSockets: true);
