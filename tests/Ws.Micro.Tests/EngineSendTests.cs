using System;
using System.Linq;
using System.Text;
using Ws.Micro.Framing;
using Ws.Micro.Tests.Support;
using static Ws.Micro.Tests.Support.Frame;

namespace Ws.Micro.Tests;

/// <summary>What the engine writes, byte for byte, and that it writes nowhere else; F4, F7.</summary>
public sealed class EngineSendTests
{
    private const int Key = unchecked((int)0xD4C3B2A1);
    private static readonly byte[] KeyBytes = { 0xA1, 0xB2, 0xC3, 0xD4 };

    [Theory]
    [InlineData(true, true, true, 0x81)]
    [InlineData(true, false, true, 0x82)]
    [InlineData(false, true, true, 0x01)]
    [InlineData(false, false, true, 0x02)]
    public void A_message_is_framed_with_its_type_first_and_fin_last(bool isLast, bool isText, bool isServer, int firstByte)
    {
        byte[] buffer = new byte[40];
        WebSocketEngine engine = new(isServer, 0, null);

        Assert.Equal(2, engine.BeginFrame(buffer, 14, 5, isText, isLast, encoded: false, maskKey: 0));
        Assert.Equal(new byte[] { (byte)firstByte, 5 }, buffer[12..14]);

        // What follows an unfinished message continues it, whatever type is said; a new message begins afresh.
        engine.BeginFrame(buffer, 14, 6, isText: !isText, isLast: true, encoded: false, maskKey: 0);
        Assert.Equal(isLast ? (isText ? 0x82 : 0x81) : 0x80, buffer[12]);
    }

    [Fact]
    public void Fragments_with_pings_between_are_one_message()
    {
        byte[] buffer = new byte[131];
        WebSocketEngine engine = new(isServer: true, 0, null);
        Assert.Equal(0x01, Begin(isLast: false));
        Assert.Equal(0x00, Begin(isLast: false));
        Assert.Equal(2, engine.WritePing(buffer, 0, buffer, 0, 0, 0));
        Assert.Equal(0x00, Begin(isLast: false));
        Assert.Equal(0x80, Begin(isLast: true));
        Assert.Equal(0x01, Begin(isLast: false));

        int Begin(bool isLast)
        {
            int size = engine.BeginFrame(buffer, WebSocketEngine.Headroom, 1, isText: true, isLast, encoded: false, maskKey: 0);
            return buffer[WebSocketEngine.Headroom - size];
        }
    }

