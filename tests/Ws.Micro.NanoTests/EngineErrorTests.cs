using nanoFramework.TestFramework;
using Ws.Micro.Framing;
using Ws.Micro.NanoTests.Support;

namespace Ws.Micro.NanoTests;

/// <summary>Each rule that a peer can break (RFC 6455 §5, §7.4, §8.1), in any pieces, in both roles. What follows is ignored.</summary>
[TestClass]
public static class EngineErrorTests
{
    [TestMethod]
    public static void Reserved_bits()
    {
        Breaks(ProtocolError.ReservedBit, Wire.Frame(0xC1, "a"));
        Breaks(ProtocolError.ReservedBit, Wire.Frame(0xA1, "a"));
        Breaks(ProtocolError.ReservedBit, Wire.Frame(0x91, "a"));
        Breaks(ProtocolError.ReservedBit, Wire.Frame(0xC9, "a"));
    }

    [TestMethod]
    public static void Reserved_opcodes()
    {
        Breaks(ProtocolError.ReservedOpcode, Wire.Frame(0x83, ""));
        Breaks(ProtocolError.ReservedOpcode, Wire.Frame(0x87, ""));
        Breaks(ProtocolError.ReservedOpcode, Wire.Frame(0x8B, ""));
        Breaks(ProtocolError.ReservedOpcode, Wire.Frame(0x8F, ""));
    }

    [TestMethod]
    public static void Control_frames_cut_in_two_or_too_long()
    {
        Breaks(ProtocolError.FragmentedControlFrame, Wire.Frame(0x09, "a"));
        Breaks(ProtocolError.FragmentedControlFrame, Wire.Frame(0x08, ""));
        Breaks(ProtocolError.ControlFrameTooLong, Wire.Frame(0x89, Bytes.Counting(126)));
        Breaks(ProtocolError.ControlFrameTooLong, Wire.Frame(0x88, Bytes.Counting(126)));
    }

    [TestMethod]
    public static void Masks_where_none_may_be_and_none_where_one_must()
    {
        Wire masked = new(true, 32);
        masked.Add(Wire.Frame(0x81, "Hello"));
        Wire plain = new(false, 32);
        plain.Add(Wire.Frame(0x81, "Hello"));

        new Scenario().Reads(Recorder.Failed(ProtocolError.MaskForbidden, CloseCode.ProtocolError), false, masked);
        new Scenario().Reads(Recorder.Failed(ProtocolError.MaskMissing, CloseCode.ProtocolError), true, plain);
    }

    [TestMethod]
    public static void Lengths_in_the_wrong_form()
    {
        Length(ProtocolError.LengthNotMinimal, 126, 2, 125);
        Length(ProtocolError.LengthNotMinimal, 127, 8, 65535);
        Length(ProtocolError.LengthTooLarge, 127, 8, long.MinValue);
    }

    [TestMethod]
    public static void Fragments_out_of_order()
    {
        Breaks(ProtocolError.NothingToContinue, Wire.Frame(0x80, "a"));
        Breaks(ProtocolError.NothingToContinue, Wire.Frame(0x00, "a"));
        Breaks(ProtocolError.MessageUnfinished, Wire.Frame(0x01, "a"), Wire.Frame(0x81, "b"));
        Breaks(ProtocolError.MessageUnfinished, Wire.Frame(0x02, "a"), Wire.Frame(0x01, "b"));
    }

    [TestMethod]
    public static void Text_that_is_not_UTF_8()
    {
        Fails(ProtocolError.InvalidUtf8, CloseCode.InvalidPayloadData, Wire.FrameHex(0x81, "C3 28"));
        Fails(ProtocolError.InvalidUtf8, CloseCode.InvalidPayloadData, Wire.FrameHex(0x81, "E2 82"));
        Fails(ProtocolError.InvalidUtf8, CloseCode.InvalidPayloadData, Wire.FrameHex(0x01, "E2 82"), Wire.Frame(0x80, ""));
        Fails(ProtocolError.InvalidUtf8, CloseCode.InvalidPayloadData, Wire.FrameHex(0x01, "ED"), Wire.FrameHex(0x00, "A0"));
    }

