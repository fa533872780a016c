using nanoFramework.TestFramework;
using Ws.Micro.Framing;
using Ws.Micro.NanoTests.Support;

namespace Ws.Micro.NanoTests;

/// <summary>Messages with RSV1 through the engine (RFC 7692 §6, §7.2.2), in any pieces, in both roles.</summary>
[TestClass]
public static class CompressedMessageTests
{
    [TestMethod]
    public static void The_examples_of_the_RFC() =>
        new Scenario { WindowBits = 8 }.Reads(
            "text Hello; text Hello; text Hello; text Hello; text ",
            Wire.FrameHex(0xC1, "F2 48 CD C9 C9 07 00"),
            Wire.FrameHex(0xC1, "F2 00 11 00 00"),
            Wire.FrameHex(0xC1, "00 05 00 FA FF 48 65 6C 6C 6F 00"),
            Wire.FrameHex(0xC1, "F3 48 CD C9 C9 07 00 00"),
            Wire.FrameHex(0xC1, "00"));

    [TestMethod]
    public static void Fragments_with_control_frames_between() =>
        new Scenario { WindowBits = 8 }.Reads(
            "ping 01; pong 02; text Hello",
            Wire.FrameHex(0x41, "F2 48 CD"),
            Wire.FrameHex(0x89, "01"),
            Wire.FrameHex(0x00, ""),
            Wire.FrameHex(0x8A, "02"),
            Wire.FrameHex(0x80, "C9 C9 07 00"));

    [TestMethod]
    public static void Messages_in_the_clear_come_between() =>
        new Scenario { WindowBits = 8 }.Reads(
            "binary 48656C6C6F; text Hello; text Hello",
            Wire.FrameHex(0xC2, "F2 48 CD C9 C9 07 00"),
            Wire.Frame(0x81, "Hello"),
            Wire.FrameHex(0xC1, "F2 00 11 00 00"));

    [TestMethod]
    public static void RSV1_belongs_to_a_messages_first_frame() =>
        new Scenario { WindowBits = 8 }.Reads(
            Recorder.Failed(ProtocolError.ReservedBit, CloseCode.ProtocolError),
            Wire.FrameHex(0x41, "F2 48 CD"),
            Wire.FrameHex(0xC0, "C9 C9 07 00"));

    [TestMethod]
    public static void What_cannot_be_decoded_fails() =>
        new Scenario { WindowBits = 8 }.Reads(
            Recorder.Failed(ProtocolError.UndecodableMessage, CloseCode.InvalidPayloadData), Wire.FrameHex(0xC1, "06"));

    [TestMethod]
    public static void A_message_cut_short_fails() =>
        new Scenario { WindowBits = 8 }.Reads(
            Recorder.Failed(ProtocolError.UndecodableMessage, CloseCode.InvalidPayloadData), Wire.FrameHex(0xC1, "F2 48 CD"));

    [TestMethod]
    public static void Text_is_validated_after_decoding() =>
        new Scenario { WindowBits = 8 }.Reads(
            Recorder.Failed(ProtocolError.InvalidUtf8, CloseCode.InvalidPayloadData), Wire.FrameHex(0xC1, "00 02 00 FD FF C3 28 00"));

    [TestMethod]
    public static void The_limit_counts_decoded_bytes() =>
        new Scenario { WindowBits = 8, MaxMessageSize = 4 }.Reads(
            Recorder.Failed(ProtocolError.MessageTooBig, CloseCode.MessageTooBig), Wire.FrameHex(0xC1, "F2 48 CD C9 C9 07 00"));
}
