using System;
using System.Linq;
using System.Text;
using Ws.Micro.Handshake;
using Ws.Micro.Tests.Support;

namespace Ws.Micro.Tests;

/// <summary>The server's side of the opening handshake, pitfalls H1 to H10 and H12: each head at every byte split.</summary>
public sealed class ServerHandshakeTests
{
    [Theory]
    [InlineData("Connection", "Connection: keep-alive, Upgrade")]
    [InlineData("Connection", "connection: UPGRADE")]
    [InlineData("Connection", "CONNECTION:upgrade")]
    [InlineData("Connection", "Connection: \t upgrade \t ")]
    [InlineData("Connection", "Connection: keep-alive\r\nConnection: Upgrade")]
    [InlineData("Connection", "Connection: Upgrade\r\nConnection: keep-alive")]
    [InlineData("Connection", "Connection: ,, ,upgrade , close")]
    [InlineData("Upgrade", "Upgrade: WebSocket")]
    [InlineData("Upgrade", "uPGRADE: h2c, WEBSOCKET")]
    [InlineData("Upgrade", "Upgrade: h2c\r\nUpgrade: websocket")]
    [InlineData("Sec-WebSocket-Key", "sec-websocket-key:" + Heads.Key)]
    [InlineData("Sec-WebSocket-Version", "SEC-WEBSOCKET-VERSION:  13 ")]
    public void H1_lists_letter_case_and_several_lines_are_accepted(string replaced, string lines) =>
        Heads.Read(Heads.Request(replaced, lines), HandshakeError.None);

    [Theory]
    [InlineData("Connection", "")]
    [InlineData("Connection", "Connection:")]
    [InlineData("Connection", "Connection: keep-alive")]
    [InlineData("Connection", "Connection: upgrades")]
    [InlineData("Connection", "Connection: up grade")]
    [InlineData("Connection", "Connection: \"upgrade\"")]
    [InlineData("Connection", "X-Connection: upgrade")]
    [InlineData("Upgrade", "")]
    [InlineData("Upgrade", "Upgrade: websockets")]
    [InlineData("Upgrade", "Upgrade: web socket")]
    [InlineData("Upgrade", "Upgrade: h2c")]
    public void What_is_no_upgrade_is_refused(string replaced, string lines) =>
        Heads.Read(Heads.Request(replaced, lines), HandshakeError.NotAnUpgrade);

    [Fact]
    public void H2_a_value_keeps_its_colons_and_high_bytes()
    {
        ServerHandshake handshake = Heads.Read(Heads.Request("", "X-Url:http://a:80/?b=c::\r\nX-Name: \xC3\xB6l \r\nX-Empty:"), HandshakeError.None);
        Assert.Equal("http://a:80/?b=c::", handshake.Head.GetHeader("x-url"));
        Assert.Equal("öl", handshake.Head.GetHeader("X-NAME"));
        Assert.Equal("", handshake.Head.GetHeader("X-Empty"));
        Assert.Null(handshake.Head.GetHeader("X-None"));
        Assert.Equal("sensor.local:8080", handshake.Head.GetHeader("Host"));
        Assert.Equal("/chat?room=1", handshake.GetPath());
    }

    [Theory]
    [InlineData("X: a\r\n folded")]
    [InlineData("X: a\r\n\tfolded")]
    [InlineData(" X: a")]
    [InlineData("X: a\nY: b")]
    [InlineData("X: a\n")]
    [InlineData("X: a\0b")]
    [InlineData("X: a\rb")]
    [InlineData("X: a\r\rY: b")]
    [InlineData("X: \x01")]
    [InlineData("X: \x1F")]
    [InlineData("X: \x7F")]
    [InlineData("X : a")]
    [InlineData("X\t: a")]
    [InlineData(": a")]
    [InlineData("X")]
    [InlineData("X\r\nY: b")]
    [InlineData("X Y: a")]
    [InlineData("X(Y): a")]
    [InlineData("X\xC3\xB6: a")]
    public void H2_malformed_lines_are_refused(string line)
    {
        Heads.Read(Heads.Request("", line), HandshakeError.MalformedHead);
        Heads.Read(Heads.Request("", line + "\r\nZ: z"), HandshakeError.MalformedHead);
    }

    [Theory]
    [InlineData("")]
    [InlineData("GET / HTTP/1.1\nHost: a")]
    [InlineData("GET /\0 HTTP/1.1")]
    [InlineData("GET /\x7F HTTP/1.1")]
    public void H2_malformed_start_lines_are_refused(string start) => Heads.Read(Heads.Request("", "", start), HandshakeError.MalformedHead);

