using System;
using System.Linq;
using System.Text;
using Ws.Micro.Handshake;
using Ws.Micro.Tests.Support;

namespace Ws.Micro.Tests;

/// <summary>The client's side of the opening handshake, pitfalls H1 to H3, H6, H8 and H11 to H13: each head at every byte split.</summary>
public sealed class ClientHandshakeTests
{
    [Fact]
    public void The_request_is_as_the_rfc_asks()
    {
        ClientHandshake handshake = new(new byte[512], Heads.Nonce, new[] { "mqtt", "chat" }, null);
        string expected = "GET /a?b=c HTTP/1.1\r\nHost: host:8080\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            + "Sec-WebSocket-Key: " + Heads.Key + "\r\nSec-WebSocket-Protocol: mqtt, chat\r\nAuthorization: Bearer a:b\r\nX:\r\n\r\n";
        byte[] output = new byte[expected.Length];

        Assert.Equal(expected.Length, handshake.WriteRequest(output, "host:8080", "/a?b=c", new[] { "Authorization: Bearer a:b", "X:" }));
        Assert.Equal(expected, Encoding.ASCII.GetString(output));
        Assert.Equal(expected.Length, handshake.WriteRequest(new byte[10], "host:8080", "/a?b=c", new[] { "Authorization: Bearer a:b", "X:" }));
    }

    [Theory]
    [InlineData("Connection", "Connection: keep-alive, Upgrade")]
    [InlineData("Connection", "connection:UPGRADE")]
    [InlineData("Connection", "Connection: keep-alive\r\nConnection: upgrade")]
    [InlineData("Upgrade", "UPGRADE: WebSocket")]
    [InlineData("Sec-WebSocket-Accept", "sec-websocket-accept:\t" + Heads.Accept + "  ")]
    [InlineData("", "Server: a:b")]
    public void H1_lists_letter_case_and_several_lines_are_accepted(string replaced, string lines) =>
        Assert.Equal(101, Heads.ReadResponse(Heads.Response(replaced, lines), HandshakeError.None).StatusCode);

    [Theory]
    [InlineData("Connection", "")]
    [InlineData("Connection", "Connection: keep-alive")]
    [InlineData("Upgrade", "")]
    [InlineData("Upgrade", "Upgrade: h2c")]
    [InlineData("Upgrade", "Upgrade: h2c, websocket")]
    [InlineData("Upgrade", "Upgrade: websocket\r\nUpgrade: h2c")]
    [InlineData("Upgrade", "Upgrade: h2c\r\nUpgrade: websocket")]
    public void What_is_no_upgrade_is_refused(string replaced, string lines) =>
        Heads.ReadResponse(Heads.Response(replaced, lines), HandshakeError.NotAnUpgrade);

    [Theory]
    [InlineData("X: a\r\n folded")]
    [InlineData("X: a\nY: b")]
    [InlineData("X: a\0b")]
    [InlineData("X: a\rb")]
    [InlineData("X : a")]
    public void H2_malformed_lines_are_refused(string line) => Heads.ReadResponse(Heads.Response("", line), HandshakeError.MalformedHead);

    [Theory]
    [InlineData("")]
    [InlineData("Sec-WebSocket-Accept:")]
    [InlineData("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo")]
    [InlineData("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xO")]
    [InlineData("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo==")]
    [InlineData("Sec-WebSocket-Accept: S3PPLMBITXAQ9KYGZZHZRBK+XOO=")]
    [InlineData("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOp=")]
    [InlineData("Sec-WebSocket-Accept: \"" + Heads.Accept + "\"")]
    [InlineData("Sec-WebSocket-Accept: " + Heads.Accept + ", " + Heads.Accept)]
    [InlineData("Sec-WebSocket-Accept: " + Heads.Accept + "\r\nSec-WebSocket-Accept: " + Heads.Accept)]
    [InlineData("Sec-WebSocket-Accept: wrong\r\nSec-WebSocket-Accept: " + Heads.Accept)]
    public void H3_an_accept_value_that_is_not_exactly_the_answer_fails(string lines) =>
        Heads.ReadResponse(Heads.Response("Sec-WebSocket-Accept", lines), HandshakeError.BadAccept);

