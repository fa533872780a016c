using System;
using System.Linq;
using Ws.Micro.Framing;

namespace Ws.Micro.Tests;

/// <summary>The forms of a frame's header (RFC 6455 §5.2), written and read; F4.</summary>
public sealed class FrameHeaderTests
{
    // The length as the header holds it, by hand from §5.2; the mask bit is added by the tests.
    public static readonly TheoryData<long, string> Lengths = new()
    {
        { 0, "00" },
        { 1, "01" },
        { 125, "7D" },
        { 126, "7E 007E" },
        { 127, "7E 007F" },
        { 255, "7E 00FF" },
        { 256, "7E 0100" },
        { 65535, "7E FFFF" },
        { 65536, "7F 0000000000010000" },
        { 0x01020304, "7F 0000000001020304" },
        { 1L << 32, "7F 0000000100000000" },
        { 0x0102030405060708, "7F 0102030405060708" },
        { long.MaxValue, "7F 7FFFFFFFFFFFFFFF" },
    };

    [Theory]
    [MemberData(nameof(Lengths))]
    public void F4_written_unmasked(long length, string form)
    {
        byte[] expected = Header(0x82, form, key: "");
        byte[] buffer = Enumerable.Repeat((byte)0xEE, 20).ToArray();

        int size = FrameWriter.WriteHeader(buffer, 3, 0x82, length, masked: false, maskKey: 0x01020304);

        Assert.Equal(expected, buffer[3..(3 + size)]);
        Assert.Equal(expected.Length, FrameWriter.HeaderSize(length, masked: false));
        Assert.All(buffer[..3].Concat(buffer[(3 + size)..]), b => Assert.Equal(0xEE, b));
    }

    [Theory]
    [MemberData(nameof(Lengths))]
    public void F4_written_masked_with_the_keys_lowest_byte_first(long length, string form)
    {
        byte[] expected = Header(0x01, form, key: "A1B2C3D4");
        byte[] buffer = Enumerable.Repeat((byte)0xEE, 20).ToArray();

        int size = FrameWriter.WriteHeader(buffer, 3, 0x01, length, masked: true, maskKey: unchecked((int)0xD4C3B2A1));

        Assert.Equal(expected, buffer[3..(3 + size)]);
        Assert.Equal(expected.Length, FrameWriter.HeaderSize(length, masked: true));
        Assert.All(buffer[..3].Concat(buffer[(3 + size)..]), b => Assert.Equal(0xEE, b));
    }

    [Theory]
    [MemberData(nameof(Lengths))]
    public void F4_read_at_every_split(long length, string form)
    {
        foreach (bool masked in new[] { false, true })
        {
            byte[] header = Header(0x82, form, masked ? "A1B2C3D4" : "");
            for (int cut = 0; cut <= header.Length; cut++)
            {
                FrameReader reader = new(masked, rsv1Defined: false);
                int taken = reader.ReadHeader(header, 0, cut);
                Assert.Equal(cut, taken);
                Assert.Equal(cut == header.Length, reader.InFrame);
                if (cut < header.Length)
                {
                    // One byte of payload behind the header is not taken.
                    byte[] rest = header[cut..].Append((byte)0xEE).ToArray();
                    Assert.Equal(rest.Length - 1, reader.ReadHeader(rest, 0, rest.Length));
                }

                AssertRead(reader, length);
            }

            FrameReader byteByByte = new(masked, rsv1Defined: false);
            Assert.All(header, b => Assert.Equal(1, byteByByte.ReadHeader(new[] { b }, 0, 1)));
            AssertRead(byteByByte, length);
        }
    }

    [Fact]
    public void Payload_is_read_up_to_the_frames_end_and_unmasked_with_the_headers_key()
    {
        byte[] header = Header(0x82, "03", "A1B2C3D4");
        byte[] payload = { 0x11 ^ 0xA1, 0x22 ^ 0xB2, 0x33 ^ 0xC3, 0x44 };
        FrameReader reader = new(masked: true, rsv1Defined: false);
        reader.ReadHeader(header, 0, header.Length);

        Assert.Equal(0, reader.ReadPayload(payload, 0, 0));
        Assert.Equal(1, reader.ReadPayload(payload, 0, 1));
        Assert.Equal(2, reader.ReadPayload(payload, 1, 3));
        Assert.Equal(0, reader.ReadPayload(payload, 3, 1));
        Assert.Equal(0, reader.Remaining);
        Assert.Equal(new byte[] { 0x11, 0x22, 0x33, 0x44 }, payload);
        Assert.True(reader.InFrame);
        reader.InFrame = false;
        Assert.False(reader.InFrame);
    }

    [Fact]
    public void Rsv1_is_accepted_on_data_frames_only_where_defined()
    {
        foreach (int opcode in Enumerable.Range(0, 16))
        {
            byte[] header = { (byte)(0xC0 | opcode), 0 };
            FrameReader reader = new(masked: false, rsv1Defined: true);
            reader.ReadHeader(header, 0, 2);
            Assert.Equal(opcode <= 2 ? ProtocolError.None : opcode < 8 ? ProtocolError.ReservedOpcode : ProtocolError.ReservedBit, reader.Error);
        }
    }

    [Theory]
    [InlineData("90 05")]
    [InlineData("81 7E 0001")]
    [InlineData("81 7F FFFFFFFFFFFFFFFF")]
    [InlineData("81 85 00000000")]
    [InlineData("83 00")]
    public void After_an_error_the_reader_reads_no_more(string header)
    {
        byte[] bytes = Convert.FromHexString(header.Replace(" ", ""));
        byte[] good = new byte[40];
        good[0] = 0x82;
        foreach (int piece in new[] { 1, bytes.Length })
        {
            FrameReader reader = new(masked: false, rsv1Defined: false);
            for (int at = 0; at < bytes.Length && reader.Error == ProtocolError.None; at += piece)
            {
                reader.ReadHeader(bytes, at, piece);
            }

            ProtocolError error = reader.Error;
            Assert.NotEqual(ProtocolError.None, error);

            Assert.Equal(0, reader.ReadHeader(good, 0, good.Length));
            Assert.False(reader.InFrame);
            Assert.Equal(error, reader.Error);
        }
    }

    private static void AssertRead(FrameReader reader, long length)
    {
        Assert.True(reader.InFrame);
        Assert.Equal(ProtocolError.None, reader.Error);
        Assert.Equal(0x82, reader.FirstByte);
        Assert.Equal(length, reader.Remaining);
    }

    private static byte[] Header(byte firstByte, string form, string key)
    {
        byte[] length = Convert.FromHexString(form.Replace(" ", ""));
        length[0] |= (byte)(key.Length > 0 ? 0x80 : 0);
        return length.Prepend(firstByte).Concat(Convert.FromHexString(key)).ToArray();
    }
}
