using System;
using nanoFramework.TestFramework;
using Ws.Micro.Handshake;
using Ws.Micro.NanoTests.Support;

namespace Ws.Micro.NanoTests;

/// <summary>The client's side of the opening handshake (RFC 6455 §4.1).</summary>
[TestClass]
public static class ClientHandshakeTests
{
    [TestMethod]
    public static void The_request_is_as_the_RFC_says()
    {
        byte[] request = Heads.Request(Heads.NewClient("telemetry", "mqtt"), "gateway:5080", "/sensors/attic?v=1", "Authorization: Bearer abc");

        Expect.Same(
            Bytes.Of("GET /sensors/attic?v=1 HTTP/1.1\r\nHost: gateway:5080\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " + Heads.Key + "\r\n"
                + "Sec-WebSocket-Protocol: telemetry, mqtt\r\nAuthorization: Bearer abc\r\n\r\n"),
            request,
            "request");
    }

    [TestMethod]
    public static void A_good_response_is_taken()
    {
        ClientHandshake client = Heads.ReadResponse(Heads.Response(), HandshakeError.None);

        Assert.AreEqual(101, client.StatusCode);
        Assert.IsNull(client.Subprotocol);
    }

    [TestMethod]
    public static void The_servers_choice_must_have_been_offered()
    {
        string response = Heads.Response(more: "Sec-WebSocket-Protocol: mqtt\r\n");

        Assert.AreEqual("mqtt", Heads.ReadResponse(response, HandshakeError.None, "telemetry", "mqtt").Subprotocol!);
        Heads.ReadResponse(response, HandshakeError.SubprotocolNotOffered, "telemetry");
        Heads.ReadResponse(response, HandshakeError.SubprotocolNotOffered);
        Heads.ReadResponse(Heads.Response(more: "Sec-WebSocket-Extensions: permessage-deflate\r\n"), HandshakeError.ExtensionNotOffered);
    }

    [TestMethod]
    public static void A_response_that_breaks_a_rule_is_refused()
    {
        Heads.ReadResponse(Heads.Response(start: "HTTP/1.0 101 Switching Protocols\r\n"), HandshakeError.BadStartLine);
        Heads.ReadResponse(Heads.Response(start: "HTTP/1.1 1O1 Switching Protocols\r\n"), HandshakeError.BadStartLine);
        Heads.ReadResponse(Heads.Response(upgrade: ""), HandshakeError.NotAnUpgrade);
        Heads.ReadResponse(Heads.Response(upgrade: "Upgrade: websocket, h2c\r\n"), HandshakeError.NotAnUpgrade);
        Heads.ReadResponse(Heads.Response(connection: "Connection: close\r\n"), HandshakeError.NotAnUpgrade);
        Heads.ReadResponse(Heads.Response(accept: ""), HandshakeError.BadAccept);
        Heads.ReadResponse(Heads.Response(accept: "Sec-WebSocket-Accept: S3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"), HandshakeError.BadAccept);
        Heads.ReadResponse(Heads.Response(more: "A b\r\n"), HandshakeError.MalformedHead);
    }

    [TestMethod]
    public static void Another_status_is_told()
    {
        ClientHandshake client = Heads.ReadResponse("HTTP/1.1 503 Service Unavailable\r\nRetry-After: 7\r\n\r\n", HandshakeError.UnexpectedStatus);

        Assert.AreEqual(503, client.StatusCode);
        Assert.AreEqual("7", client.Head.GetHeader("retry-after")!);
    }

    [TestMethod]
    public static void Nothing_can_be_slipped_into_the_request()
    {
        Refuses(() => Heads.Request(Heads.NewClient(), "gateway", "/a b"));
        Refuses(() => Heads.Request(Heads.NewClient(), "gateway", "a"));
        Refuses(() => Heads.Request(Heads.NewClient(), "gate\r\nway", "/"));
        Refuses(() => Heads.Request(Heads.NewClient(), "gateway", "/", "A: b\r\nC: d"));
        Refuses(() => Heads.Request(Heads.NewClient(), "gateway", "/", "Upgrade: h2c"));
        Refuses(() => Heads.NewClient("a,b"));
        Refuses(() => Heads.NewClient("a", "a"));
    }

    private static void Refuses(Action action) => Assert.ThrowsException(typeof(ArgumentException), action, "a value that is not of its form");
}
