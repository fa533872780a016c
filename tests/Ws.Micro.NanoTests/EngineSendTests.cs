using nanoFramework.TestFramework;
using Ws.Micro.NanoTests.Support;

namespace Ws.Micro.NanoTests;

/// <summary>What the engine writes (RFC 6455 §5.2 to §5.5).</summary>
[TestClass]
public static class EngineSendTests
{
    private const int Key = 0x3D21FA37;

    [TestMethod]
    public static void A_server_does_not_mask() => Expect.Same(Bytes.Hex("81 05 48 65 6C 6C 6F"), Send(new WebSocketEngine(true, 100, null), "Hello", true), "frame");

    [TestMethod]
    public static void A_client_masks() =>
        Expect.Same(Bytes.Hex("81 85 37 FA 21 3D 7F 9F 4D 51 58"), Send(new WebSocketEngine(false, 100, null), "Hello", true), "frame");

    [TestMethod]
    public static void Fragments_go_on_with_opcode_0()
    {
        WebSocketEngine engine = new(true, 100, null);

        Expect.Same(Bytes.Hex("01 01 61"), Send(engine, "a", false), "first");
        Expect.Same(Bytes.Hex("00 01 62"), Send(engine, "b", false), "next");
        Expect.Same(Bytes.Hex("80 00"), Send(engine, "", true), "last");
        Expect.Same(Bytes.Hex("81 01 63"), Send(engine, "c", true), "a new message");
    }

    [TestMethod]
    public static void A_payload_is_masked_in_as_many_steps_as_wanted()
    {
        byte[] expected = Send(new WebSocketEngine(false, 100, null), "Hello, world", true);
        byte[] buffer = new byte[WebSocketEngine.Headroom + 12];
        for (int cut = 0; cut <= 12; cut++)
        {
            WebSocketEngine engine = new(false, 100, null);
            System.Array.Copy(Bytes.Of("Hello, world"), 0, buffer, WebSocketEngine.Headroom, 12);
            int header = engine.BeginFrame(buffer, WebSocketEngine.Headroom, 12, true, true, false, Key);
            engine.Mask(buffer, WebSocketEngine.Headroom, cut);
            engine.Mask(buffer, WebSocketEngine.Headroom + cut, 12 - cut);

            Expect.Same(expected, buffer, WebSocketEngine.Headroom - header, header + 12, "cut at " + cut.ToString());
        }
    }

    [TestMethod]
    public static void RSV1_marks_an_encoded_messages_first_frame()
    {
        WebSocketEngine engine = new(true, 100, Compression.New(true, 8));
        byte[] buffer = new byte[WebSocketEngine.Headroom];

        engine.BeginFrame(buffer, WebSocketEngine.Headroom, 3, false, false, true, 0);
        Expect.Hex("42 03", buffer, WebSocketEngine.Headroom - 2, 2, "first");
        engine.BeginFrame(buffer, WebSocketEngine.Headroom, 3, false, true, true, 0);
        Expect.Hex("80 03", buffer, WebSocketEngine.Headroom - 2, 2, "last");
    }

    [TestMethod]
    public static void The_largest_frame_has_the_largest_header()
    {
        byte[] buffer = new byte[WebSocketEngine.Headroom];

        int size = new WebSocketEngine(false, 100, null).BeginFrame(buffer, WebSocketEngine.Headroom, long.MaxValue, false, true, false, Key);

        Expect.Hex("82 FF 7F FF FF FF FF FF FF FF 37 FA 21 3D", buffer, 0, size, "header");
    }

    [TestMethod]
    public static void Control_frames_come_between_fragments()
    {
        WebSocketEngine engine = new(false, 100, null);
        byte[] buffer = new byte[131];
        byte[] payload = Bytes.Of("Hello");

        Send(engine, "a", false);
        Expect.Hex("89 85 37 FA 21 3D 7F 9F 4D 51 58", buffer, 0, engine.WritePing(buffer, 0, payload, 0, 5, Key), "ping");
        byte[] ping = Bytes.Hex("89 05 48 65 6C 6C 6F");
        Expect.Event(EngineEvent.Ping, engine.Receive(ping, 0, ping.Length, 0), "the peer's ping");
        Expect.Hex("8A 85 37 FA 21 3D 7F 9F 4D 51 58", buffer, 0, engine.WritePong(buffer, 0, Key), "pong");
        Assert.AreEqual(0x80, (int)Send(engine, "b", true)[0], "the message goes on");
    }

    private static byte[] Send(WebSocketEngine engine, string text, bool isLast)
    {
        byte[] payload = Bytes.Of(text);
        byte[] buffer = new byte[WebSocketEngine.Headroom + payload.Length];
        System.Array.Copy(payload, 0, buffer, WebSocketEngine.Headroom, payload.Length);
        int header = engine.BeginFrame(buffer, WebSocketEngine.Headroom, payload.Length, true, isLast, false, Key);
        engine.Mask(buffer, WebSocketEngine.Headroom, payload.Length);
        return Bytes.Part(buffer, WebSocketEngine.Headroom - header, header + payload.Length);
    }
}
