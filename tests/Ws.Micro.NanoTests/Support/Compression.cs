using nanoFramework.TestFramework;
using Ws.Micro.Deflate;
using Ws.Micro.Handshake;

namespace Ws.Micro.NanoTests.Support;

/// <summary>permessage-deflate in the sizes that a device can afford, and messages through its two halves in small pieces.</summary>
internal static class Compression
{
    private static readonly byte[] Tail = { 0x00, 0x00, 0xFF, 0xFF };

    /// <summary>The extension with one window both ways, and both contexts kept.</summary>
    public static PerMessageDeflate New(bool isServer, int windowBits)
    {
        byte[] offer = Bytes.Of("permessage-deflate; client_max_window_bits");
        DeflateOptions options = new() { MaxSendWindowBits = windowBits, MaxReceiveWindowBits = windowBits };
        return New(isServer, DeflateNegotiation.Accept(offer, 0, offer.Length, options)!);
    }

    /// <summary>The extension as agreed on.</summary>
    public static PerMessageDeflate New(bool isServer, DeflateParameters agreed) =>
        new(isServer, agreed, new PerMessageDeflateOptions { ChainDepth = 4 });

    /// <summary>Encodes a message, with the input and the room for output in pieces.</summary>
    public static byte[] Encode(Deflater deflater, byte[] message, int inputSize, int outputSize)
    {
        byte[] encoded = new byte[message.Length + (message.Length / 4) + 32];
        byte[] output = new byte[outputSize];
        int count = 0;
        int at = 0;
        do
        {
            int size = inputSize < message.Length - at ? inputSize : message.Length - at;
            int written = deflater.Deflate(message, at, size, at + size == message.Length, output, 0, outputSize);
            System.Array.Copy(output, 0, encoded, count, written);
            count += written;
            at += deflater.Taken;
            Assert.IsTrue(written > 0 || deflater.Taken > 0 || deflater.Done, "the deflater stands still");
        }
        while (at < message.Length || !deflater.Done);

        return Bytes.Part(encoded, 0, count);
    }

    /// <summary>Decodes a message, in pieces, and fails where it is not the one expected.</summary>
    public static void Decodes(Inflater inflater, byte[] encoded, byte[] expected, int inputSize, string what)
    {
        int count = Decode(inflater, encoded, expected, 0, inputSize, what);
        count = Decode(inflater, Tail, expected, count, inputSize, what);
        Assert.AreEqual(expected.Length, count, what + ": number of bytes");
        Assert.IsTrue(inflater.AtBoundary, what + ": the message ends where a block does");
    }

    private static int Decode(Inflater inflater, byte[] encoded, byte[] expected, int count, int inputSize, string what)
    {
        int at = 0;
        while (true)
        {
            int size = inputSize < encoded.Length - at ? inputSize : encoded.Length - at;
            Assert.IsTrue(inflater.Inflate(encoded, at, size), what + ": refused");
            Assert.IsTrue(inflater.OutputCount <= expected.Length - count, what + ": more bytes than expected");
            for (int i = 0; i < inflater.OutputCount; i++)
            {
                if (inflater.Window[inflater.OutputOffset + i] != expected[count + i])
                {
                    Assert.IsTrue(false, what + ": byte " + (count + i).ToString() + " differs");
                }
            }

            at += inflater.Taken;
            count += inflater.OutputCount;
            if (at == encoded.Length && inflater.OutputCount == 0)
            {
                return count;
            }
        }
    }
}
