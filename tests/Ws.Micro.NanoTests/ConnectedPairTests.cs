using nanoFramework.TestFramework;
using Ws.Micro.Handshake;
using Ws.Micro.NanoTests.Support;

namespace Ws.Micro.NanoTests;

/// <summary>
/// Whole connections in memory, from the opening to the closing handshake. Both ends with windows of 1,024 bytes both ways, and all that the
/// tests themselves hold, pass on the interpreter with a managed heap of 64 KB.
/// </summary>
[TestClass]
public static class ConnectedPairTests
{
    private static byte[] _long = new byte[0];

    [Setup]
    public static void Make_a_message_of_several_frames()
    {
        _long = new byte[9 * 86];
        for (int i = 0; i < 9; i++)
        {
            System.Array.Copy(Bytes.Reading(i + 1), 0, _long, i * 86, 86);
        }
    }

    [Cleanup]
    public static void Give_it_back_to_the_heap() => _long = new byte[0];

    [TestMethod]
    public static void The_handshake_agrees_on_a_window_of_1024_both_ways()
    {
        Pair pair = new(windowBits: 10, pieceSize: 7);

        Assert.AreEqual("/sensors/attic", pair.Path);
        Assert.AreEqual(Pair.Subprotocol, pair.Chosen!);
        Agreed(pair.AtClient!);
        Agreed(pair.AtServer!);
    }

    [TestMethod]
    public static void Without_an_offer_nothing_is_compressed()
    {
        Pair pair = new(windowBits: 0, pieceSize: 64);

        Assert.IsNull(pair.AtClient, "at the client");
        Assert.IsNull(pair.AtServer, "at the server");

        pair.Client.Send(Bytes.Reading(1), isText: true);
        pair.Server.Send(_long, isText: false);
        pair.Settle();

        Assert.AreEqual("text 86 bytes", pair.Server.Recorder.Events);
        Received(pair.Server, Bytes.Reading(1));
        Assert.AreEqual("binary 774 bytes", pair.Client.Recorder.Events);
        Received(pair.Client, _long);
        Assert.IsTrue(pair.Server.Sent > _long.Length, "with headers");
    }

    [TestMethod]
    public static void A_compressed_connection_from_end_to_end()
    {
        Pair pair = new(windowBits: 10, pieceSize: 5);
        int plain = 0;
        for (int i = 1; i <= 6; i++)
        {
            byte[] reading = Bytes.Reading(i);
            plain += reading.Length;
            pair.Client.Send(reading, isText: true);
            pair.Settle();
            Received(pair.Server, reading);
        }

        Assert.IsTrue(pair.Client.Sent < plain / 2, pair.Client.Sent.ToString() + " bytes sent of " + plain.ToString());
        Assert.AreEqual("text 86 bytes; text 86 bytes; text 86 bytes; text 86 bytes; text 86 bytes; text 86 bytes", pair.Server.Recorder.Events);

        pair.Server.Send(_long, isText: false);
        pair.Settle();
        Received(pair.Client, _long);
        pair.Client.Ping(Bytes.Of("still there?"));
        pair.Server.Send(Bytes.Of("ok"), isText: true);
        pair.Settle();

        Assert.AreEqual("binary 774 bytes; text ok; pong 7374696C6C2074686572653F", pair.Client.Recorder.Events);

        pair.Server.Recorder.Clear();
        pair.Client.Close(1000, "done");
        pair.Settle();

        Assert.AreEqual("close 1000 done", pair.Server.Recorder.Events);
        Expect.State(EngineState.Closed, pair.Client.Engine, "client");
        Expect.State(EngineState.Closed, pair.Server.Engine, "server");
    }

    [TestMethod]
    public static void Fragments_with_pings_between_are_one_compressed_message()
    {
        Pair pair = new(windowBits: 9, pieceSize: 11);
        for (int i = 0; i < 9; i++)
        {
            pair.Client.Send(Bytes.Part(_long, i * 86, 86), isText: true, isLast: i == 8);
            pair.Client.Ping(Bytes.Hex("0" + i.ToString()));
            pair.Settle();
        }

        Assert.AreEqual("ping 00; ping 01; ping 02; ping 03; ping 04; ping 05; ping 06; ping 07; text 774 bytes; ping 08", pair.Server.Recorder.Events);
        Received(pair.Server, _long);
        Assert.AreEqual("pong 00; pong 01; pong 02; pong 03; pong 04; pong 05; pong 06; pong 07; pong 08", pair.Client.Recorder.Events);
    }

    [TestMethod]
    public static void What_would_not_gain_goes_as_it_is_and_the_contexts_stay_the_same()
    {
        Pair pair = new(windowBits: 9, pieceSize: 13);
        byte[] noise = Bytes.Noise(100, 5);

        pair.Client.Send(Bytes.Reading(1), isText: true);
        pair.Client.Send(noise, isText: false);
        pair.Settle();
        Received(pair.Server, noise);

        int before = pair.Client.Sent;
        pair.Client.Send(Bytes.Reading(2), isText: true);
        int size = pair.Client.Sent - before;
        Assert.IsTrue(size < 43, size.ToString() + " bytes, though the first reading is known");

        pair.Client.Send(Bytes.Reading(3), isText: true, compress: false);
        pair.Client.Send(Bytes.Reading(4), isText: true);
        pair.Settle();

        Assert.AreEqual("text 86 bytes; binary 100 bytes; text 86 bytes; text 86 bytes; text 86 bytes", pair.Server.Recorder.Events);
        Received(pair.Server, Bytes.Reading(4));
    }

    [TestMethod]
    public static void Both_ends_may_close_at_once()
    {
        Pair pair = new(windowBits: 0, pieceSize: 64);

        pair.Client.Close(1001, "off");
        pair.Server.Close(1012, "");
        pair.Settle();

        Assert.AreEqual("close 1012 ", pair.Client.Recorder.Events);
        Assert.AreEqual("close 1001 off", pair.Server.Recorder.Events);
        Expect.State(EngineState.Closed, pair.Client.Engine, "client");
        Expect.State(EngineState.Closed, pair.Server.Engine, "server");
    }

    [TestMethod]
    public static void A_fault_is_told_to_the_one_who_made_it()
    {
        Pair pair = new(windowBits: 0, pieceSize: 64);

        pair.Client.Send(Bytes.Hex("C3 28"), isText: true);
        pair.Settle();

        Assert.AreEqual("failed 11 1007", pair.Server.Recorder.Events);
        Assert.AreEqual("close 1007 ", pair.Client.Recorder.Events);
        Expect.State(EngineState.Closed, pair.Client.Engine, "client");
        Expect.State(EngineState.Closed, pair.Server.Engine, "server");
    }

    private static void Agreed(DeflateParameters agreed)
    {
        Assert.AreEqual(10, agreed.ServerWindowBits, "server's window");
        Assert.AreEqual(10, agreed.ClientWindowBits, "client's window");
        Assert.IsFalse(agreed.ServerNoContextTakeover || agreed.ClientNoContextTakeover, "contexts are kept");
    }

    private static void Received(Peer peer, byte[] message) => Expect.Same(message, peer.Recorder.Message, 0, peer.Recorder.MessageCount, "message");
}
