using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using Ws.Micro.Tests.Support;
using static Ws.Micro.Tests.Support.Frame;

namespace Ws.Micro.Tests;

/// <summary>The engine's place for an extension (RFC 6455 §9, RFC 7692 §5 and §6), with one that doubles every byte.</summary>
public sealed class MessageExtensionTests
{
    public static readonly TheoryData<bool, bool> Kinds = new() { { false, false }, { false, true }, { true, false }, { true, true } };

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Messages_with_rsv1_are_decoded_and_others_are_not(bool holdsBack, bool neverSaysDone)
    {
        foreach (int length in new[] { 0, 1, 2, 3, 4, 5, 6, 7, 20, 125, 126 })
        {
            string payload = new(Enumerable.Range(0, length).Select(i => (char)('a' + (i % 26))).ToArray());
            byte[] doubled = Encoding.ASCII.GetBytes(string.Concat(payload.Select(c => $"{c}{c}")));
            With(holdsBack, neverSaysDone).Reads(
                new[] { Of(0xC1, payload), Of(0x81, "plain"), Of(0xC2, payload), Of(0x82, "\x01") },
                "text " + Recorder.Show(doubled, isText: true) + " first last",
                "text \"plain\" first last",
                "binary " + Recorder.Show(doubled, isText: false) + " first last",
                "binary 01 first last");
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Only_the_first_fragment_has_rsv1_and_control_frames_between_do_no_harm(bool holdsBack, bool neverSaysDone)
    {
        IEnumerable<Frame> Fragments(int first) => new[] { Of(first, "abcdefg"), Of(0x00), Of(0x00, "h"), Of(0x80, "ij") };
        With(holdsBack, neverSaysDone).Reads(
            Fragments(0x41).Concat(Fragments(0x42)).ToArray(),
            "text \"aabbccddeeffgghhiijj\" first last",
            "binary 61 61 62 62 63 63 64 64 65 65 66 66 67 67 68 68 69 69 6A 6A first last");
        With(holdsBack, neverSaysDone).Reads(
            new[] { Of(0x41, "abc"), Of(0x89, "\xFE"), Of(0x00, "d"), Of(0x8A), Of(0x80), Of(0x81, "next") },
            holdsBack
                ? new[] { "text \"aabb\" first", "ping FE", "text \"cc\"", "pong ", "text \"dd\" last", "text \"next\" first last" }
                : new[] { "text \"aabbcc\" first", "ping FE", "text \"dd\"", "pong ", "text \"\" last", "text \"next\" first last" });
    }

    [Fact]
    public void An_empty_last_fragment_ends_the_message_with_a_part_of_its_own() =>
        With(holdsBack: true, neverSaysDone: false).Reads(
            new[] { Of(0x41, "ab"), Of(0x89), Of(0x80) },
            "text \"aa\" first",
            "ping ",
            "text \"bb\" last");

    [Theory]
    [InlineData(0xC0)]
    [InlineData(0x40)]
    public void F8_rsv1_on_a_continuation_fails(int firstByte)
    {
        Case @case = With(holdsBack: false, neverSaysDone: false);
        @case.Reads(new[] { Of(0x41, "a"), Of(0x89), Of(firstByte, "b") }, "text \"aa\" first", "ping ", "failed ReservedBit 1002");
        @case.Reads(new[] { Of(0x01, "a"), Of(0x89), Of(firstByte, "b") }, "text \"a\" first", "ping ", "failed ReservedBit 1002");
        @case.Reads(new[] { Of(firstByte, "b") }, "failed NothingToContinue 1002");
    }

    [Theory]
    [InlineData(0xC8)]
    [InlineData(0xC9)]
    [InlineData(0xCA)]
    [InlineData(0xA1)]
    [InlineData(0x91)]
    [InlineData(0xE1)]
    public void F8_other_reserved_bits_and_rsv1_on_control_frames_fail(int firstByte) =>
        With(holdsBack: false, neverSaysDone: false).Reads(new[] { Of(0xC1, "a"), Of(firstByte) }, "text \"aa\" first last", "failed ReservedBit 1002");

    [Fact]
    public void What_cannot_be_decoded_fails() =>
        With(holdsBack: true, neverSaysDone: false).Reads(
            new[] { Of(0xC2, "ok"), Of(0xC2, "abcdefg\xEEhij"), Of(0x81, "late") },
            "binary 6F 6F 6B 6B first last",
            "failed UndecodableMessage 1007");

    [Fact]
    public void An_extension_that_makes_no_progress_fails() =>
        new Case { Extension = () => new Doubling { Stalls = true } }.Reads(new[] { Of(0x81, "ok"), Of(0xC1, "a") }, "text \"ok\" first last", "failed UndecodableMessage 1007");

    [Theory]
    [MemberData(nameof(Kinds))]
    public void The_decoded_size_is_limited(bool holdsBack, bool neverSaysDone)
    {
        Case limited = new() { MaxMessageSize = 20, Extension = () => new Doubling { HoldsBack = holdsBack, NeverSaysDone = neverSaysDone } };
        limited.Reads(
            new[] { Of(0xC1, "0123456789"), Of(0xC1, "0123456789a") },
            "text \"00112233445566778899\" first last",
            "failed MessageTooBig 1009");
        limited.Reads(
            new[] { Of(0x41, "01234"), Of(0x00, "56789"), Of(0x00), Of(0x80, "a") },
            "failed MessageTooBig 1009");
        limited.Reads(new[] { Of(0x81, "0123456789012345678901") }, "failed MessageTooBig 1009");
    }

    [Fact]
    public void An_encoded_message_larger_on_the_wire_than_the_limit_is_not_judged_by_its_declared_length()
    {
        // Its decoded size is what counts, and none of it has arrived.
        Case limited = new() { MaxMessageSize = 20, Extension = () => new Doubling() };
        limited.Reads(new[] { Of(0xC1) with { DeclaredLength = 1000 } });
    }

    [Fact]
    public void Decoded_text_must_be_utf8_and_its_code_points_may_be_cut_anywhere()
    {
        // Doubled, no byte above 7F is text.
        With(holdsBack: true, neverSaysDone: true).Reads(new[] { Of(0xC1, "abc\xC3\xA9") }, "failed InvalidUtf8 1007");
        With(holdsBack: true, neverSaysDone: true).Reads(new[] { Of(0xC2, "\xC3\xA9") }, "binary C3 C3 A9 A9 first last");
    }

    [Fact]
    public void F12_tiny_fragments_of_encoded_messages_are_bounded() =>
        With(holdsBack: false, neverSaysDone: false).Reads(
            Enumerable.Range(0, Framing.Limits.MaxTinyFragments + 1).Select(i => Of(i == 0 ? 0x42 : 0x00)).ToArray(),
            "failed TooManyFragments 1008");

    [Fact]
    public void Each_encoded_message_begins_decoding_once()
    {
        Doubling extension = new();
        WebSocketEngine engine = new(isServer: false, 1000, extension);
        byte[] wire = Encode(false, Of(0x41, "a"), Of(0x89), Of(0x00, "b"), Of(0x80), Of(0x81, "c"), Of(0xC2));
        new Recorder(wire.Length, 0xA5).Feed(engine, wire, 1);
        Assert.Equal(2, extension.Begun);
        Assert.Same(extension, engine.Extension);
    }

    [Fact]
    public void Input_that_was_not_taken_may_be_given_again_with_more_behind_it()
    {
        foreach (bool isServer in new[] { true, false })
        {
            string text = new('x', 50);
            byte[] wire = Encode(isServer, Of(0x41, text), Of(0x89, "p"), Of(0x80, text), Of(0x81, "plain"));
            for (int piece = 1; piece < 20; piece++)
            {
                WebSocketEngine engine = new(isServer, 1000, new Doubling { HoldsBack = true });
                Recorder recorder = new(wire.Length * 2, 0);
                byte[] buffer = new byte[wire.Length];
                int count = 0;
                int next = 0;
                EngineEvent found = EngineEvent.None;
                while (next < wire.Length || found != EngineEvent.None)
                {
                    // Room for one more piece: what is left moves to the front, as a shell's buffer does it.
                    int fresh = Math.Min(piece, wire.Length - next);
                    Array.Copy(wire, next, buffer, count, fresh);
                    next += fresh;
                    count += fresh;
                    found = engine.Receive(buffer, 0, count, 0);
                    recorder.Record(engine, found);
                    count -= engine.Taken;
                    Array.Copy(buffer, engine.Taken, buffer, 0, count);
                }

                string half = Recorder.Show(Encoding.ASCII.GetBytes(new string('x', 98)), isText: true);
                string rest = Recorder.Show(Encoding.ASCII.GetBytes(new string('x', 102)), isText: true);
                Assert.Equal(new[] { $"text {half} first", "ping 70", $"text {rest} last", "text \"plain\" first last" }, recorder.Lines);
            }
        }
    }

    private static Case With(bool holdsBack, bool neverSaysDone) =>
        new() { Extension = () => new Doubling { HoldsBack = holdsBack, NeverSaysDone = neverSaysDone } };
}