    [Fact]
    public void H6_the_head_is_limited_in_bytes_and_headers()
    {
        string response = Heads.Response();
        Heads.ReadResponse(response, HandshakeError.None, response.Length);
        Heads.ReadResponse(response, HandshakeError.HeadTooLarge, response.Length - 1);
        string more = string.Join("\r\n", Enumerable.Range(0, HttpHead.MaxHeaders - 3).Select(i => $"X-{i}: {i}"));
        Heads.ReadResponse(Heads.Response("", more), HandshakeError.None, 4096);
        Heads.ReadResponse(Heads.Response("", more + "\r\nX: x"), HandshakeError.TooManyHeaders, 4096);
    }

    [Theory]
    [InlineData("")]
    [InlineData("chat")]
    [InlineData("/a b")]
    [InlineData("/\r\nX: y")]
    [InlineData("/\n")]
    [InlineData("/\0")]
    [InlineData("/ö")]
    [InlineData("/\x7F")]
    public void H8_a_path_that_would_break_the_request_is_an_argument_error(string path) => ArgumentError("path", "host", path, "X: y");

    [Theory]
    [InlineData("")]
    [InlineData("a b")]
    [InlineData("host\r\nX: y")]
    [InlineData("host\n")]
    [InlineData("höst")]
    public void H8_a_host_that_would_break_the_request_is_an_argument_error(string host) => ArgumentError("host", host, "/", "X: y");

    [Theory]
    [InlineData("")]
    [InlineData("X")]
    [InlineData(": y")]
    [InlineData("X : y")]
    [InlineData(" X: y")]
    [InlineData("X Y: z")]
    [InlineData("X: y\r\nZ: z")]
    [InlineData("X: y\n")]
    [InlineData("X: y\r")]
    [InlineData("X: \0")]
    [InlineData("X: \x7F")]
    [InlineData("X\r\n: y")]
    public void H8_a_header_that_would_break_the_request_is_an_argument_error(string header) => ArgumentError("headers", "host", "/", header);

    [Theory]
    [InlineData("")]
    [InlineData("a b")]
    [InlineData("a,b")]
    [InlineData("a\r\nX: y")]
    [InlineData("a\n")]
    [InlineData("ö")]
    [InlineData("a/b")]
    [InlineData("mqtt")]
    public void H8_a_subprotocol_that_is_no_token_or_stands_twice_is_an_argument_error(string subprotocol) =>
        Assert.Throws<ArgumentException>("subprotocols", () => new ClientHandshake(new byte[512], Heads.Nonce, new[] { "mqtt", subprotocol }, null));

    [Theory]
    [InlineData("Sec-WebSocket-Protocol: mqtt", "mqtt")]
    [InlineData("sec-websocket-protocol:chat", "chat")]
    [InlineData("X: none", null)]
    public void The_subprotocol_is_the_servers_choice_of_those_offered(string line, string? expected) =>
        Assert.Equal(expected, Heads.ReadResponse(Heads.Response("", line), HandshakeError.None, 1024, null, "chat", "mqtt").Subprotocol);

    [Theory]
    [InlineData("Sec-WebSocket-Protocol: other")]
    [InlineData("Sec-WebSocket-Protocol: MQTT")]
    [InlineData("Sec-WebSocket-Protocol: mqt")]
    [InlineData("Sec-WebSocket-Protocol: mqtt, chat")]
    [InlineData("Sec-WebSocket-Protocol:")]
    [InlineData("Sec-WebSocket-Protocol: mqtt\r\nSec-WebSocket-Protocol: chat")]
    [InlineData("Sec-WebSocket-Protocol: mqtt\r\nSec-WebSocket-Protocol: mqtt")]
    public void H11_a_subprotocol_not_offered_or_more_than_one_fails(string lines)
    {
        Heads.ReadResponse(Heads.Response("", lines), HandshakeError.SubprotocolNotOffered, 1024, null, "chat", "mqtt");
        Heads.ReadResponse(Heads.Response("", lines), HandshakeError.SubprotocolNotOffered);
    }

