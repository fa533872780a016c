using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.IO;
using System.Linq;

namespace Ws.Micro.Deflate.Tests.Support;

/// <summary>Frames as they went out, read from RFC 6455 §5.2 alone.</summary>
internal static class Wire
{
    public const int Fin = 0x80, Rsv1 = 0x40;

    /// <summary>Each frame's first byte and its payload, unmasked.</summary>
    public static List<(int FirstByte, byte[] Payload)> Frames(byte[] wire)
    {
        List<(int, byte[])> frames = [];
        for (int at = 0; at < wire.Length;)
        {
            int first = wire[at++];
            bool masked = (wire[at] & 0x80) != 0;
            int length = wire[at++] & 0x7F;
            if (length == 126)
            {
                length = BinaryPrimitives.ReadUInt16BigEndian(wire.AsSpan(at));
                at += 2;
            }
            else if (length == 127)
            {
                length = checked((int)BinaryPrimitives.ReadInt64BigEndian(wire.AsSpan(at)));
                at += 8;
            }

            byte[] key = masked ? wire[at..(at + 4)] : new byte[4];
            at += masked ? 4 : 0;
            frames.Add((first, [.. wire.AsSpan(at, length).ToArray().Select((b, i) => (byte)(b ^ key[i & 3]))]));
            at += length;
        }

        return frames;
    }

    /// <summary>The payload of one message's frames.</summary>
    public static byte[] Payload(byte[] wire) => [.. Frames(wire).SelectMany(frame => frame.Payload)];

    /// <summary>Whether the message that begins here was compressed.</summary>
    public static bool IsCompressed(byte[] wire) => (wire[0] & Rsv1) != 0;

    /// <summary>The messages, compressed and not, read with zlib at exactly these window bits.</summary>
    public static byte[] InflateWithZlib(IEnumerable<byte[]> messages, int windowBits)
    {
        using MemoryStream stream = new();
        foreach (byte[] message in messages.Where(IsCompressed))
        {
            stream.Write(Payload(message));
            stream.Write([0, 0, 0xFF, 0xFF]);
        }

        Assert.Equal(ZlibVerdict.Unfinished, Zlib.Inflate(stream.ToArray(), windowBits, out byte[] output, out int taken));
        Assert.Equal(stream.Length, taken);
        return output;
    }
}
