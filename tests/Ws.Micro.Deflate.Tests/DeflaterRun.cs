using System;
using System.IO;
using Ws.Micro.Deflate.Tests.Support;

namespace Ws.Micro.Deflate.Tests;

/// <summary>Puts messages through a deflater in pieces, and reads what it gave through zlib.</summary>
internal static class DeflaterRun
{
    /// <summary>Encodes one message; the output's room is checked to be all that is written.</summary>
    public static byte[] Encode(this Deflater deflater, byte[] message, int inputStep = int.MaxValue, int outputStep = 4096)
    {
        using MemoryStream all = new();
        byte[] output = new byte[outputStep + 2];
        int at = 0;
        do
        {
            output[0] = output[^1] = 0xA5;
            int count = Math.Min(inputStep, message.Length - at);
            int written = deflater.Deflate(message, at, count, at + count == message.Length, output, 1, outputStep);
            Assert.True(written > 0 || deflater.Taken > 0 || deflater.Done, "The deflater stands still.");
            Assert.InRange(written, 0, outputStep);
            Assert.True(output[0] == 0xA5 && output[^1] == 0xA5, "It wrote outside its room.");
            all.Write(output, 1, written);
            at += deflater.Taken;
        }
        while (at < message.Length || !deflater.Done);

        return all.ToArray();
    }

    /// <summary>Reads the messages with zlib, at exactly these window bits, and compares them all.</summary>
    public static void AssertDecodes(byte[][] messages, byte[][] encoded, int windowBits)
    {
        using MemoryStream plain = new();
        using MemoryStream stream = new();
        for (int i = 0; i < messages.Length; i++)
        {
            plain.Write(messages[i]);
            stream.Write(encoded[i]);
            stream.Write([0, 0, 0xFF, 0xFF]);
        }

        Assert.Equal(ZlibVerdict.Unfinished, Zlib.Inflate(stream.ToArray(), windowBits, out byte[] inflated, out int taken));
        Assert.Equal(stream.Length, taken);
        Assert.True(plain.ToArray().AsSpan().SequenceEqual(inflated), "The messages came out changed.");
    }
}
