using System.Collections.Generic;
using System.Linq;
using System.Text;
using Ws.Micro.Framing;
using Ws.Micro.Tests.Support;
using static Ws.Micro.Tests.Support.Frame;

namespace Ws.Micro.Tests;

/// <summary>The pitfalls of closing and of text, C1 to C6: each as server and as client, at every byte split.</summary>
public sealed class EngineClosingTests
{
    // RFC 6455 §7.4.1 and the registry's later 1012 to 1014; §7.4.2 gives 3000 to 4999 to libraries and applications.
    private static readonly HashSet<int> ValidCodes = new(
        new[] { 1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014 }.Concat(Enumerable.Range(3000, 2000)));

    [Fact]
    public void C1_close_payload_of_one_byte_fails() => Case.Gives(Of(0x88, "\x03"), "failed ClosePayloadTooShort 1002");

    [Fact]
    public void Close_without_payload_is_reported_as_1005() => Case.Gives(Of(0x88), "close 1005 \"\"");

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(999)]
    [InlineData(1004)]
    [InlineData(1005)]
    [InlineData(1006)]
    [InlineData(1015)]
    [InlineData(1016)]
    [InlineData(2999)]
    [InlineData(5000)]
    [InlineData(65535)]
    public void C2_codes_that_may_not_be_sent_fail(int code)
    {
        Case.Gives(Close(code), "failed InvalidCloseCode 1002");
        Case.Gives(Close(code, "why"), "failed InvalidCloseCode 1002");
    }

    [Theory]
    [InlineData(1000)]
    [InlineData(1003)]
    [InlineData(1007)]
    [InlineData(1014)]
    [InlineData(3000)]
    [InlineData(4999)]
    public void C2_codes_that_may_be_sent_are_reported(int code)
    {
        Case.Gives(Close(code), $"close {code} \"\"");
        Case.Gives(Close(code, "why"), $"close {code} \"why\"");
    }

    [Fact]
    public void C2_every_code_of_16_bits()
    {
        for (int code = 0; code <= 0xFFFF; code++)
        {
            Assert.True(ValidCodes.Contains(code) == CloseCode.IsValidOnWire(code), $"code {code}");
            foreach (bool isServer in new[] { true, false })
            {
                byte[] wire = Encode(isServer, Close(code));
                EngineEvent found = new WebSocketEngine(isServer, 0, null).Receive(wire, 0, wire.Length, 0);
                Assert.True((ValidCodes.Contains(code) ? EngineEvent.Close : EngineEvent.Failed) == found, $"code {code}");
            }
        }
    }

    [Theory]
    [InlineData("\xFF")]
    [InlineData("good \xC3")]
    [InlineData("\xED\xA0\x80")]
    [InlineData("\xC0\xAF")]
    [InlineData("\xF4\x90\x80\x80")]
    [InlineData("\x80")]
    public void C3_close_reason_that_is_not_utf8_fails(string reason) => Case.Gives(Close(1000, reason), "failed InvalidUtf8 1007");

    [Fact]
    public void A_close_reason_of_123_bytes_of_utf8_is_reported()
    {
        byte[] reason = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("€", 41)));
        Case.Gives(Close(1000, Encoding.Latin1.GetString(reason)), "close 1000 " + Recorder.Show(reason, isText: true));
    }

    [Fact]
    public void C4_whatever_follows_a_close_frame_is_ignored()
    {
        Case.Gives(
            new[] { Close(1000, "done"), Of(0x81, "late"), Of(0x89, "late"), Close(1001), Of(0xFF, "rubbish") },
            "close 1000 \"done\"");
        Case.Gives(new[] { Of(0xF1), Of(0x81, "late"), Of(0x89, "late"), Close(1000) }, "failed ReservedBit 1002");
    }

    [Theory]
    [InlineData("Hello-\xC2\xB5@\xC3\x9F\xC3\xB6\xC3\xA4\xC3\xBC\xC3\xA0\xC3\xA1-UTF-8!!")]
    [InlineData("\xE2\x82\xAC")]
    [InlineData("\xF0\x9F\x98\x80 and \xF4\x8F\xBF\xBF")]
    [InlineData("\xEF\xBB\xBF\xEF\xBF\xBE\xEF\xBF\xBF")]
    [InlineData("\0\x7F\xC2\x80\xDF\xBF\xE0\xA0\x80\xED\x9F\xBF\xEE\x80\x80\xF0\x90\x80\x80")]
    public void C6_text_split_at_every_byte_by_reads_and_by_fragments_is_accepted(string text)
    {
        string expected = "text " + Recorder.Show(Encoding.Latin1.GetBytes(text), isText: true) + " first last";
        Case.Gives(Of(0x81, text), expected);
        Case.Gives(text.Select((c, i) => Of(i == 0 ? 0x01 : 0x00, c.ToString())).Append(Of(0x80)).ToArray(), expected);
        for (int cut = 0; cut <= text.Length; cut++)
        {
            Case.Gives(new[] { Of(0x01, text[..cut]), Of(0x80, text[cut..]) }, expected);
        }
    }

    [Theory]
    [InlineData("", "\xFF", "rest")]
    [InlineData("abc", "\x80", "rest")]
    [InlineData("abc\xC2", "\x41", "rest")]
    [InlineData("\xE0", "\x9F", "\x80")]
    [InlineData("\xED", "\xA0", "\x80")]
    [InlineData("\xF0", "\x8F", "\x80\x80")]
    [InlineData("\xF4", "\x90", "\x80\x80")]
    [InlineData("\xCE\xBA\xE1\xBD\xB9\xCF\x83\xCE\xBC\xCE\xB5", "\xF5", "\x80\x80edited")]
    [InlineData("\xE2\x82", "\xE2", "\x82\xAC")]
    [InlineData("", "\xC0", "\x80")]
    [InlineData("", "\xC1", "\xBF")]
    public void C5_text_that_is_not_utf8_fails_at_the_first_impossible_byte(string good, string bad, string rest)
    {
        Case.Gives(Of(0x81, good + bad + rest), "failed InvalidUtf8 1007");
        Case.Gives(new[] { Of(0x01, good), Of(0x89), Of(0x00, bad + rest), Of(0x80) }, BeforePing(good).Append("failed InvalidUtf8 1007").ToArray());
        foreach (bool isServer in new[] { true, false })
        {
            byte[] wire = Encode(isServer, Of(0x81, good + bad + rest));
            Assert.Equal(wire.Length - rest.Length - 1, new Case().FailsAt(isServer, wire));
        }
    }

    [Theory]
    [InlineData("\xC2")]
    [InlineData("abc\xE2\x82")]
    [InlineData("\xF0\x9F\x98")]
    public void C5_text_that_ends_inside_a_code_point_fails_with_its_last_byte(string text)
    {
        Case.Gives(Of(0x81, text), "failed InvalidUtf8 1007");
        Case.Gives(new[] { Of(0x01, text), Of(0x80) }, "failed InvalidUtf8 1007");
        foreach (bool isServer in new[] { true, false })
        {
            byte[] wire = Encode(isServer, Of(0x81, text));
            Assert.Equal(wire.Length - 1, new Case().FailsAt(isServer, wire));
        }
    }

    [Fact]
    public void Binary_messages_may_hold_any_bytes_and_each_text_starts_afresh() =>
        Case.Gives(
            new[] { Of(0x82, "\xFF\xC2"), Of(0x81, "\xC2\x80"), Of(0x02, "\xE2"), Of(0x80, "\x28"), Of(0x81, "a") },
            "binary FF C2 first last",
            "text \"\\xC2\\x80\" first last",
            "binary E2 28 first last",
            "text \"a\" first last");

    private static IEnumerable<string> BeforePing(string text)
    {
        if (text.Length > 0)
        {
            yield return "text " + Recorder.Show(Encoding.Latin1.GetBytes(text), isText: true) + " first";
        }

        yield return "ping ";
    }
}
