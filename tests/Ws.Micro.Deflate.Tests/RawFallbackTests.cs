using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using Ws.Micro.Deflate.Tests.Support;
using Ws.Micro.Tests.Support;

namespace Ws.Micro.Deflate.Tests;

/// <summary>Pitfall D12: a message that compression does not make smaller goes as it is, and the encoder's context is as it was before.</summary>
public sealed class RawFallbackTests
{
    // The device's smallest buffer and its default, and what .NET's pool gives for large messages.
    private static readonly int[] BufferSizes = [160, 512, 32_768];

    public static MatrixTheoryData<int, int, bool> Encoders { get; } = new(Agreed.AllBits, [0, 16], [false, true]);

    [Theory]
    [MemberData(nameof(Encoders))]
    public void D12_noise_of_any_size_goes_as_it_is_and_what_follows_is_understood(int bits, int depth, bool dynamicCodes)
    {
        Random random = new(bits);
        byte[][] readings = Telemetry.Messages(40, devices: 2);
        foreach (bool isServer in Agreed.Roles)
        {
            foreach (int bufferSize in BufferSizes)
            {
                // At the conversation's start and in its middle.
                Conversation talk = new(isServer, bits, Agreed.Options(depth, dynamicCodes), bufferSize);
                foreach (int size in (int[])[0, 1, 2, 3, 16, 17, 100, 125, 126, 127, 255, 256, 257, 480, 498, 499, 512, 1000, 4096, 9000, 16_384, 32_754, 32_755, 70_000])
                {
                    byte[] noise = Noise(random, size);
                    byte[] wire = talk.Send(noise);
                    Assert.False(Wire.IsCompressed(wire));
                    Assert.Equal(RawSize(size, isServer), wire.Length);
                    talk.Send(readings[random.Next(readings.Length)]);
                }

                talk.AssertUnderstood();
            }
        }
    }

    [Theory]
    [MemberData(nameof(Encoders))]
    public void D12_no_message_that_fits_into_the_buffer_grows(int bits, int depth, bool dynamicCodes)
    {
        Random random = new(bits + depth);
        foreach (bool isServer in Agreed.Roles)
        {
            Conversation talk = new(isServer, bits, Agreed.Options(depth, dynamicCodes), 512);
            for (int size = 0; size <= 498; size++)
            {
                // From all alike to noise, with every grade between, some of it seen before.
                byte[] message = Noise(random, size);
                int symbols = 1 + random.Next(256);
                for (int i = 0; i < size; i++)
                {
                    message[i] = (byte)(255 - (message[i] % symbols));
                }

                byte[] wire = talk.Send(message);
                Assert.True(wire.Length <= RawSize(size, isServer), $"{wire.Length} bytes for {size} of {symbols} symbols");
            }

            talk.AssertUnderstood();
        }
    }

    [Theory]
    [MemberData(nameof(Encoders))]
    public void D12_what_follows_still_profits_from_the_context(int bits, int depth, bool dynamicCodes)
    {
        byte[][] readings = Telemetry.Messages(120);
        foreach (bool isServer in Agreed.Roles)
        {
            Random random = new(bits);
            PerMessageDeflateOptions options = Agreed.Options(depth, dynamicCodes);
            Conversation talk = new(isServer, bits, options, 512), calm = new(isServer, bits, options, 512), alone = new(isServer, bits, options, 512, fresh: true);
            int disturbed = 0, undisturbed = 0, standingAlone = 0;
            for (int i = 0; i < readings.Length; i++)
            {
                if (i % 6 == 5)
                {
                    // An eighth of the window each time, which the rollback forgets.
                    Assert.False(Wire.IsCompressed(talk.Send(Noise(random, Math.Min(1 << (bits - 3), 480)))));
                }

                disturbed += talk.Send(readings[i]).Length;
                undisturbed += calm.Send(readings[i]).Length;
                standingAlone += alone.Send(readings[i]).Length;
            }

            // Heads alone lead no more to what was before, until it comes again.
            int most = depth > 0 ? undisturbed + ((standingAlone - undisturbed) / 6) : undisturbed + ((standingAlone - undisturbed) / 2);
            Assert.True(disturbed <= most, $"{disturbed} bytes with noise between, {undisturbed} without, {standingAlone} without context");
            talk.AssertUnderstood();
        }
    }

    [Fact]
    public void D12_while_the_window_has_room_what_follows_is_the_same_to_the_byte()
    {
        foreach (int bits in Agreed.AllBits.Where(bits => bits >= 10))
        {
            foreach (bool isServer in Agreed.Roles)
            {
                foreach (bool dynamicCodes in new[] { false, true })
                {
                    Random random = new(bits);

                    // With a buffer for each message whole; one left in the middle may leave a trace of two positions.
                    Conversation talk = new(isServer, bits, Agreed.Options(dynamicCodes: dynamicCodes), 40_000);
                    Conversation calm = new(isServer, bits, Agreed.Options(dynamicCodes: dynamicCodes), 40_000);
                    int room = 1 << bits;
                    foreach (byte[] reading in Telemetry.Messages(30, devices: 3))
                    {
                        room -= reading.Length;
                        if (room < 20)
                        {
                            break;
                        }

                        for (int again = 0; again < 3; again++)
                        {
                            Assert.False(Wire.IsCompressed(talk.Send(Noise(random, random.Next(room)))));
                        }

                        Assert.Equal(calm.Send(reading), talk.Send(reading));
                    }

                    talk.AssertUnderstood();
                }
            }
        }
    }

