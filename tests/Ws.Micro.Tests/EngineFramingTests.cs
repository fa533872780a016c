using System;
using System.Linq;
using Ws.Micro.Tests.Support;
using static Ws.Micro.Tests.Support.Frame;

namespace Ws.Micro.Tests;

/// <summary>The framing pitfalls F1 to F11: each as server and as client, at every byte split.</summary>
public sealed class EngineFramingTests
{
    [Theory]
    [InlineData(long.MinValue)]
    [InlineData(-1)]
    [InlineData(long.MinValue + 5)]
    public void F1_64_bit_length_with_the_most_significant_bit_fails(long length) =>
        Case.Gives(Of(0x82, "") with { DeclaredLength = length }, "failed LengthTooLarge 1002");

    [Theory]
    [InlineData(0, 2)]
    [InlineData(125, 2)]
    [InlineData(0, 8)]
    [InlineData(125, 8)]
    [InlineData(126, 8)]
    [InlineData(65535, 8)]
    public void F3_length_not_in_the_fewest_bytes_fails(int length, int lengthSize) =>
        Case.Gives(new Frame(0x82, new byte[Math.Min(length, 3)]) { DeclaredLength = length, LengthSize = lengthSize }, "failed LengthNotMinimal 1002");

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(125)]
    [InlineData(126)]
    [InlineData(127)]
    [InlineData(65535)]
    [InlineData(65536)]
    [InlineData(65537)]
    public void F4_messages_of_every_length_form_arrive(int length)
    {
        byte[] payload = Enumerable.Range(0, length).Select(i => (byte)(i * 31)).ToArray();
        Case.Gives(
            new[] { Of(0x82, payload), Of(0x81, "next") },
            "binary " + Recorder.Show(payload, isText: false) + " first last",
            "text \"next\" first last");
    }

    [Theory]
    [InlineData(0x81)]
    [InlineData(0x82)]
    [InlineData(0x88)]
    [InlineData(0x89)]
    [InlineData(0x8A)]
    public void F5_wrong_mask_fails_before_any_byte_is_delivered(int firstByte)
    {
        Frame[] frames = { Of(0x81, "ok"), Of(firstByte, "never") with { WrongMask = true }, Of(0x81, "never") };
        new Case().Reads(true, Encode(fromClient: true, frames), "text \"ok\" first last", "failed MaskMissing 1002");
        new Case().Reads(false, Encode(fromClient: false, frames), "text \"ok\" first last", "failed MaskForbidden 1002");

        // The header's second byte shows it.
        Assert.Equal(8 + 1, new Case().FailsAt(true, Encode(fromClient: true, frames)));
        Assert.Equal(4 + 1, new Case().FailsAt(false, Encode(fromClient: false, frames)));
    }

    [Fact]
    public void F6_mask_phase_carries_across_pieces_and_fragments_with_keys_of_their_own()
    {
        string text = string.Concat(Enumerable.Range(0, 12).Select(length => new string((char)('a' + length), length)));
        Frame[] fragments = Enumerable.Range(0, 12).Select(length => Of(length == 0 ? 1 : 0, new string((char)('a' + length), length))).ToArray();
        Case.Gives(fragments.Append(Of(0x80, "")).ToArray(), "text " + Recorder.Show(System.Text.Encoding.ASCII.GetBytes(text), isText: true) + " first last");
    }

    [Theory]
    [InlineData(0x40)]
    [InlineData(0x20)]
    [InlineData(0x10)]
    [InlineData(0x70)]
    public void F8_reserved_bits_fail_on_every_opcode(int bits)
    {
        foreach (int firstByte in new[] { 0x81, 0x82, 0x88, 0x89, 0x8A, 0x01, 0x02 })
        {
            Case.Gives(new[] { Of(0x82, "\x01"), Of(firstByte | bits, "x") }, "binary 01 first last", "failed ReservedBit 1002");
        }

        Case.Gives(new[] { Of(0x02, "\x01"), Of(0x89), Of(0x80 | bits, "x") }, "binary 01 first", "ping ", "failed ReservedBit 1002");
    }

    [Theory]
    [InlineData(0x88)]
    [InlineData(0x89)]
    [InlineData(0x8A)]
    public void F9_control_frames_over_125_bytes_or_fragmented_fail(int firstByte)
    {
        Case.Gives(new Frame(firstByte, new byte[126]), "failed ControlFrameTooLong 1002");
        Case.Gives(new Frame(firstByte, new byte[3]) { DeclaredLength = 65536 }, "failed ControlFrameTooLong 1002");
        Case.Gives(Of(firstByte & 0x7F, "x"), "failed FragmentedControlFrame 1002");
        Case.Gives(Of(firstByte & 0x7F, ""), "failed FragmentedControlFrame 1002");
    }

    [Fact]
    public void F9_reserved_opcodes_fail()
    {
        foreach (int opcode in new[] { 3, 4, 5, 6, 7, 11, 12, 13, 14, 15 })
        {
            Case.Gives(new[] { Of(0x81, "ok"), Of(0x80 | opcode, "x"), Of(0x89, "") }, "text \"ok\" first last", "failed ReservedOpcode 1002");
            Case.Gives(Of(opcode, ""), "failed ReservedOpcode 1002");
            Case.Gives(new[] { Of(0x01, "a"), Of(0x89), Of(0x80 | opcode, "") }, "text \"a\" first", "ping ", "failed ReservedOpcode 1002");
        }
    }

    [Theory]
    [InlineData(0x00, "x")]
    [InlineData(0x80, "x")]
    [InlineData(0x00, "")]
    [InlineData(0x80, "")]
    public void F10_continuation_of_nothing_fails(int firstByte, string payload)
    {
        Case.Gives(Of(firstByte, payload), "failed NothingToContinue 1002");
        Case.Gives(
            new[] { Of(0x01, "a"), Of(0x80, "b"), Of(firstByte, payload) },
            "text \"ab\" first last",
            "failed NothingToContinue 1002");
    }

    [Theory]
    [InlineData(0x01)]
    [InlineData(0x02)]
    [InlineData(0x81)]
    [InlineData(0x82)]
    public void F10_new_message_inside_a_message_fails(int firstByte)
    {
        Case.Gives(new[] { Of(0x01, "a"), Of(0x89), Of(firstByte, "b") }, "text \"a\" first", "ping ", "failed MessageUnfinished 1002");
        Case.Gives(new[] { Of(0x02, ""), Of(firstByte, "") }, "failed MessageUnfinished 1002");
    }

    [Fact]
    public void F11_control_frames_inside_a_message_are_delivered_at_once_and_do_not_harm_it() =>
        Case.Gives(
            new[]
            {
                Of(0x89, "\x00"), Of(0x01, "He"), Of(0x89, "\x01\x02"), Of(0x8A, "\x03"), Of(0x00, "l"), Of(0x89), Of(0x00, ""), Of(0x80, "lo"), Of(0x8A),
            },
            "ping 00",
            "text \"He\" first",
            "ping 01 02",
            "pong 03",
            "text \"l\"",
            "ping ",
            "text \"lo\" last",
            "pong ");

    [Fact]
    public void F11_close_inside_a_message_ends_the_connection() =>
        Case.Gives(new[] { Of(0x01, "a"), Close(1001, "bye"), Of(0x80, "b") }, "text \"a\" first", "close 1001 \"bye\"");

    [Fact]
    public void Fragments_make_one_message_whatever_their_sizes()
    {
        Case.Gives(new[] { Of(0x01, "a"), Of(0x00, "b"), Of(0x80, "c") }, "text \"abc\" first last");
        Case.Gives(new[] { Of(0x02, ""), Of(0x00, ""), Of(0x80, "") }, "binary  first last");
        Case.Gives(new[] { Of(0x01, ""), Of(0x00, "b"), Of(0x80, "") }, "text \"b\" first last");
        Case.Gives(new[] { Of(0x02, "\x01"), Of(0x80, ""), Of(0x81, "") }, "binary 01 first last", "text \"\" first last");
    }

    [Fact]
    public void A_control_payload_of_125_bytes_arrives_whole()
    {
        byte[] payload = Enumerable.Range(1, 125).Select(i => (byte)i).ToArray();
        Case.Gives(
            new[] { Of(0x89, payload), Of(0x8A, payload) },
            "ping " + Recorder.Show(payload, isText: false),
            "pong " + Recorder.Show(payload, isText: false));
    }
}
