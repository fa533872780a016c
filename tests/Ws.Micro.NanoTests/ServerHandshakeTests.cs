using nanoFramework.TestFramework;
using Ws.Micro.Handshake;
using Ws.Micro.NanoTests.Support;

namespace Ws.Micro.NanoTests;

/// <summary>The server's side of the opening handshake (RFC 6455 §4.2).</summary>
[TestClass]
public static class ServerHandshakeTests
{
    [TestMethod]
    public static void A_request_is_accepted_and_answered()
    {
        ServerHandshake server = Heads.ReadRequest(Heads.Request(), HandshakeError.None);

        Assert.AreEqual("/sensors/attic", server.GetPath());
        Expect.Same(
            Bytes.Of("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                + "Sec-WebSocket-Accept: " + Heads.Accept + "\r\n\r\n"),
            Heads.Answer(server, null),
            "answer");
    }

    [TestMethod]
    public static void Names_may_be_of_any_case_and_lists_of_any_length()
    {
        Heads.ReadRequest(
            Heads.Request(upgrade: "UPGRADE: WebSocket\r\n", connection: "connection:keep-alive ,\tupgrade\r\n", host: "hOST:\t a \r\n"),
            HandshakeError.None);
    }

    [TestMethod]
    public static void The_first_subprotocol_that_both_know_is_chosen()
    {
        ServerHandshake server = Heads.ReadRequest(
            Heads.Request(more: "Sec-WebSocket-Protocol: mqtt, telemetry\r\nSec-WebSocket-Protocol: chat\r\n"), HandshakeError.None);

        Assert.AreEqual("telemetry", server.SelectSubprotocol(new[] { "chat", "telemetry" })!);
        Assert.AreEqual("chat", server.SelectSubprotocol(new[] { "chat" })!);
        Assert.IsNull(server.SelectSubprotocol(new[] { "MQTT" }));
        byte[] answer = Heads.Answer(server, "telemetry");
        Expect.Same(
            Bytes.Of("Sec-WebSocket-Protocol: telemetry\r\n\r\n"), Bytes.Part(answer, answer.Length - 37, 37), "the answer's last lines");
    }

    [TestMethod]
    public static void Bytes_behind_the_head_stay_for_the_frames()
    {
        byte[] request = Bytes.Of(Heads.Request() + "frame");
        ServerHandshake server = new(new byte[request.Length + 1]);
        System.Array.Copy(request, 0, server.Head.Buffer, 0, request.Length);

        Assert.AreEqual((int)HandshakeStatus.Done, (int)server.Read(request.Length));

        Assert.AreEqual(request.Length - 5, server.Head.Length);
        Assert.AreEqual(request.Length, server.Head.Count);
    }

    [TestMethod]
    public static void A_request_that_breaks_a_rule_is_refused()
    {
        Heads.ReadRequest(Heads.Request(start: "POST / HTTP/1.1\r\n"), HandshakeError.NotGet);
        Heads.ReadRequest(Heads.Request(start: "GET / HTTP/1.0\r\n"), HandshakeError.BadStartLine);
        Heads.ReadRequest(Heads.Request(start: "GET room HTTP/1.1\r\n"), HandshakeError.BadStartLine);
        Heads.ReadRequest(Heads.Request(host: ""), HandshakeError.BadHost);
        Heads.ReadRequest(Heads.Request(more: "Host: b\r\n"), HandshakeError.BadHost);
        Heads.ReadRequest(Heads.Request(upgrade: ""), HandshakeError.NotAnUpgrade);
        Heads.ReadRequest(Heads.Request(upgrade: "Upgrade: h2c\r\n"), HandshakeError.NotAnUpgrade);
        Heads.ReadRequest(Heads.Request(connection: "Connection: close\r\n"), HandshakeError.NotAnUpgrade);
        Heads.ReadRequest(Heads.Request(version: "Sec-WebSocket-Version: 8\r\n"), HandshakeError.BadVersion);
        Heads.ReadRequest(Heads.Request(key: ""), HandshakeError.BadKey);
        Heads.ReadRequest(Heads.Request(key: "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=\r\n"), HandshakeError.BadKey);
        Heads.ReadRequest(Heads.Request(more: "Sec-WebSocket-Protocol: a b\r\n"), HandshakeError.BadSubprotocol);
        Heads.ReadRequest(Heads.Request(more: "Sec-WebSocket-Extensions: ;\r\n"), HandshakeError.BadExtension);
        Heads.ReadRequest(Heads.Request(more: "Content-Length: 4\r\n"), HandshakeError.BodyNotAllowed);
    }

    [TestMethod]
    public static void A_head_that_is_malformed_is_refused()
    {
        Heads.ReadRequest(Heads.Request(more: " folded\r\n"), HandshakeError.MalformedHead);
        Heads.ReadRequest(Heads.Request(more: "A : b\r\n"), HandshakeError.MalformedHead);
        Heads.ReadRequest(Heads.Request(more: "A: b\n"), HandshakeError.MalformedHead);
        Heads.ReadRequest(Heads.Request(more: "A: \u0001\r\n"), HandshakeError.MalformedHead);
        Heads.ReadRequest(Heads.Request(more: "A\r\n"), HandshakeError.MalformedHead);
        Heads.ReadRequest("\r\n" + Heads.Request(), HandshakeError.MalformedHead);
    }

    [TestMethod]
    public static void A_head_has_as_many_bytes_as_its_buffer_and_no_more()
    {
        string request = Heads.Request();

        Heads.ReadRequest(request, HandshakeError.None, request.Length);
        Heads.ReadRequest(request, HandshakeError.HeadTooLarge, request.Length - 1);
    }

    [TestMethod]
    public static void A_page_connects_from_an_allowed_origin_only()
    {
        ServerHandshake server = Heads.ReadRequest(Heads.Request(more: "Origin: https://example.org\r\n"), HandshakeError.None);

        Assert.IsTrue(server.CheckOrigin(new[] { "https://other.example", "https://EXAMPLE.org" }));
        Assert.IsTrue(server.CheckOrigin(new[] { "*" }));
        Assert.IsFalse(server.CheckOrigin(new[] { "https://example.org:8443" }));
        Assert.AreEqual(403, ServerHandshake.StatusOf(server.Error));
    }

    [TestMethod]
    public static void A_refusal_says_what_would_be_accepted()
    {
        byte[] output = new byte[256];

        int count = ServerHandshake.WriteRefusal(output, ServerHandshake.StatusOf(HandshakeError.BadVersion), "Upgrade Required");

        Expect.Same(
            Bytes.Of("HTTP/1.1 426 Upgrade Required\r\nConnection: close\r\nContent-Length: 0\r\n"
                + "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\r\n"),
            output, 0, count, "refusal");
    }
}
