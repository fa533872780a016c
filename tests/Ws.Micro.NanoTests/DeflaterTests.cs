using System;
using nanoFramework.TestFramework;
using Ws.Micro.Deflate;
using Ws.Micro.NanoTests.Support;

namespace Ws.Micro.NanoTests;

/// <summary>Compression for small windows, and back. That other decoders agree is shown on .NET, against zlib.</summary>
[TestClass]
public static class DeflaterTests
{
    [TestMethod]
    public static void A_window_of_256_comes_back() => ComesBack(8, readings: 4);

    [TestMethod]
    public static void A_window_of_512_comes_back() => ComesBack(9, readings: 7);

    [TestMethod]
    public static void A_window_of_1024_comes_back() => ComesBack(10, readings: 13);

    [TestMethod]
    public static void The_next_message_gains_from_the_one_before()
    {
        Deflater deflater = new(9, 8, 4);
        int first = Compression.Encode(deflater, Bytes.Reading(1), 512, 512).Length;
        int second = Compression.Encode(deflater, Bytes.Reading(2), 512, 512).Length;

        Assert.IsTrue(second < first / 2, first.ToString() + " bytes, then " + second.ToString());
    }

    [TestMethod]
    public static void After_a_reset_a_message_stands_alone()
    {
        Deflater deflater = new(8, 7, 0);
        byte[] first = Compression.Encode(deflater, Bytes.Reading(1), 512, 512);
        deflater.Reset();
        byte[] again = Compression.Encode(deflater, Bytes.Reading(1), 512, 512);

        Expect.Same(first, again, "the same message");
        Compression.Decodes(new Inflater(8), again, Bytes.Reading(1), 64, "alone");
    }

    [TestMethod]
    public static void An_empty_message_is_one_byte() =>
        Expect.Same(Bytes.Hex("00"), Compression.Encode(new Deflater(8, 7, 0), new byte[0], 16, 16), "encoded");

    [TestMethod]
    public static void Noise_comes_back_and_hardly_grows()
    {
        byte[] noise = Bytes.Noise(300, 42);
        byte[] encoded = Compression.Encode(new Deflater(8, 7, 0), noise, 100, 64);

        Compression.Decodes(new Inflater(8), encoded, noise, 50, "noise");
        Assert.IsTrue(encoded.Length <= noise.Length + (noise.Length / 8) + 4, encoded.Length.ToString() + " bytes, where 9 bits a byte are the most");
    }

    [TestMethod]
    public static void Settings_out_of_range_are_refused()
    {
        Assert.ThrowsException(typeof(ArgumentOutOfRangeException), () => new Deflater(7, 8, 0), "a window of 128");
        Assert.ThrowsException(typeof(ArgumentOutOfRangeException), () => new Deflater(16, 8, 0), "a window of 65,536");
        Assert.ThrowsException(typeof(ArgumentOutOfRangeException), () => new Deflater(8, 16, 0), "a hash of 65,536");
        Assert.ThrowsException(typeof(ArgumentOutOfRangeException), () => new Deflater(8, 8, -1), "a negative depth");
    }

    // More bytes than the window holds, message by message, with the context kept: with one head a hash and with chains.
    private static void ComesBack(int windowBits, int readings)
    {
        for (int chainDepth = 0; chainDepth <= 4; chainDepth += 4)
        {
            Deflater deflater = new(windowBits, 8, chainDepth);
            Inflater inflater = new(windowBits);
            for (int i = 1; i <= readings; i++)
            {
                byte[] message = Bytes.Reading(i);
                byte[] encoded = Compression.Encode(deflater, message, 10 + i, 16);
                Compression.Decodes(inflater, encoded, message, 1 + i, "depth " + chainDepth.ToString() + ", message " + i.ToString());
            }
        }
    }
}