    [Theory]
    [InlineData("POST /chat HTTP/1.1", HandshakeError.NotGet)]
    [InlineData("get /chat HTTP/1.1", HandshakeError.NotGet)]
    [InlineData("G", HandshakeError.NotGet)]
    [InlineData("GET", HandshakeError.NotGet)]
    [InlineData("GET ", HandshakeError.BadStartLine)]
    [InlineData("GET /chat", HandshakeError.BadStartLine)]
    [InlineData("GET HTTP/1.1", HandshakeError.BadStartLine)]
    [InlineData("GET  HTTP/1.1", HandshakeError.BadStartLine)]
    [InlineData("GET /chat HTTP/1.0", HandshakeError.BadStartLine)]
    [InlineData("GET /chat HTTP/2.0", HandshakeError.BadStartLine)]
    [InlineData("GET /chat http/1.1", HandshakeError.BadStartLine)]
    [InlineData("GET /chat HTTP/1.1 ", HandshakeError.BadStartLine)]
    [InlineData("GET  /chat HTTP/1.1", HandshakeError.BadStartLine)]
    [InlineData("GET /chat room HTTP/1.1", HandshakeError.BadStartLine)]
    [InlineData("GET /ch\tat HTTP/1.1", HandshakeError.BadStartLine)]
    [InlineData("GET /\xC3\xB6 HTTP/1.1", HandshakeError.BadStartLine)]
    [InlineData("GET * HTTP/1.1", HandshakeError.BadStartLine)]
    [InlineData("GET chat HTTP/1.1", HandshakeError.BadStartLine)]
    [InlineData("GET a/b/c/chat HTTP/1.1", HandshakeError.BadStartLine)]
    [InlineData("GET ftp://host/chat HTTP/1.1", HandshakeError.BadStartLine)]
    [InlineData("GET http:///chat HTTP/1.1", HandshakeError.BadStartLine)]
    [InlineData("GET http:/host/chat HTTP/1.1", HandshakeError.BadStartLine)]
    public void Wrong_start_lines_are_refused(string start, HandshakeError error) => Heads.Read(Heads.Request("", "", start), error);

    [Theory]
    [InlineData("GET / HTTP/1.1", "/")]
    [InlineData("GET /a/b?c=d&e=%20 HTTP/1.1", "/a/b?c=d&e=%20")]
    [InlineData("GET http://host:8080/chat?x HTTP/1.1", "/chat?x")]
    [InlineData("GET HTTPS://host/ HTTP/1.1", "/")]
    public void The_path_is_that_of_the_request(string start, string path) =>
        Assert.Equal(path, Heads.Read(Heads.Request("", "", start), HandshakeError.None).GetPath());

    [Theory]
    [InlineData("")]
    [InlineData("Host:")]
    [InlineData("Host: a\r\nHost: a")]
    public void Host_must_stand_once(string lines) => Heads.Read(Heads.Request("Host", lines), HandshakeError.BadHost);

    [Theory]
    [InlineData("")]
    [InlineData("Sec-WebSocket-Key:")]
    [InlineData("Sec-WebSocket-Key: " + Heads.Key + "\r\nSec-WebSocket-Key: " + Heads.Key)]
    [InlineData("Sec-WebSocket-Key: " + Heads.Key + ", " + Heads.Key)]
    [InlineData("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=")]
    [InlineData("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ")]
    [InlineData("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQA=")]
    [InlineData("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQAA")]
    [InlineData("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25j")]
    [InlineData("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==AAAA")]
    [InlineData("Sec-WebSocket-Key: dGhlIHNhb=BsZSBub25jZQ==")]
    [InlineData("Sec-WebSocket-Key: dGhlIHNh-XBsZSBub25jZQ==")]
    [InlineData("Sec-WebSocket-Key: dGhlIHNh XBsZSBub25jZQ==")]
    [InlineData("Sec-WebSocket-Key: \"hlIHNhbXBsZSBub25jZ\"==")]
    public void H4_a_key_that_is_not_base64_of_16_bytes_once_is_refused(string lines)
    {
        Heads.Read(Heads.Request("Sec-WebSocket-Key", lines), HandshakeError.BadKey);
        Assert.Equal(400, ServerHandshake.StatusOf(HandshakeError.BadKey));
    }

