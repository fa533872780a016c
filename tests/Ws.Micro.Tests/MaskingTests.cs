using System;
using Ws.Micro.Framing;

namespace Ws.Micro.Tests;

/// <summary>Masking against RFC 6455 §5.3 written out byte by byte.</summary>
public sealed class MaskingTests
{
    private const int Key = unchecked((int)0xD4C3B2A1);

    // As they stand on the wire.
    private static readonly byte[] KeyBytes = { 0xA1, 0xB2, 0xC3, 0xD4 };

    [Fact]
    public void Every_length_offset_and_phase()
    {
        for (int length = 0; length <= 70; length++)
        {
            for (int offset = 0; offset < 20; offset++)
            {
                for (int phase = 0; phase < 4; phase++)
                {
                    byte[] buffer = Bytes(offset + length + 20);
                    byte[] expected = Bytes(offset + length + 20);
                    Mask(expected, offset, length, phase);

                    int key = Masking.Apply(buffer, offset, length, Rotate(phase));

                    Assert.Equal(expected, buffer);
                    Assert.Equal(Rotate(phase + length), key);
                }
            }
        }
    }

    [Fact]
    public void Every_split_of_every_length()
    {
        for (int length = 0; length <= 70; length++)
        {
            byte[] expected = Bytes(length + 9);
            Mask(expected, 3, length, 0);
            for (int cut = 0; cut <= length; cut++)
            {
                byte[] buffer = Bytes(length + 9);

                int key = Masking.Apply(buffer, 3, cut, Key);
                key = Masking.Apply(buffer, 3 + cut, length - cut, key);

                Assert.Equal(expected, buffer);
                Assert.Equal(Rotate(length), key);
            }
        }
    }

    // Where .NET masks from an aligned address on.
    [Fact]
    public void Long_payloads_at_every_offset_and_phase()
    {
        for (int length = 2045; length <= 2052 + 128; length++)
        {
            for (int offset = 0; offset < 32; offset++)
            {
                int phase = (offset + length) % 4;
                byte[] buffer = Bytes(offset + length + 20);
                byte[] expected = Bytes(offset + length + 20);
                Mask(expected, offset, length, phase);

                int key = Masking.Apply(buffer, offset, length, Rotate(phase));

                Assert.True(expected.AsSpan().SequenceEqual(buffer), $"{length} bytes from {offset} on");
                Assert.Equal(Rotate(phase + length), key);
            }
        }
    }

    [Theory]
    [InlineData(127)]
    [InlineData(1000)]
    [InlineData(4099)]
    [InlineData(65537)]
    public void Long_payloads_in_pieces_of_odd_sizes(int length)
    {
        byte[] buffer = Bytes(length);
        byte[] expected = Bytes(length);
        Mask(expected, 0, length, 0);

        int key = Key;
        int piece = 1;
        for (int at = 0; at < length; at += piece)
        {
            piece = Math.Min((piece * 3 % 251) + 1, length - at);
            key = Masking.Apply(buffer, at, piece, key);
        }

        Assert.Equal(expected, buffer);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(int.MinValue)]
    [InlineData(0x000000FF)]
    [InlineData(0x7F000000)]
    public void Masking_twice_gives_back_the_payload(int key)
    {
        byte[] buffer = Bytes(257);

        Masking.Apply(buffer, 0, 257, key);
        Masking.Apply(buffer, 0, 257, key);

        Assert.Equal(Bytes(257), buffer);
    }

    private static byte[] Bytes(int length)
    {
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++)
        {
            bytes[i] = (byte)((i * 37) + (i >> 8));
        }

        return bytes;
    }

    private static void Mask(byte[] bytes, int offset, int length, int phase)
    {
        for (int i = 0; i < length; i++)
        {
            bytes[offset + i] ^= KeyBytes[(phase + i) % 4];
        }
    }

    private static int Rotate(int phase) => BitConverter.ToInt32(new[]
    {
        KeyBytes[phase % 4], KeyBytes[(phase + 1) % 4], KeyBytes[(phase + 2) % 4], KeyBytes[(phase + 3) % 4],
    });
}
