using System;
using System.IO;
using System.Linq;
using Ws.Micro.Deflate.Tests.Support;
using Ws.Micro.Framing;
using Ws.Micro.Tests.Support;
using static Ws.Micro.Tests.Support.Frame;

namespace Ws.Micro.Deflate.Tests;

/// <summary>What a peer may put into a compressed message and what not, as server and as client (RFC 7692 §6.2, §7.2.2): pitfalls D8 to D11.</summary>
public sealed class MessageDecodingTests
{
    private const int TextRsv1 = 0xC1, BinaryRsv1 = 0xC2, Begin = 0x42, Go = 0x00, End = 0x80, Plain = 0x81;

    private const string Undecodable = "failed UndecodableMessage 1007";

    private static readonly byte[] Hello = Agreed.Bytes("f2 48 cd c9 c9 07 00");

    // RFC 7692 §7.2.3.2: "Hello" once more, by reference to the first.
    private static readonly byte[] Again = Agreed.Bytes("f2 00 11 00 00");

    [Theory]
    [InlineData("00 05 00 fa ff 48 65 6c 6c 6f 00", "Hello")]
    [InlineData("f2 48 05 00 00 00 ff ff ca c9 c9 07 00", "Hello")]
    [InlineData("f2 48 cd c9 c9 07 00", "Hello")]
    [InlineData("00", "")]
    [InlineData("f3 48 cd c9 c9 07 00 00", "Hello")]
    public void D9_what_is_valid_is_delivered_and_so_is_what_follows(string message, string text)
    {
        byte[] payload = Agreed.Bytes(message);
        string[] events = [$"text \"{text}\" first last", "text \"Hello\" first last", "text \"plain\" first last"];
        foreach (bool takeover in new[] { true, false })
        {
            Gives(new Agreed(ServerFresh: !takeover, ClientFresh: !takeover), events, Of(TextRsv1, payload), Of(TextRsv1, Hello), Of(Plain, "plain"));
        }

        // The same in fragments, empty ones among them, cut at every byte.
        for (int cut = 0; cut <= payload.Length; cut++)
        {
            Gives(new Agreed(), events, Of(0x41, payload[..cut]), Of(Go), Of(Go, payload[cut..]), Of(End), Of(TextRsv1, Hello), Of(Plain, "plain"));
        }
    }

    [Fact]
    public void D8_a_final_block_ends_its_message_and_not_the_context()
    {
        byte[] final = Agreed.Bytes("f3 48 cd c9 c9 07 00 00");
        Frame[] frames = [Of(TextRsv1, final), Of(TextRsv1, Again), Of(TextRsv1, final), Of(TextRsv1, final)];
        Gives(new Agreed(), [.. Enumerable.Repeat("text \"Hello\" first last", 4)], frames);
        Gives(new Agreed(8, 8), [.. Enumerable.Repeat("text \"Hello\" first last", 4)], frames);

        // Another block may follow it in the same message, at the next byte.
        Gives(new Agreed(), ["text \"HelloHello\" first last"], Of(TextRsv1, [.. final[..7], .. Hello]));
        Gives(new Agreed(), ["text \"HelloHello\" first last"], Of(TextRsv1, [.. final[..7], .. final]));
    }

    [Fact]
    public void D8_zlibs_messages_that_end_with_a_final_block_are_delivered()
    {
        Zlib.Require();
        byte[][] messages = Telemetry.Messages(3);
        Frame[] frames = [.. Zlib.Deflate(messages, 15, Zlib.Finish).Select(deflated => Of(BinaryRsv1, [.. deflated, 0]))];
        Gives(new Agreed(), [.. messages.Select(message => $"binary {Recorder.Show(message, false)} first last")], frames);
    }

