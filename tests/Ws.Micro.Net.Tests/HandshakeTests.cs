using System;
using System.Net.Sockets;
using System.Threading.Tasks;
using Ws.Micro.Handshake;

namespace Ws.Micro.Net.Tests;

/// <summary>Opening handshakes that fail, and what each side then says (RFC 6455 §4).</summary>
public sealed class HandshakeTests
{
    private const string Upgrade = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n";

    [Theory]
    [InlineData("HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic\r\nContent-Length: 2\r\n\r\nno", 401, null)]
    [InlineData("HTTP/1.1 302 Found\r\nLocation: ws://elsewhere/\r\n\r\n", 302, null)]
    [InlineData("HTTP/1.1 404 Not Found\r\n\r\n", 404, null)]
    [InlineData("HTTP/1.1 503 Service Unavailable\r\nRetry-After: 120\r\n\r\n", 503, "120")]
    [InlineData("HTTP/1.1 429 \r\nretry-after: Wed, 21 Oct 2026 07:28:00 GMT\r\n\r\n", 429, "Wed, 21 Oct 2026 07:28:00 GMT")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html>", 200, null)]
    public async Task Another_status_is_in_the_error(string answer, int status, string? retryAfter)
    {
        WebSocketConnectionException error = await ConnectTo(answer);

        Assert.Equal(HandshakeError.UnexpectedStatus, error.HandshakeError);
        Assert.Equal(status, error.StatusCode);
        Assert.Equal(retryAfter, error.RetryAfter);
        Assert.Contains(status.ToString(), error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("garbage\r\n\r\n", HandshakeError.BadStartLine)]
    [InlineData("SSH-2.0-OpenSSH_9.9\r\n", HandshakeError.None)]
    [InlineData("\0\u0001\u0002\u0003", HandshakeError.MalformedHead)]
    [InlineData("HTTP/1.1 101 Switching Protocols\nUpgrade: websocket\n\n", HandshakeError.MalformedHead)]
    [InlineData("HTTP/1.0 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n", HandshakeError.BadStartLine)]
    [InlineData("HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: {accept}\r\n\r\n", HandshakeError.NotAnUpgrade)]
    [InlineData(Upgrade + "\r\n", HandshakeError.BadAccept)]
    [InlineData(Upgrade + "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n", HandshakeError.BadAccept)]
    [InlineData(Upgrade + "Sec-WebSocket-Accept:\r\n\r\n", HandshakeError.BadAccept)]
    [InlineData(Upgrade + "Sec-WebSocket-Accept: {accept}\r\nSec-WebSocket-Protocol: b\r\n\r\n", HandshakeError.SubprotocolNotOffered)]
    [InlineData(Upgrade + "Sec-WebSocket-Accept: {accept}\r\nSec-WebSocket-Extensions: x\r\n\r\n", HandshakeError.ExtensionNotOffered)]
    [InlineData(Upgrade, HandshakeError.None)]
    [InlineData("", HandshakeError.None)]
    public async Task An_answer_that_breaks_a_rule_fails_with_its_name(string answer, HandshakeError expected)
    {
        WebSocketConnectionException error = await ConnectTo(answer);

        Assert.Equal(expected, error.HandshakeError);
        if (expected == HandshakeError.None)
        {
            Assert.Contains("ended the connection", error.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\nHost: h\r\n\r\n")]
    [InlineData("GET /")]
    public async Task A_request_that_was_refused_cannot_be_accepted(string head)
    {
        (MemoryTransport server, MemoryTransport client) = MemoryTransport.Pair();
        byte[] bytes = System.Text.Encoding.ASCII.GetBytes(head);
        client.Write(bytes, 0, bytes.Length, 1);
        using WebSocketRequest request = new(server, new WebSocketListenerOptions { ConnectTimeout = 1, CloseTimeout = 1 });
        await Loopback.Run(() => Assert.Throws<WebSocketConnectionException>(request.Read));

        Assert.Equal("", request.Path);
        await Loopback.Run(() => Assert.Throws<WebSocketConnectionException>(request.Accept));
    }

    [Fact]
    public async Task A_head_larger_than_its_buffer_fails_whatever_it_claims()
    {
        WebSocketConnectionException large = await ConnectTo(Upgrade + "X: " + new string('x', 100_000));
        Assert.Equal(HandshakeError.HeadTooLarge, large.HandshakeError);

        WebSocketConnectionException many = await ConnectTo(Upgrade + string.Concat(System.Linq.Enumerable.Repeat("X: y\r\n", 70)) + "\r\n");
        Assert.Equal(HandshakeError.TooManyHeaders, many.HandshakeError);
    }

    [Fact]
    public async Task An_answer_of_one_byte_at_a_time_is_read()
    {
        using TcpListener listener = Loopback.ListenRaw();
        Task<WebSocketConnection> connect = Loopback.Run(() => Loopback.Connect(listener.PortOf()));
        using RawPeer peer = RawPeer.Take(listener);
        string answer = Upgrade + "Sec-WebSocket-Accept: " + RawPeer.AcceptOf(peer.ReadHead()) + "\r\n\r\n";
        foreach (char c in answer)
        {
            peer.Write(c.ToString());
        }

        using WebSocketConnection connection = await connect;
        peer.WriteFrame(RawPeer.Text, "hello"u8.ToArray());
        Assert.Equal("hello", connection.ReceiveMessage().Text);
    }

    [Theory]
    [InlineData("POST / HTTP/1.1\r\nHost: h\r\n\r\n", 405, HandshakeError.NotGet)]
    [InlineData("GET / HTTP/1.1\r\nHost: h\r\n\r\n", 426, HandshakeError.NotAnUpgrade)]
    [InlineData("GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 8\r\n"
        + "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n", 426, HandshakeError.BadVersion)]
    [InlineData("GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        + "Sec-WebSocket-Key: short\r\n\r\n", 400, HandshakeError.BadKey)]
    [InlineData("GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        + "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nOrigin: http://evil.example\r\n\r\n", 403, HandshakeError.OriginNotAllowed)]
    [InlineData("\u0016\u0003\u0001\u0002", 400, HandshakeError.MalformedHead)]
    public async Task A_request_that_breaks_a_rule_is_answered_and_reported(string request, int status, HandshakeError expected)
    {
        (WebSocketConnectionException error, string answer) = await RequestOf(request);

        Assert.Equal(expected, error.HandshakeError);
        Assert.Equal(ConnectionStep.Handshake, error.Step);
        Assert.StartsWith("HTTP/1.1 " + status + " ", answer, StringComparison.Ordinal);
        Assert.Equal(status == 426, answer.Contains("Sec-WebSocket-Version: 13\r\n", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_huge_request_is_answered_with_431()
    {
        (WebSocketConnectionException error, string answer) = await RequestOf("GET / HTTP/1.1\r\nCookie: " + new string('c', 100_000));

        Assert.Equal(HandshakeError.HeadTooLarge, error.HandshakeError);
        Assert.StartsWith("HTTP/1.1 431 ", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_client_that_ends_within_its_request_is_reported()
    {
        using WebSocketListener listener = Loopback.Listen();
        Task<WebSocketConnectionException> read = Loopback.Run(() => Assert.Throws<WebSocketConnectionException>(listener.Accept().Read));
        using (RawPeer peer = RawPeer.Dial(listener.Port))
        {
            peer.Write("GET / HT");
        }

        Assert.Equal(ConnectionStep.Handshake, (await read).Step);
    }

    [Fact]
    public async Task A_client_that_is_refused_learns_the_status()
    {
        using WebSocketListener listener = Loopback.Listen();
        Task refuse = Loopback.Run(() =>
        {
            using WebSocketRequest request = listener.Accept();
            request.Read();
            request.Refuse(404, "Not Found");
        });
        WebSocketConnectionException error = await Loopback.Run(() =>
            Assert.Throws<WebSocketConnectionException>(() => Loopback.Connect(listener.Port, path: "/nowhere")));
        await refuse;

        Assert.Equal(404, error.StatusCode);
        Assert.Equal(HandshakeError.UnexpectedStatus, error.HandshakeError);
    }

    [Theory]
    [InlineData(404, "Not Found\r\nX-Injected: 1")]
    [InlineData(404, "Not\nFound")]
    [InlineData(404, "\0")]
    [InlineData(404, "né")]
    [InlineData(99, "No")]
    [InlineData(101, "No")]
    [InlineData(600, "No")]
    [InlineData(4040, "No")]
    public async Task A_refusal_that_would_break_the_answer_is_an_argument_error_and_nothing_is_sent(int status, string reason)
    {
        using WebSocketListener listener = Loopback.Listen();
        Task<WebSocketConnection> connect = Loopback.Run(() => Loopback.Connect(listener.Port));
        using WebSocketRequest request = await Loopback.Run(() =>
        {
            WebSocketRequest asked = listener.Accept();
            asked.Read();
            return asked;
        });
        Assert.ThrowsAny<ArgumentException>(() => request.Refuse(status, reason));

        using WebSocketConnection server = request.Accept();
        using WebSocketConnection client = await connect;
        Assert.Equal(EngineState.Open, client.State);
    }

    [Fact]
    public async Task A_request_that_is_disposed_drops_its_client()
    {
        using WebSocketListener listener = Loopback.Listen();
        Task drop = Loopback.Run(() => listener.Accept().Dispose());
        WebSocketConnectionException error = await Loopback.Run(() =>
            Assert.Throws<WebSocketConnectionException>(() => Loopback.Connect(listener.Port)));
        await drop;

        Assert.Equal(ConnectionStep.Handshake, error.Step);
    }

    // Connects to a server that gives that answer, whatever is asked, and ends.
    private static async Task<WebSocketConnectionException> ConnectTo(string answer)
    {
        using TcpListener listener = Loopback.ListenRaw();
        Task<WebSocketConnectionException> connect = Loopback.Run(() =>
            Assert.Throws<WebSocketConnectionException>(() => Loopback.Connect(listener.PortOf(), new WebSocketClientOptions { Subprotocols = ["a"] })));
        using (RawPeer peer = RawPeer.Take(listener))
        {
            peer.Write(answer.Replace("{accept}", RawPeer.AcceptOf(peer.ReadHead()), StringComparison.Ordinal));
        }

        WebSocketConnectionException error = await connect;
        Assert.Equal(ConnectionStep.Handshake, error.Step);
        return error;
    }

    // Sends that request to a listener of ours.
    private static async Task<(WebSocketConnectionException Error, string Answer)> RequestOf(string request)
    {
        using WebSocketListener listener = Loopback.Listen();
        Task<WebSocketConnectionException> read = Loopback.Run(() => Assert.Throws<WebSocketConnectionException>(listener.Accept().Read));
        string answer;
        using (RawPeer peer = RawPeer.Dial(listener.Port))
        {
            peer.Write(request);
            answer = System.Text.Encoding.ASCII.GetString(peer.ReadToEnd());
        }

        return (await read, answer);
    }
}
