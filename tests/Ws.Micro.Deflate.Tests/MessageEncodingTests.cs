using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using Ws.Micro.Deflate.Tests.Support;
using Ws.Micro.Tests.Support;

namespace Ws.Micro.Deflate.Tests;

/// <summary>How messages go out, as server and as client (RFC 7692 §6.1, §7.2.1): pitfalls D11, D13 and D14, and fragments.</summary>
public sealed class MessageEncodingTests
{
    private static readonly byte[][] Readings = Telemetry.Messages(12, devices: 2);

    public static MatrixTheoryData<bool, bool, bool> RolesAndContexts { get; } = new(Agreed.Roles, [false, true], [false, true]);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Only_the_first_frame_has_rsv1_only_the_last_has_fin_and_the_tail_is_cut_off_once(bool isServer)
    {
        Zlib.Require();
        byte[] text = [.. Telemetry.Messages(60).SelectMany(message => message)];
        foreach (bool dynamicCodes in new[] { false, true })
        {
            WebSocketEngine engine = new Agreed(11, 11).Engine(isServer, Agreed.Options(dynamicCodes: dynamicCodes));
            for (int bufferSize = 160; bufferSize < 600; bufferSize += 29)
            {
                byte[] wire = engine.Encode(text, isText: true, bufferSize: bufferSize);
                List<(int FirstByte, byte[] Payload)> frames = Wire.Frames(wire);
                Assert.True(frames.Count > 1);
                Assert.Equal(frames.Select((_, i) => (i == 0 ? 0x41 : 0) | (i == frames.Count - 1 ? 0x80 : 0)), frames.Select(frame => frame.FirstByte));
                Assert.False(Wire.Payload(wire).AsSpan().EndsWith<byte>([0, 0, 0xFF, 0xFF]));
            }
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_fragment_can_be_decoded_before_the_next_is_there(bool isServer)
    {
        Zlib.Require();
        foreach (bool dynamicCodes in new[] { false, true })
        {
            foreach (int bufferSize in new[] { 160, 512, 4096 })
            {
                WebSocketEngine sender = new Agreed(11, 11).Engine(isServer, Agreed.Options(dynamicCodes: dynamicCodes));
                WebSocketEngine receiver = new Agreed(11, 11).Engine(!isServer);
                Recorder recorder = new(10_000, 0xA5);
                StringBuilder sent = new();
                List<byte> wire = [];
                for (int i = 0; i < Readings.Length; i++)
                {
                    bool isLast = i == Readings.Length - 1;
                    byte[] fragment = sender.Encode(Readings[i], isText: true, isLast, bufferSize: bufferSize);
                    wire.AddRange(fragment);
                    sent.Append(Encoding.ASCII.GetString(Readings[i]));
                    recorder.Feed(receiver, fragment, 50);
                    Assert.Equal([$"text {Recorder.Show(Encoding.ASCII.GetBytes(sent.ToString()), true)} first{(isLast ? " last" : "")}"], recorder.Lines);
                    if (!isLast)
                    {
                        // §7.2.1: only the message's end loses the flush's last four bytes.
                        Assert.True(Wire.Payload(fragment).AsSpan().EndsWith<byte>([0, 0, 0xFF, 0xFF]));
                    }
                }

                Assert.True(Wire.IsCompressed([.. wire]));
                Assert.Equal(sent.ToString(), Encoding.ASCII.GetString(Wire.InflateWithZlib([[.. wire]], 11)));
            }
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void An_empty_fragment_may_begin_or_end_a_message(bool isServer)
    {
        foreach (byte[] first in new[] { [], Readings[0] })
        {
            WebSocketEngine sender = new Agreed().Engine(isServer);
            byte[] wire = [.. sender.Encode(first, isLast: false), .. sender.Encode([], isLast: false), .. sender.Encode([]), .. sender.Encode(Readings[0])];
            Recorder recorder = new(1000, 0xA5);
            recorder.Feed(new Agreed().Engine(!isServer), wire, 1);
            Assert.Equal([$"binary {Recorder.Show(first, false)} first last", $"binary {Recorder.Show(Readings[0], false)} first last"], recorder.Lines);
        }
    }

    [Theory]
    [MemberData(nameof(RolesAndContexts))]
    public void D13_without_context_takeover_each_message_stands_alone(bool isServer, bool ourFresh, bool theirFresh)
    {
        Zlib.Require();
        foreach (int bits in Agreed.AllBits)
        {
            Agreed agreed = isServer ? new(bits, bits, ourFresh, theirFresh) : new(bits, bits, theirFresh, ourFresh);
            WebSocketEngine sender = agreed.Engine(isServer), receiver = agreed.Engine(!isServer);
            byte[][] wires = [.. Readings.Select(message => sender.Encode(message))];
            Recorder recorder = new(10_000, 0xA5);
            recorder.Feed(receiver, [.. wires.SelectMany(wire => wire)], 33);
            Assert.Equal(Readings.Select(message => $"binary {Recorder.Show(message, false)} first last"), recorder.Lines);

            // Alone: as a new connection would write it, and for a decoder that knows no other.
            int alone = wires.Where((wire, i) => wire.AsSpan().SequenceEqual(agreed.Engine(isServer).Encode(Readings[i]))).Count();
            Assert.True(ourFresh ? alone == wires.Length : alone < wires.Length / 3, $"{alone} of {wires.Length} messages stand alone");
            if (ourFresh)
            {
                Assert.All(wires.Zip(Readings).Where(pair => Wire.IsCompressed(pair.First)), pair => Assert.Equal(pair.Second, Wire.InflateWithZlib([pair.First], bits)));
            }
        }
    }

    [Theory]
    [MemberData(nameof(RolesAndContexts))]
    public void D13_a_message_that_refers_to_another_fails_where_the_peer_has_promised_none(bool isServer, bool ourFresh, bool theirFresh)
    {
        // RFC 7692 §7.2.3.2's "Hello" again; our own promise says nothing about it.
        Agreed agreed = isServer ? new(15, 15, ourFresh, theirFresh) : new(15, 15, theirFresh, ourFresh);
        byte[] wire = Frame.Encode(isServer, Frame.Of(0xC1, Agreed.Bytes("f2 48 cd c9 c9 07 00")), Frame.Of(0xC1, Agreed.Bytes("f2 00 11 00 00")));
        EverySplit.Gives(() => agreed.Engine(isServer), wire, ["text \"Hello\" first last", theirFresh ? "failed UndecodableMessage 1007" : "text \"Hello\" first last"]);
    }

    [Fact]
    public void D13_without_context_takeover_a_decoder_is_cleared_before_each_message_and_not_within_one()
    {
        byte[] first = Agreed.Bytes("f2 48 cd c9 c9 07 00 00 00 ff ff"), again = Agreed.Bytes("f2 00 11 00 00");
        foreach (bool isServer in Agreed.Roles)
        {
            byte[] wire = Frame.Encode(isServer, Frame.Of(0x41, first), Frame.Of(0x89), Frame.Of(0x80, again));
            EverySplit.Gives(
                () => new Agreed(ServerFresh: true, ClientFresh: true).Engine(isServer), wire, ["text \"Hello\" first", "ping ", "text \"Hello\" last"]);
        }
    }

    [Fact]
    public void D13_what_a_cleared_window_held_cannot_be_read_by_a_distance()
    {
        // The first message fills the window and more; the second asks for what it left there.
        byte[] again = Agreed.Bytes("f2 00 11 00 00");
        foreach (int bits in Agreed.AllBits)
        {
            byte[] secret = [.. Enumerable.Range(0, (1 << bits) + 300).Select(i => (byte)(i % 251))];
            byte[] message = new Deflater(bits, 9, 8).Encode(secret);
            foreach (bool isServer in Agreed.Roles)
            {
                foreach (int lookupBits in new[] { 0, 9 })
                {
                    byte[] wire = Frame.Encode(isServer, Frame.Of(0xC2, message), Frame.Of(0xC1, again));
                    EverySplit.Gives(
                        () => new Agreed(bits, bits, true, true).Engine(isServer, Agreed.Options(lookupBits: lookupBits)),
                        wire,
                        [$"binary {Recorder.Show(secret, false)} first last", "failed UndecodableMessage 1007"],
                        wire.Length - again.Length,
                        secret.Length);
                }
            }
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void D11_messages_sent_as_they_are_leave_the_encoders_context_alone(bool isServer)
    {
        WebSocketEngine plain = new Agreed().Engine(isServer), mixed = new Agreed().Engine(isServer), receiver = new Agreed().Engine(!isServer);
        Recorder recorder = new(10_000, 0xA5);
        foreach (byte[] message in Readings)
        {
            byte[] between = mixed.Encode(Encoding.ASCII.GetBytes("{\"id\":\"another\"}"), isText: true, compress: false);
            byte[] wire = mixed.Encode(message);
            Assert.Equal(plain.Encode(message), wire);
            recorder.Clear();
            recorder.Feed(receiver, [.. between, .. wire], 9);
            Assert.Equal(["text \"{\"id\":\"another\"}\" first last", $"binary {Recorder.Show(message, false)} first last"], recorder.Lines);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void D14_a_message_that_must_not_be_compressed_goes_as_it_is_in_all_its_fragments(bool isServer)
    {
        WebSocketEngine engine = new Agreed().Engine(isServer);
        byte[] secret = Encoding.ASCII.GetBytes("token=0123456789abcdef0123456789abcdef&echo=token=0123456789abcdef");
        Assert.True(Wire.IsCompressed(engine.Encode(secret)));

        List<(int FirstByte, byte[] Payload)> whole = Wire.Frames(engine.Encode(secret, isText: true, compress: false));
        Assert.Equal([0x81], whole.Select(frame => frame.FirstByte));
        Assert.Equal(secret, whole[0].Payload);

        // The first fragment decides; whatever the others say, their bytes are as they are.
        List<(int FirstByte, byte[] Payload)> fragments = Wire.Frames(
            [.. engine.Encode(secret, true, false, compress: false), .. engine.Encode(secret, true, false, compress: true), .. engine.Encode(secret, true, true, compress: true)]);
        Assert.Equal([0x01, 0x00, 0x80], fragments.Select(frame => frame.FirstByte));
        Assert.All(fragments, frame => Assert.Equal(secret, frame.Payload));

        // And the other way: what was begun compressed goes on so.
        byte[] compressed = [.. engine.Encode(secret, true, false), .. engine.Encode(secret, true, true, compress: false)];
        Assert.Equal([0x41, 0x80], Wire.Frames(compressed).Select(frame => frame.FirstByte));
        Assert.True(compressed.Length < secret.Length);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void D14_what_was_sent_uncompressed_is_not_found_by_what_follows(bool isServer)
    {
        byte[] secret = Encoding.ASCII.GetBytes("token=0123456789abcdef");
        byte[] guess = Encoding.ASCII.GetBytes("guess-----------token=0123456789abcdef"), wrong = Encoding.ASCII.GetBytes("guess-----------token=fedcba9876543210");
        WebSocketEngine one = new Agreed().Engine(isServer), other = new Agreed().Engine(isServer);
        one.Encode(secret, compress: false);
        other.Encode(secret, compress: false);
        Assert.Equal(one.Encode(guess).Length, other.Encode(wrong).Length);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_message_below_the_least_size_goes_as_it_is_where_it_is_given_whole(bool isServer)
    {
        WebSocketEngine engine = new Agreed().Engine(isServer, Agreed.Options(minMessageSize: 50));
        byte[] zeros = new byte[50];
        Assert.False(Wire.IsCompressed(engine.Encode(zeros[..49])));
        Assert.True(Wire.IsCompressed(engine.Encode(zeros)));
        Assert.True(Wire.IsCompressed(engine.Encode(zeros[..20], isLast: false)));
    }
}