    [Theory]
    [InlineData("permessage-deflate")]
    [InlineData("x-unknown; a=1")]
    [InlineData(",")]
    [InlineData("")]
    public void H11_an_extension_not_offered_fails(string extension) =>
        Heads.ReadResponse(Heads.Response("", "Sec-WebSocket-Extensions: " + extension), HandshakeError.ExtensionNotOffered);

    [Theory]
    [InlineData("permessage-deflate; server_max_window_bits=9", HandshakeError.None)]
    [InlineData("permessage-deflate; server_max_window_bits=8; client_max_window_bits=8; server_no_context_takeover", HandshakeError.None)]
    [InlineData("permessage-deflate", HandshakeError.DeflateNotAsOffered)]
    [InlineData("permessage-deflate; server_max_window_bits=10", HandshakeError.DeflateNotAsOffered)]
    [InlineData("permessage-deflate; server_max_window_bits=08", HandshakeError.DeflateNotAsOffered)]
    [InlineData("permessage-deflate; server_max_window_bits=9; client_max_window_bits", HandshakeError.DeflateNotAsOffered)]
    [InlineData("permessage-deflate; server_max_window_bits=9; mystery", HandshakeError.DeflateNotAsOffered)]
    [InlineData("permessage-deflate; server_max_window_bits=9, permessage-deflate; server_max_window_bits=9", HandshakeError.DeflateNotAsOffered)]
    [InlineData("permessage-deflate; server_max_window_bits=9\r\nSec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=9", HandshakeError.ExtensionNotOffered)]
    [InlineData("x-webkit-deflate-frame", HandshakeError.ExtensionNotOffered)]
    public void What_was_offered_may_be_agreed_to_once_and_within_the_offer(string extension, HandshakeError expected)
    {
        string response = Heads.Response("", "Sec-WebSocket-Extensions: " + extension);
        ClientHandshake handshake = Heads.ReadResponse(response, expected, 1024, new DeflateOptions { MaxReceiveWindowBits = 9 });

        Assert.True(expected != HandshakeError.None || handshake.Deflate is { ServerWindowBits: <= 9 });
        Assert.Null(Heads.ReadResponse(Heads.Response(), HandshakeError.None, 1024, new DeflateOptions()).Deflate);
    }

    [Fact]
    public void H12_a_frame_in_the_packet_of_the_101_is_not_lost()
    {
        string response = Heads.Response();
        HttpHead head = Heads.ReadResponse(response + "\x81\x05" + "frame", HandshakeError.None).Head;
        Assert.Equal(response.Length, head.Length);
        Assert.Equal("\x81\x05" + "frame", Encoding.Latin1.GetString(head.Buffer, head.Length, head.Count - head.Length));
    }

    [Fact]
    public void H13_a_101_one_byte_at_a_time_is_done_with_its_last_byte_and_not_before()
    {
        byte[] response = Encoding.ASCII.GetBytes(Heads.Response());
        ClientHandshake handshake = new(new byte[512], Heads.Nonce, Array.Empty<string>(), null);
        for (int i = 0; i < response.Length; i++)
        {
            handshake.Head.Buffer[handshake.Head.Count] = response[i];
            Assert.Equal(i < response.Length - 1 ? HandshakeStatus.NeedMore : HandshakeStatus.Done, handshake.Read(1));
        }
    }