    [Theory]
    [InlineData("")]
    [InlineData("Sec-WebSocket-Version:")]
    [InlineData("Sec-WebSocket-Version: 8")]
    [InlineData("Sec-WebSocket-Version: 12")]
    [InlineData("Sec-WebSocket-Version: 14")]
    [InlineData("Sec-WebSocket-Version: 013")]
    [InlineData("Sec-WebSocket-Version: 13.0")]
    [InlineData("Sec-WebSocket-Version: 130")]
    [InlineData("Sec-WebSocket-Version: 13, 8")]
    [InlineData("Sec-WebSocket-Version: 13\r\nSec-WebSocket-Version: 13")]
    public void H5_a_version_other_than_13_is_answered_426_with_13(string lines)
    {
        Heads.Read(Heads.Request("Sec-WebSocket-Version", lines), HandshakeError.BadVersion);
        Assert.Equal(
            "HTTP/1.1 426 Upgrade Required\r\nConnection: close\r\nContent-Length: 0\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\r\n",
            Refusal(ServerHandshake.StatusOf(HandshakeError.BadVersion), "Upgrade Required"));
    }

    [Fact]
    public void H6_the_heads_bytes_are_limited_by_the_buffer()
    {
        string request = Heads.Request("", "X-Fill: " + new string('x', 100));
        Heads.Read(request, HandshakeError.None, request.Length);
        Heads.Read(request, HandshakeError.HeadTooLarge, request.Length - 1);
        Heads.Read(new string('G', 100), HandshakeError.HeadTooLarge, 100);
        Heads.Read("GET /" + new string('x', 1000), HandshakeError.HeadTooLarge, 100);
        Assert.Equal(431, ServerHandshake.StatusOf(HandshakeError.HeadTooLarge));
    }

    [Fact]
    public void H6_the_number_of_headers_is_limited()
    {
        string more = string.Join("\r\n", Enumerable.Range(0, HttpHead.MaxHeaders - 5).Select(i => $"X-{i}: {i}"));
        Heads.Read(Heads.Request("", more), HandshakeError.None, 4096);
        Heads.Read(Heads.Request("", more + "\r\nX: x"), HandshakeError.TooManyHeaders, 4096);
        Assert.Equal(431, ServerHandshake.StatusOf(HandshakeError.TooManyHeaders));
    }

    [Theory]
    [InlineData("Sec-WebSocket-Protocol", HandshakeError.BadSubprotocol)]
    [InlineData("Sec-WebSocket-Extensions", HandshakeError.BadExtension)]
    [InlineData("Connection", HandshakeError.NotAnUpgrade)]
    [InlineData("Upgrade", HandshakeError.NotAnUpgrade)]
    public void H7_ten_thousand_commas_are_refused(string name, HandshakeError error)
    {
        string last = name == "Connection" ? "upgrade" : name == "Upgrade" ? "websocket" : "a";
        Heads.Read(Heads.Request(name, name + ": " + new string(',', 10_000) + last), error, 32 * 1024);
    }

    [Fact]
    public void H7_a_list_has_64_elements_at_most_empty_ones_counted()
    {
        Heads.Read(Heads.Request("Connection", "Connection: " + new string(',', 63) + "upgrade"), HandshakeError.None);
        Heads.Read(Heads.Request("Connection", "Connection: " + new string(',', 64) + "upgrade"), HandshakeError.NotAnUpgrade);
        string list = string.Join(",", Enumerable.Range(0, 64));
        Heads.Read(Heads.Request("", "Sec-WebSocket-Protocol: " + list), HandshakeError.None);
        Heads.Read(Heads.Request("", "Sec-WebSocket-Protocol: " + list + ",64"), HandshakeError.BadSubprotocol);
    }

    [Theory]
    [InlineData("a; b=\"1")]
    [InlineData("a; b=\"")]
    [InlineData("a; b=\"1\"2")]
    [InlineData("a; b=\"1 2\"")]
    [InlineData("a; b=\"\\\"")]
    [InlineData("a; b=")]
    [InlineData("a; =1")]
    [InlineData("a;")]
    [InlineData("a; b c")]
    [InlineData("a b")]
    [InlineData("a=b")]
    [InlineData("\"a\"")]
    [InlineData("a; b; ;c")]
    [InlineData(";a")]
    [InlineData("")]
    [InlineData(", ,")]
    public void H7_malformed_extension_lists_are_refused(string list)
    {
        Heads.Read(Heads.Request("", "Sec-WebSocket-Extensions: " + list), HandshakeError.BadExtension);
        string filler = string.Concat(Enumerable.Repeat("a; b=\"1\", ", 3000));
        Heads.Read(Heads.Request("", "Sec-WebSocket-Extensions: " + filler + list), HandshakeError.BadExtension, 32 * 1024);
    }

    [Theory]
    [InlineData("a")]
    [InlineData("a,, b,")]
    [InlineData("permessage-deflate; client_max_window_bits")]
    [InlineData("permessage-deflate;server_max_window_bits=10;client_no_context_takeover, permessage-deflate")]
    [InlineData("a ; b = \"1\" ;c\t, d")]

