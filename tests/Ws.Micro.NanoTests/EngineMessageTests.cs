using nanoFramework.TestFramework;
using Ws.Micro.NanoTests.Support;

namespace Ws.Micro.NanoTests;

/// <summary>Messages and control frames that keep every rule (RFC 6455 §5.4 to §5.6), in any pieces, in both roles.</summary>
[TestClass]
public static class EngineMessageTests
{
    [TestMethod]
    public static void Text_and_binary_messages() =>
        Scenario.Gives("text Hello; binary 00FF80; text gr\u00FC\u00DFe", Wire.Frame(0x81, "Hello"), Wire.FrameHex(0x82, "00 FF 80"), Wire.Frame(0x81, "gr\u00FC\u00DFe"));

    [TestMethod]
    public static void Empty_messages() => Scenario.Gives("text ; binary ; text ", Wire.Frame(0x81, ""), Wire.Frame(0x82, ""), Wire.Frame(0x81, ""));

    [TestMethod]
    public static void A_message_with_an_extended_length() =>
        Scenario.Gives("binary 126 bytes; binary 300 bytes", Wire.Frame(0x82, Bytes.Counting(126)), Wire.Frame(0x82, Bytes.Counting(300)));

    [TestMethod]
    public static void A_long_message_arrives_as_it_was()
    {
        Wire wire = new(true, 640);
        wire.Add(Wire.Frame(0x02, Bytes.Counting(300)));
        wire.Add(Wire.Frame(0x80, Bytes.Part(Bytes.Counting(600), 300, 300)));
        for (int size = 1; size <= 64; size *= 4)
        {
            Recorder recorder = new(600);
            recorder.Feed(new WebSocketEngine(true, 600, null), wire.Buffer, wire.Count, size);

            Expect.Same(Bytes.Counting(600), recorder.Message, 0, recorder.MessageCount, "pieces of " + size.ToString());
        }
    }

    [TestMethod]
    public static void Fragments_make_one_message() =>
        Scenario.Gives(
            "text Hello; binary 010203",
            Wire.Frame(0x01, "He"),
            Wire.Frame(0x00, ""),
            Wire.Frame(0x00, "ll"),
            Wire.Frame(0x80, "o"),
            Wire.FrameHex(0x02, "01 02 03"),
            Wire.Frame(0x80, ""));

    [TestMethod]
    public static void A_code_point_may_be_cut_between_fragments() =>
        Scenario.Gives("text \u20AC", Wire.FrameHex(0x01, "E2"), Wire.FrameHex(0x00, "82"), Wire.FrameHex(0x80, "AC"));

    [TestMethod]
    public static void Control_frames_come_between_fragments() =>
        Scenario.Gives(
            "ping 61; pong 62; text Hello",
            Wire.Frame(0x01, "Hel"),
            Wire.Frame(0x89, "a"),
            Wire.Frame(0x8A, "b"),
            Wire.Frame(0x80, "lo"));

    [TestMethod]
    public static void A_control_frame_holds_up_to_125_bytes() =>
        Scenario.Gives("ping ; ping 125 bytes; pong 125 bytes", Wire.Frame(0x89, ""), Wire.Frame(0x89, Bytes.Noise(125, 3)), Wire.Frame(0x8A, Bytes.Noise(125, 4)));

    [TestMethod]
    public static void A_message_of_the_limit_is_taken() =>
        new Scenario { MaxMessageSize = 5 }.Reads("text Hello; binary 0102030405", Wire.Frame(0x81, "Hello"), Wire.FrameHex(0x02, "01 02"), Wire.FrameHex(0x80, "03 04 05"));
}