    [Fact]
    public void Rsv1_marks_the_first_frame_of_an_encoded_message_alone()
    {
        byte[] buffer = new byte[40];
        WebSocketEngine engine = new(isServer: true, 0, new Doubling());
        Assert.Equal(new[] { 0x41, 0x00, 0x80, 0xC2, 0x82 }, new[]
        {
            Begin(isText: true, isLast: false, encoded: true),
            Begin(isText: true, isLast: false, encoded: true),
            Begin(isText: true, isLast: true, encoded: true),
            Begin(isText: false, isLast: true, encoded: true),
            Begin(isText: false, isLast: true, encoded: false),
        });

        int Begin(bool isText, bool isLast, bool encoded)
        {
            int size = engine.BeginFrame(buffer, WebSocketEngine.Headroom, 1, isText, isLast, encoded, maskKey: 0);
            return buffer[WebSocketEngine.Headroom - size];
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(125)]
    [InlineData(126)]
    [InlineData(127)]
    [InlineData(65535)]
    [InlineData(65536)]
    public void F4_and_F7_a_client_masks_in_any_steps_and_touches_nothing_else(int length)
    {
        byte[] payload = Enumerable.Range(0, length).Select(i => (byte)(i * 7)).ToArray();
        byte[] expected = Expected(0x82, payload);
        foreach (int step in new[] { 1, 3, 4, 7, 1000, 70000 })
        {
            byte[] buffer = Enumerable.Repeat((byte)0xEE, length + 60).ToArray();
            payload.CopyTo(buffer, 30);
            WebSocketEngine engine = new(isServer: false, 0, null);

            int size = engine.BeginFrame(buffer, 30, length, isText: false, isLast: true, encoded: false, maskKey: Key);
            for (int at = 0; at < length; at += step)
            {
                engine.Mask(buffer, 30 + at, Math.Min(step, length - at));
            }

            Assert.Equal(expected, buffer[(30 - size)..(30 + length)]);
            Assert.All(buffer[..(30 - size)].Concat(buffer[(30 + length)..]), b => Assert.Equal(0xEE, b));
        }
    }

    [Fact]
    public void F7_each_frame_is_masked_with_its_own_key_from_its_start()
    {
        WebSocketEngine engine = new(isServer: false, 0, null);
        byte[] first = { 0, 0, 0 };
        byte[] second = { 0, 0, 0 };
        byte[] header = new byte[WebSocketEngine.Headroom];

        engine.BeginFrame(header, header.Length, 3, isText: false, isLast: false, encoded: false, maskKey: Key);
        engine.Mask(first, 0, 3);
        engine.BeginFrame(header, header.Length, 3, isText: false, isLast: true, encoded: false, maskKey: 0x04030201);
        engine.Mask(second, 0, 3);

        Assert.Equal(new byte[] { 0xA1, 0xB2, 0xC3 }, first);
        Assert.Equal(new byte[] { 1, 2, 3 }, second);
    }

    [Fact]
    public void A_control_frame_between_does_not_disturb_a_payload_half_masked()
    {
        WebSocketEngine engine = new(isServer: false, 0, null);
        byte[] payload = new byte[5];
        byte[] other = new byte[131];

        engine.BeginFrame(other, WebSocketEngine.Headroom, 5, isText: false, isLast: true, encoded: false, maskKey: Key);
        engine.Mask(payload, 0, 2);
        engine.WritePing(other, 0, other, 0, 7, maskKey: 0x01020304);
        engine.Mask(payload, 2, 3);

        Assert.Equal(new byte[] { 0xA1, 0xB2, 0xC3, 0xD4, 0xA1 }, payload);
    }

    [Fact]
    public void A_server_does_not_mask()
    {
        WebSocketEngine engine = new(isServer: true, 0, null);
        byte[] buffer = new byte[20];
        int size = engine.BeginFrame(buffer, 14, 3, isText: false, isLast: true, encoded: false, maskKey: Key);
        engine.Mask(buffer, 14, 3);
        Assert.Equal(new byte[] { 0x82, 3, 0, 0, 0, 0, 0, 0 }, buffer[(14 - size)..]);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(125)]
    public void Control_frames_are_written_whole_and_leave_their_payload_as_it_was(int length)
    {
        byte[] payload = Enumerable.Range(1, length + 4).Select(i => (byte)i).ToArray();
        foreach (bool isServer in new[] { true, false })
        {
            byte[] ping = Written(buffer => new WebSocketEngine(isServer, 0, null).WritePing(buffer, 5, payload, 2, length, Key));
            Assert.Equal(isServer ? Encode(false, Of(0x89, payload[2..(2 + length)])) : Expected(0x89, payload[2..(2 + length)]), ping);

            byte[] pong = Written(buffer =>
            {
                WebSocketEngine engine = new(isServer, 0, null);
                byte[] wire = Encode(isServer, Of(0x89, payload[2..(2 + length)]));
                Assert.Equal(EngineEvent.Ping, engine.Receive(wire, 0, wire.Length, 0));
                return engine.WritePong(buffer, 5, Key);
            });
            Assert.Equal(isServer ? Encode(false, Of(0x8A, payload[2..(2 + length)])) : Expected(0x8A, payload[2..(2 + length)]), pong);
        }

        Assert.Equal(Enumerable.Range(1, length + 4).Select(i => (byte)i), payload);
    }

    [Theory]
    [InlineData(1000, "")]
    [InlineData(1001, "going away")]
    [InlineData(4999, "123 bytes")]
    [InlineData(1005, "")]
    [InlineData(1005, "passed over")]
    public void Close_frames_carry_code_and_reason(int code, string text)
    {
        byte[] reason = Encoding.ASCII.GetBytes(text == "123 bytes" ? new string('r', 123) : text);
        byte[] payload = code == 1005 ? Array.Empty<byte>() : reason.Prepend((byte)code).Prepend((byte)(code >> 8)).ToArray();
        foreach (bool isServer in new[] { true, false })
        {
            byte[] close = Written(buffer => new WebSocketEngine(isServer, 0, null).WriteClose(buffer, 5, code, reason, 0, reason.Length, Key));
            Assert.Equal(isServer ? Encode(false, Of(0x88, payload)) : Expected(0x88, payload), close);
        }
    }

    // What was written at index 5 of a buffer that has no room to spare beyond the 131 bytes asked for.
    private static byte[] Written(Func<byte[], int> write)
    {
        byte[] buffer = Enumerable.Repeat((byte)0xEE, 5 + 131).ToArray();
        int size = write(buffer);
        Assert.All(buffer[..5].Concat(buffer[(5 + size)..]), b => Assert.Equal(0xEE, b));
        return buffer[5..(5 + size)];
    }

    // A client's frame, masked with the key of this test.
    private static byte[] Expected(int firstByte, byte[] payload)
    {
        byte[] header = Encode(false, new Frame(firstByte, payload))[..^payload.Length];
        header[1] |= 0x80;
        return header.Concat(KeyBytes).Concat(payload.Select((b, i) => (byte)(b ^ KeyBytes[i % 4]))).ToArray();
    }
}