    // An empty value is for the extension to decline, and no reason to refuse the connection.
    [InlineData("a; b=\"\"")]
    public void Extension_lists_of_the_grammar_are_accepted(string list) =>
        Heads.Read(Heads.Request("", "Sec-WebSocket-Extensions: " + list), HandshakeError.None);

    [Theory]
    [InlineData("a b")]
    [InlineData("a, b/c")]
    [InlineData("\"a\"")]
    [InlineData("\"a")]
    [InlineData("a;b")]
    [InlineData("")]
    [InlineData(", ,")]
    public void H7_subprotocol_lists_of_other_than_tokens_are_refused(string list) =>
        Heads.Read(Heads.Request("", "Sec-WebSocket-Protocol: " + list), HandshakeError.BadSubprotocol);

    [Theory]
    [InlineData("mqtt\r\nX-Injected: 1")]
    [InlineData("mqtt\n")]
    [InlineData("mqtt ")]
    [InlineData("")]
    public void H8_a_subprotocol_that_is_no_token_is_never_selected(string supported)
    {
        ServerHandshake handshake = Heads.Read(Heads.Request("", "Sec-WebSocket-Protocol: mqtt , x\r\nX-Injected: 1"), HandshakeError.None);
        Assert.Null(handshake.SelectSubprotocol(new[] { supported }));
        Assert.Equal("x", handshake.SelectSubprotocol(new[] { supported, "x" }));
    }

    [Theory]
    [InlineData("Content-Length: 0")]
    [InlineData("content-length: 5")]
    [InlineData("Transfer-Encoding: chunked")]
    [InlineData("TRANSFER-ENCODING:")]
    public void H9_a_body_on_an_upgrade_is_refused_and_the_rest_not_parsed(string line)
    {
        string rest = "\0\x01rubbish\n" + Heads.Request();
        ServerHandshake handshake = Heads.Read(Heads.Request("", line) + rest, HandshakeError.BodyNotAllowed);
        Assert.Equal(Heads.Request("", line).Length, handshake.Head.Length);
        Assert.Equal(
            "HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
            Refusal(ServerHandshake.StatusOf(HandshakeError.BodyNotAllowed), "Bad Request"));
    }

    [Theory]
    [InlineData("", "https://app.example", true)]
    [InlineData("", "", true)]
    [InlineData("Origin: https://app.example", "https://app.example", true)]
    [InlineData("Origin: HTTPS://APP.example", "https://other,https://app.EXAMPLE", true)]
    [InlineData("Origin: https://app.example", "*", true)]
    [InlineData("Origin: https://evil.example", "https://app.example", false)]
    [InlineData("Origin: https://app.example.evil", "https://app.example", false)]
    [InlineData("Origin: https://app.exampl", "https://app.example", false)]
    [InlineData("Origin: http://app.example", "https://app.example", false)]
    [InlineData("Origin: null", "https://app.example", false)]
    [InlineData("Origin:", "https://app.example", false)]
    [InlineData("Origin: https://app.example", "", false)]
    [InlineData("Origin: https://app.example\r\norigin: https://evil.example", "https://app.example", false)]
    [InlineData("Origin: https://evil.example\r\nOrigin: https://app.example", "https://app.example", false)]
    [InlineData("Origin: https://app.example\r\nOrigin: https://app.example", "https://app.example", true)]
    public void H10_an_origin_not_on_the_list_is_answered_403(string line, string allowed, bool expected)
    {
        ServerHandshake handshake = Heads.Read(Heads.Request("", line), HandshakeError.None);
        Assert.Equal(expected, handshake.CheckOrigin(allowed.Split(',', StringSplitOptions.RemoveEmptyEntries)));
        Assert.Equal(expected ? HandshakeError.None : HandshakeError.OriginNotAllowed, handshake.Error);
        Assert.Equal(403, ServerHandshake.StatusOf(HandshakeError.OriginNotAllowed));
    }

    [Fact]
    public void H12_a_frame_in_the_packet_of_the_request_is_not_lost()
    {
        string request = Heads.Request();
        HttpHead head = Heads.Read(request + "\x81\x85" + "frame", HandshakeError.None).Head;
        Assert.Equal(request.Length, head.Length);
        Assert.Equal("\x81\x85" + "frame", Encoding.Latin1.GetString(head.Buffer, head.Length, head.Count - head.Length));
    }