    [TestMethod]
    public static void Close_frames_that_say_what_may_not_be_said()
    {
        Breaks(ProtocolError.ClosePayloadTooShort, Wire.FrameHex(0x88, "03"));
        Breaks(ProtocolError.InvalidCloseCode, Close(999));
        Breaks(ProtocolError.InvalidCloseCode, Close(1004));
        Breaks(ProtocolError.InvalidCloseCode, Close(1005));
        Breaks(ProtocolError.InvalidCloseCode, Close(1006));
        Breaks(ProtocolError.InvalidCloseCode, Close(1015));
        Breaks(ProtocolError.InvalidCloseCode, Close(2999));
        Breaks(ProtocolError.InvalidCloseCode, Close(5000));
        Fails(ProtocolError.InvalidUtf8, CloseCode.InvalidPayloadData, Wire.FrameHex(0x88, "03 E8 C3 28"));
    }

    [TestMethod]
    public static void A_message_above_the_limit()
    {
        string failed = Recorder.Failed(ProtocolError.MessageTooBig, CloseCode.MessageTooBig);

        new Scenario { MaxMessageSize = 4 }.Reads(failed, Wire.Frame(0x81, "Hello"));
        new Scenario { MaxMessageSize = 4 }.Reads(failed, Wire.Frame(0x02, "Hel"), Wire.Frame(0x80, "lo"));
    }

    [TestMethod]
    public static void Floods_of_fragments_and_of_control_frames()
    {
        WebSocketEngine engine = new(false, 4096, null);
        byte[] fragment = Bytes.Hex("02 01 41");
        for (int i = 0; i <= Limits.MaxTinyFragments; i++)
        {
            Expect.Event(i < Limits.MaxTinyFragments ? EngineEvent.Data : EngineEvent.Failed, engine.Receive(fragment, 0, 3, 0), i.ToString());
            fragment[0] = 0x00;
        }

        Assert.AreEqual((int)ProtocolError.TooManyFragments, (int)engine.Error);
        Assert.AreEqual(CloseCode.PolicyViolation, engine.CloseCode);

        engine = new WebSocketEngine(false, 4096, null);
        byte[] ping = Bytes.Hex("89 00");
        for (int i = 0; i <= 2 * Limits.MaxControlFramesPerSecond; i++)
        {
            // As many in the first second as are allowed, and one more than that in the second.
            int now = i < Limits.MaxControlFramesPerSecond ? 5999 : 7000;
            Expect.Event(i < 2 * Limits.MaxControlFramesPerSecond ? EngineEvent.Ping : EngineEvent.Failed, engine.Receive(ping, 0, 2, now), i.ToString());
        }

        Assert.AreEqual((int)ProtocolError.TooManyControlFrames, (int)engine.Error);
        Assert.AreEqual(CloseCode.PolicyViolation, engine.CloseCode);
    }

    private static byte[] Close(int code) => Wire.Frame(0x88, new[] { (byte)(code >> 8), (byte)code });

    private static void Breaks(ProtocolError error, params byte[][] frames) => Fails(error, CloseCode.ProtocolError, frames);

    // The frames, and then one that would be a message.
    private static void Fails(ProtocolError error, int closeCode, params byte[][] frames)
    {
        byte[][] all = new byte[frames.Length + 1][];
        for (int i = 0; i < frames.Length; i++)
        {
            all[i] = frames[i];
        }

        all[frames.Length] = Wire.Frame(0x81, "ignored");
        Scenario.Gives(Recorder.Failed(error, closeCode), all);
    }

    private static void Length(ProtocolError error, int shortLength, int lengthSize, long length)
    {
        for (int role = 0; role < 2; role++)
        {
            Wire wire = new(role == 0, 16);
            wire.AddHeader(0x82, shortLength, lengthSize, length);
            new Scenario { MaxMessageSize = long.MaxValue }.Reads(Recorder.Failed(error, CloseCode.ProtocolError), role == 0, wire);
        }
    }
}