    [Theory]
    [InlineData("HTTP/1.1 401 Unauthorized", "WWW-Authenticate: Basic realm=\"a\"", 401)]
    [InlineData("HTTP/1.1 302 Found", "Location: ws://other:81/", 302)]
    [InlineData("HTTP/1.1 503 Service Unavailable", "Retry-After: 120", 503)]
    [InlineData("HTTP/1.1 503", "Retry-After: 120", 503)]
    [InlineData("HTTP/1.0 400 Bad Request", "Content-Length: 3", 400)]
    [InlineData("HTTP/1.1 200 OK", "Transfer-Encoding: chunked", 200)]
    [InlineData("HTTP/1.1 100 Continue", "X: y", 100)]
    public void H13_another_status_fails_and_can_be_read_with_its_headers(string start, string line, int status)
    {
        ClientHandshake handshake = Heads.ReadResponse(start + "\r\n" + line + "\r\n\r\nbody", HandshakeError.UnexpectedStatus);
        int colon = line.IndexOf(": ", StringComparison.Ordinal);
        Assert.Equal(status, handshake.StatusCode);
        Assert.Equal(line[(colon + 2)..], handshake.Head.GetHeader(line[..colon]));
        Assert.Null(handshake.Head.GetHeader("Sec-WebSocket-Accept"));
    }

    [Theory]
    [InlineData("HTTP/1.0 101 Switching Protocols")]
    [InlineData("HTTP/2.0 101 Switching Protocols")]
    [InlineData("HTTP/1.1  101 Switching Protocols")]
    [InlineData("HTTP/1.1 1010 Switching Protocols")]
    [InlineData("HTTP/1.1 10 Switching Protocols")]
    [InlineData("HTTP/1.1 1x1 Switching Protocols")]
    [InlineData("HTTP/1.1 10")]
    [InlineData("http/1.1 101 Switching Protocols")]
    [InlineData("GET / HTTP/1.1")]
    [InlineData("x")]
    public void Wrong_start_lines_are_refused(string start) => Heads.ReadResponse(Heads.Response("", "", start), HandshakeError.BadStartLine);

    [Theory]
    [InlineData("HTTP/1.1 10x Switching Protocols")]
    [InlineData("HTTP/1.1 50")]
    public void A_status_that_is_no_number_of_three_digits_is_not_reported(string start) =>
        Assert.Equal(0, Heads.ReadResponse(Heads.Response("", "", start), HandshakeError.BadStartLine).StatusCode);

    [Theory]
    [InlineData(null)]
    [InlineData("chat")]
    public void Client_and_server_understand_each_other(string? subprotocol)
    {
        Random random = new(13);
        for (int i = 0; i < 100; i++)
        {
            byte[] nonce = new byte[ClientHandshake.NonceSize];
            random.NextBytes(nonce);
            ClientHandshake client = new(new byte[512], nonce, subprotocol == null ? Array.Empty<string>() : new[] { "other", subprotocol }, null);
            ServerHandshake server = new(new byte[512]);
            byte[] wire = new byte[512];

            int size = client.WriteRequest(wire, "[::1]:8080", "/sensors/7?x=%20", new[] { "X-Token: t" });
            Assert.Equal(HandshakeStatus.Done, Heads.Feed(server.Head, server.Read, wire[..size], 7));
            Assert.Equal("/sensors/7?x=%20", server.GetPath());
            Assert.Equal("t", server.Head.GetHeader("x-token"));
            string? selected = server.SelectSubprotocol(new[] { "chat" });
            Assert.Equal(subprotocol, selected);
            size = server.WriteAccept(wire, selected, null);
            Assert.Equal(HandshakeStatus.Done, Heads.Feed(client.Head, client.Read, wire[..size], 11));
            Assert.Equal(subprotocol, client.Subprotocol);
        }
    }

    private static void ArgumentError(string parameter, string host, string path, string header)
    {
        ClientHandshake handshake = new(new byte[512], Heads.Nonce, Array.Empty<string>(), null);
        Assert.Throws<ArgumentException>(parameter, () => handshake.WriteRequest(new byte[512], host, path, new[] { header }));
    }
}