    [Theory]
    [InlineData("Sec-WebSocket-Protocol: chat, mqtt", "mqtt,chat", "chat")]
    [InlineData("Sec-WebSocket-Protocol: x\r\nSec-WebSocket-Protocol: y, mqtt\r\nsec-websocket-protocol: chat", "chat,mqtt", "mqtt")]
    [InlineData("Sec-WebSocket-Protocol: ,, mqtt ,", "mqtt", "mqtt")]
    [InlineData("Sec-WebSocket-Protocol: MQTT, mqttv3.1, mqt", "mqtt", null)]
    [InlineData("X-Protocol: mqtt", "mqtt", null)]
    [InlineData("Sec-WebSocket-Protocol: mqtt", "", null)]
    public void The_clients_first_supported_subprotocol_is_selected(string lines, string supported, string? expected)
    {
        ServerHandshake handshake = Heads.Read(Heads.Request("", lines), HandshakeError.None);
        Assert.Equal(expected, handshake.SelectSubprotocol(supported.Split(',', StringSplitOptions.RemoveEmptyEntries)));
    }

    [Theory]
    [InlineData(null, "")]
    [InlineData("mqtt", "Sec-WebSocket-Protocol: mqtt\r\n")]
    public void The_answer_is_written_whole_or_its_size_told(string? subprotocol, string line)
    {
        string expected = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
            + Heads.Accept + "\r\n" + line + "\r\n";
        ServerHandshake handshake = Heads.Read(Heads.Request(), HandshakeError.None);
        byte[] output = new byte[expected.Length];

        Assert.Equal(expected.Length, handshake.WriteAccept(output, subprotocol, null));
        Assert.Equal(expected, Encoding.ASCII.GetString(output));
        Assert.Equal(expected.Length, handshake.WriteAccept(new byte[expected.Length - 1], subprotocol, null));
    }

    [Fact]
    public void A_method_other_than_get_is_answered_405_with_allow() =>
        Assert.Equal(
            "HTTP/1.1 405 Method Not Allowed\r\nConnection: close\r\nContent-Length: 0\r\nAllow: GET\r\n\r\n",
            Refusal(ServerHandshake.StatusOf(HandshakeError.NotGet), "Method Not Allowed"));

    [Fact]
    public void A_head_that_is_not_whole_has_no_headers()
    {
        Assert.Null(Heads.Read(new string('G', 100), HandshakeError.HeadTooLarge, 100).Head.GetHeader("Host"));
        Assert.Null(Heads.Read("GET / HTTP/1.1\r\nHost: a\r\nX", HandshakeError.HeadTooLarge, 26).Head.GetHeader("Host"));
        Assert.Null(Heads.Read("GET / HTTP/1.1\r\nHost: a\r\nX\0", HandshakeError.MalformedHead).Head.GetHeader("Retry-After"));
        Assert.Null(new HttpHead(new byte[10]).GetHeader("Host"));
    }

    private static string Refusal(int status, string reason)
    {
        byte[] output = new byte[256];
        int size = ServerHandshake.WriteRefusal(output, status, reason);
        return Encoding.ASCII.GetString(output, 0, size);
    }

    [Theory]
    [InlineData("Sec-WebSocket-Extensions: permessage-deflate", null)]
    [InlineData("Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits", "permessage-deflate; server_max_window_bits=11; client_max_window_bits=10")]
    [InlineData("Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits=16, permessage-deflate; client_max_window_bits=8", "permessage-deflate; server_max_window_bits=11; client_max_window_bits=8")]
    [InlineData("Sec-WebSocket-Extensions: x\r\nX: y\r\nsec-websocket-extensions: permessage-deflate; client_max_window_bits; server_max_window_bits=9", "permessage-deflate; server_max_window_bits=9; client_max_window_bits=10")]
    public void The_first_offer_that_can_be_kept_is_agreed_to_and_said_in_the_response(string lines, string? expected)
    {
        ServerHandshake handshake = Heads.Read(Heads.Request("", lines), HandshakeError.None);
        DeflateParameters? agreed = handshake.SelectDeflate(new DeflateOptions { MaxSendWindowBits = 11, MaxReceiveWindowBits = 10 });
        byte[] output = new byte[512];
        int size = handshake.WriteAccept(output, null, agreed == null ? null : DeflateNegotiation.WriteResponse(agreed));
        string response = Encoding.ASCII.GetString(output, 0, size);

        Assert.Equal(expected == null ? -1 : response.Length - expected.Length - 4, response.IndexOf(expected ?? "Extensions", StringComparison.Ordinal));
        Assert.EndsWith(expected == null ? "\r\n\r\n" : "\r\nSec-WebSocket-Extensions: " + expected + "\r\n\r\n", response);
    }
}
