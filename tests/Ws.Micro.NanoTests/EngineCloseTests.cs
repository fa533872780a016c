using nanoFramework.TestFramework;
using Ws.Micro.Framing;
using Ws.Micro.NanoTests.Support;

namespace Ws.Micro.NanoTests;

/// <summary>The closing handshake (RFC 6455 §5.5.1, §7), in both roles.</summary>
[TestClass]
public static class EngineCloseTests
{
    private const int Key = 0x3D21FA37;

    private static readonly byte[] Nothing = new byte[0];

    [TestMethod]
    public static void Codes_and_reasons_are_reported() =>
        Scenario.Gives("close 1000 bye", Wire.FrameHex(0x88, "03 E8 62 79 65"), Wire.Frame(0x81, "ignored"), Wire.Frame(0x88, ""));

    [TestMethod]
    public static void A_close_frame_without_a_code_is_reported_as_1005() => Scenario.Gives("close 1005 ", Wire.Frame(0x88, ""));

    [TestMethod]
    public static void Codes_that_may_be_sent_are_taken()
    {
        int[] codes = { 1000, 1003, 1007, 1011, 1014, 3000, 4000, 4999 };
        for (int i = 0; i < codes.Length; i++)
        {
            Scenario.Gives("close " + codes[i].ToString() + " ", Wire.Frame(0x88, new[] { (byte)(codes[i] >> 8), (byte)codes[i] }));
        }
    }

    [TestMethod]
    public static void The_peer_closes_and_we_answer()
    {
        WebSocketEngine engine = new(false, 100, null);
        byte[] buffer = new byte[131];

        Expect.State(EngineState.Open, engine, "at first");
        Expect.Event(EngineEvent.Close, Receive(engine, "88 02 03 E8"), "the peer's close frame");
        Expect.State(EngineState.ClosedByPeer, engine, "before the answer");
        Assert.IsTrue(engine.CanSend, "a message under way may be ended first");
        Assert.AreEqual(0, engine.WritePong(buffer, 0, Key), "no pong after the peer's close frame");

        int count = engine.WriteClose(buffer, 0, engine.CloseCode, Nothing, 0, 0, Key);

        Expect.Hex("88 82 37 FA 21 3D 34 12", buffer, 0, count, "the answer");
        Expect.State(EngineState.Closed, engine, "after it");
        Assert.IsFalse(engine.CanSend, "nothing may follow");
        Assert.AreEqual(0, engine.BeginFrame(buffer, WebSocketEngine.Headroom, 1, true, true, false, Key), "no data either");
        Assert.AreEqual(0, engine.WritePing(buffer, 0, Nothing, 0, 0, Key), "no ping");
        Assert.AreEqual(0, engine.WriteClose(buffer, 0, 1000, Nothing, 0, 0, Key), "no second close frame");
    }

    [TestMethod]
    public static void We_close_and_the_peer_answers()
    {
        WebSocketEngine engine = new(true, 100, null);
        byte[] buffer = new byte[131];
        byte[] reason = Bytes.Of("update");

        int count = engine.WriteClose(buffer, 0, 1001, reason, 0, reason.Length, 0);

        Expect.Hex("88 08 03 E9 75 70 64 61 74 65", buffer, 0, count, "our close frame");
        Expect.State(EngineState.ClosedByUs, engine, "before the answer");
        Assert.IsFalse(engine.CanSend, "nothing may follow");

        // What the peer sent before its answer still comes.
        Expect.Event(EngineEvent.Data, Receive(engine, "81 81 00 00 00 00 41"), "a message under way");
        Expect.Event(EngineEvent.Ping, Receive(engine, "89 80 00 00 00 00"), "a ping");
        Expect.Hex("8A 00", buffer, 0, engine.WritePong(buffer, 0, 0), "its pong");
        Expect.Event(EngineEvent.Close, Receive(engine, "88 82 00 00 00 00 03 E9"), "the answer");
        Expect.State(EngineState.Closed, engine, "after it");
        Expect.Event(EngineEvent.None, Receive(engine, "81 81 00 00 00 00 41"), "whatever follows");
    }

    [TestMethod]
    public static void Without_a_code_the_payload_is_empty()
    {
        byte[] buffer = new byte[131];

        Expect.Hex("88 00", buffer, 0, new WebSocketEngine(true, 100, null).WriteClose(buffer, 0, 1005, Nothing, 0, 0, 0), "server");
        Expect.Hex("88 80 37 FA 21 3D", buffer, 0, new WebSocketEngine(false, 100, null).WriteClose(buffer, 0, 1005, Nothing, 0, 0, Key), "client");
    }

    [TestMethod]
    public static void After_a_failure_only_our_close_frame_goes_out()
    {
        WebSocketEngine engine = new(true, 100, null);
        byte[] buffer = new byte[131];

        Expect.Event(EngineEvent.Failed, Receive(engine, "81 00"), "a frame without a mask");
        Expect.State(EngineState.Failed, engine, "before our close frame");
        Assert.IsFalse(engine.CanSend, "no data");

        int count = engine.WriteClose(buffer, 0, engine.CloseCode, Nothing, 0, 0, 0);

        Expect.Hex("88 02 03 EA", buffer, 0, count, "our close frame");
        Expect.State(EngineState.Closed, engine, "after it");
    }

    // All of it, which is one event.
    private static EngineEvent Receive(WebSocketEngine engine, string digits)
    {
        byte[] wire = Bytes.Hex(digits);
        return engine.Receive(wire, 0, wire.Length, 0);
    }
}