    [Theory]
    [MemberData(nameof(InflaterVectorTests.Invalid), MemberType = typeof(InflaterVectorTests))]
    public void D10_each_broken_rule_fails_with_1007(string rule, byte[] stream)
    {
        Assert.NotEmpty(rule);
        Agreed fresh = new(ServerFresh: true, ClientFresh: true);
        Gives(fresh, ["text \"Hello\" first last", Undecodable], Of(TextRsv1, Hello), Of(BinaryRsv1, stream), Of(Plain, "never"));

        // As soon as its last byte is there, not at the message's end.
        Gives(fresh, ["text \"Hello\" first last", Undecodable], Of(TextRsv1, Hello), Of(Begin, stream));
    }

    // A message, and where it could end before its end: after its first block, or where four bytes of a stored one are missing.
    public static TheoryData<string, int[]> Messages { get; } = new()
    {
        { "f2 48 cd c9 c9 07 00", [] },
        { "00 05 00 fa ff 48 65 6c 6c 6f 00", [1, 6] },
        { "f2 48 05 00 00 00 ff ff ca c9 c9 07 00", [4] },
        { Convert.ToHexString(new Deflater(11, 9, 8, true).Encode([.. Enumerable.Range(0, 600).Select(i => (byte)(i * i % 23 * 3))])), [] },
    };

    [Theory]
    [MemberData(nameof(Messages))]
    public void D10_data_that_ends_inside_a_block_fails_with_1007(string message, int[] ends)
    {
        byte[] payload = Agreed.Bytes(message);
        foreach (int end in Enumerable.Range(0, payload.Length).Except(ends))
        {
            Gives(new Agreed(), [Undecodable], Of(BinaryRsv1, payload[..end]), Of(Plain, "never"));
            Gives(new Agreed(), [Undecodable], Of(Begin, payload[..end]), Of(End), Of(Plain, "never"));
        }
    }

    [Fact]
    public void D10_data_that_ends_inside_a_blocks_header_fails_with_1007()
    {
        // 'A' to 'O' have codes of 1 to 15 bits, and the block's end fifteen ones: of the flush's end 00 00 ff ff that leaves one bit.
        int[] literals = new int[257];
        for (int i = 0; i < 15; i++)
        {
            literals['A' + i] = i + 1;
        }

        literals[256] = 15;
        byte[] payload = new BitWriter().Dynamic(literals, [1]).ToArray();
        Gives(new Agreed(), [Undecodable], Of(BinaryRsv1, payload), Of(Plain, "never"));
    }

    [Fact]
    public void D10_short_messages_are_taken_where_zlib_is_at_a_blocks_end_and_only_there()
    {
        // With the flush's end, and then a final empty block, which zlib reads to its last byte where nothing else is left.
        Zlib.Require();
        byte[] end = [0, 0, 0xFF, 0xFF, 1, 0, 0, 0xFF, 0xFF];
        Random random = new(7692);
        int taken = 0;
        for (int i = 0; i < 90_000; i++)
        {
            byte[] payload = i < 256 ? [(byte)i] : i < 65_792 ? [(byte)(i - 256), (byte)((i - 256) >> 8)] : new byte[random.Next(3, 7)];
            if (i >= 65_792)
            {
                random.NextBytes(payload);
            }

            bool expected = Zlib.InflateOn([.. payload, .. end], 8, out byte[] output) == ZlibVerdict.Final;
            WebSocketEngine engine = new Agreed(8, 8).Engine(isServer: false);
            using MemoryStream delivered = new();
            Read(engine, Frame.Encode(false, Of(BinaryRsv1, payload)), delivered);

            Assert.True(expected == (engine.Error == ProtocolError.None), $"{expected}: {Convert.ToHexString(payload)}");
            Assert.True(!expected || output.AsSpan().SequenceEqual(delivered.ToArray()), Convert.ToHexString(payload));
            taken += expected ? 1 : 0;
        }

        Assert.True(taken > 50, $"{taken} were taken");
    }