    [Fact]
    public void D12_a_message_that_would_be_as_large_goes_as_it_is()
    {
        Random random = new(12);
        int asLarge = 0;
        for (int i = 0; i < 2000; i++)
        {
            byte[] message = [.. Enumerable.Range(0, 20 + (i % 80)).Select(_ => (byte)('a' + random.Next(6)))];
            int encoded = new Agreed().Extension(true) is { } extension && extension.BeginEncode(message.Length, true)
                ? extension.Encode(message, 0, message.Length, true, new byte[200], 0, 200) : 0;
            asLarge += encoded == message.Length ? 1 : 0;
            Assert.Equal(encoded < message.Length, Wire.IsCompressed(new Agreed().Engine(isServer: true).Encode(message)));
        }

        Assert.True(asLarge > 0);
    }

    [Fact]
    public void D12_a_fragmented_messages_first_fragment_decides_for_all()
    {
        foreach (bool isServer in Agreed.Roles)
        {
            WebSocketEngine plain = new Agreed().Engine(isServer), fragmented = new Agreed().Engine(isServer);
            byte[] zeros = new byte[300], noise = Noise(new Random(1), 300);
            byte[] wire = [.. fragmented.Encode(noise, isLast: false), .. fragmented.Encode(zeros, isLast: false), .. fragmented.Encode(zeros)];
            Assert.Equal([0x02, 0x00, 0x80], Wire.Frames(wire).Select(frame => frame.FirstByte));
            Assert.Equal((byte[])[.. noise, .. zeros, .. zeros], Wire.Payload(wire));

            // And no trace is left of what was tried.
            Assert.Equal(plain.Encode(zeros), fragmented.Encode(zeros));
        }
    }

    [Theory]
    [MemberData(nameof(Encoders))]
    public void A_long_message_that_turns_to_noise_grows_by_no_more_than_is_stated(int bits, int depth, bool dynamicCodes)
    {
        const int Size = 100_000;
        foreach (bool isServer in Agreed.Roles)
        {
            foreach (int bufferSize in BufferSizes)
            {
                foreach (bool highBytes in new[] { false, true })
                {
                    byte[] message = Noise(new Random(bits), Size);
                    Array.Clear(message, 0, 600);
                    for (int i = 600; i < Size && highBytes; i++)
                    {
                        message[i] |= 0x90;
                    }

                    Conversation talk = new(isServer, bits, Agreed.Options(depth, dynamicCodes), bufferSize);
                    byte[] wire = talk.Send(message);

                    // Each buffer has a header of its own, and ends up to 7 bytes before it is full.
                    int frames = Wire.Frames(wire).Count;
                    Assert.InRange(frames, 1, (Size * 9 / 8 / (bufferSize - WebSocketEngine.Headroom - 7)) + 2);
                    int blocks = dynamicCodes && bits >= 11 ? Size * 5 >> (bits - 3) : Size / 8;
                    Assert.True(wire.Length <= Size + blocks + (frames * WebSocketEngine.Headroom), $"{wire.Length} bytes in {frames} frames of {bufferSize}");
                    talk.AssertUnderstood();
                }
            }
        }
    }

    // A frame of its own, unmasked or masked.
    private static int RawSize(int size, bool isServer) => size + (size < 126 ? 2 : size < 65_536 ? 4 : 10) + (isServer ? 0 : 4);

    private static byte[] Noise(Random random, int size)
    {
        byte[] noise = new byte[size];
        random.NextBytes(noise);
        return noise;
    }

    /// <summary>A sender, and the receiver that must understand it.</summary>
    private sealed class Conversation(bool isServer, int bits, PerMessageDeflateOptions options, int bufferSize, bool fresh = false)
    {
        private readonly WebSocketEngine _sender = new Agreed(bits, bits, fresh, fresh).Engine(isServer, options);
        private readonly List<string> _expected = [];
        private readonly List<byte> _wire = [];

        public byte[] Send(byte[] message)
        {
            byte[] wire = _sender.Encode(message, bufferSize: bufferSize);
            _wire.AddRange(wire);
            _expected.Add($"binary {Recorder.Show(message, false)} first last");
            return wire;
        }

        public void AssertUnderstood()
        {
            Recorder recorder = new(_wire.Count + 200_000, 0xA5);
            recorder.Feed(new Agreed(bits, bits, fresh, fresh).Engine(!isServer), [.. _wire], 1013);
            Assert.Equal(_expected, recorder.Lines);
        }
    }
}