    [Fact]
    public void D10_what_came_before_the_fault_is_delivered_at_every_split()
    {
        // The last one's stored block takes the flush's end for its header and first byte.
        byte[] stored = Agreed.Bytes("00 05 00 fa ff 48 65 6c 6c 6f");
        foreach (byte[] rest in new[] { Agreed.Bytes("06"), Agreed.Bytes("00 01 00 ff ff"), [], Agreed.Bytes("00 ff") })
        {
            foreach (bool isServer in Agreed.Roles)
            {
                byte[] wire = Frame.Encode(isServer, Of(BinaryRsv1, [.. stored, .. rest]));
                for (int cut = 1; cut <= wire.Length; cut++)
                {
                    using MemoryStream delivered = new();
                    WebSocketEngine engine = new Agreed().Engine(isServer);
                    Read(engine, wire[..cut], delivered);
                    Read(engine, wire[cut..], delivered);

                    Assert.Equal(ProtocolError.UndecodableMessage, engine.Error);
                    Assert.StartsWith("Hello", System.Text.Encoding.Latin1.GetString(delivered.ToArray()));
                }
            }
        }
    }

    [Fact]
    public void D10_the_close_frame_that_goes_out_says_1007()
    {
        foreach (bool isServer in Agreed.Roles)
        {
            WebSocketEngine engine = new Agreed().Engine(isServer);
            byte[] wire = Frame.Encode(isServer, Of(BinaryRsv1, 0x06));
            Read(engine, wire, Stream.Null);
            byte[] close = new byte[20];
            int size = engine.WriteClose(close, 0, engine.CloseCode, [], 0, 0, 0x1234567);

            Assert.Equal((0x88, "03EF"), Wire.Frames(close[..size]).Select(frame => (frame.FirstByte, Convert.ToHexString(frame.Payload))).Single());
            Assert.Equal(EngineState.Closed, engine.State);
        }
    }

    [Fact]
    public void D11_messages_that_are_not_compressed_and_control_frames_leave_the_context_alone()
    {
        Gives(
            new Agreed(),
            ["text \"Hello\" first last", "text \"plain\" first last", "text \"Hello\" first last"],
            Of(TextRsv1, Hello), Of(Plain, "plain"), Of(TextRsv1, Again));
        Gives(
            new Agreed(),
            ["text \"Hello\" first last", "text \"pla\" first", "ping 3F", "text \"in\" last", "pong ", "text \"H\" first", "ping 3F", "text \"ello\" last"],
            Of(TextRsv1, Hello), Of(0x01, "pla"), Of(0x89, "?"), Of(End, "in"), Of(0x8A), Of(0x41, Again[..2]), Of(0x89, "?"), Of(End, Again[2..]));
    }

    [Fact]
    public void D11_and_F8_rsv1_marks_only_a_messages_first_frame()
    {
        Gives(new Agreed(), ["failed ReservedBit 1002"], Of(0x41, Hello[..3]), Of(0xC0, Hello[3..]));
        Gives(new Agreed(), ["failed ReservedBit 1002"], Of(0x01, "plain"), Of(0xC0, Hello));
        Gives(new Agreed(), ["text \"Hello\" first last", "failed ReservedBit 1002"], Of(TextRsv1, Hello), Of(0xC9));
    }

    private static void Gives(Agreed agreed, string[] events, params Frame[] frames)
    {
        foreach (bool isServer in Agreed.Roles)
        {
            foreach (int lookupBits in new[] { 0, 9 })
            {
                EverySplit.Gives(() => agreed.Engine(isServer, Agreed.Options(lookupBits: lookupBits)), Frame.Encode(isServer, frames), events);
            }
        }
    }

    private static void Read(WebSocketEngine engine, byte[] wire, Stream delivered)
    {
        int at = 0;
        EngineEvent found;
        do
        {
            found = engine.Receive(wire, at, wire.Length - at, 0);
            at += engine.Taken;
            if (found == EngineEvent.Data)
            {
                delivered.Write(engine.Data, engine.DataOffset, engine.DataCount);
            }
        }
        while (found != EngineEvent.None);
    }
}
