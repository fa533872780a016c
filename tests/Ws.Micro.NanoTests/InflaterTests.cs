using System;
using nanoFramework.TestFramework;
using Ws.Micro.Deflate;
using Ws.Micro.NanoTests.Support;

namespace Ws.Micro.NanoTests;

/// <summary>Decompression (RFC 1951) of what others compressed.</summary>
[TestClass]
public static class InflaterTests
{
    [TestMethod]
    public static void The_examples_of_RFC_7692()
    {
        Gives("F2 48 CD C9 C9 07 00", "Hello", "one block with static codes");
        Gives("00 05 00 FA FF 48 65 6C 6C 6F 00", "Hello", "a stored block");
        Gives("F3 48 CD C9 C9 07 00 00", "Hello", "a final block");
        Gives("F2 48 05 00 00 00 FF FF CA C9 C9 07 00", "Hello", "two blocks");
        Gives("00", "", "an empty message");
    }

    [TestMethod]
    public static void A_message_may_refer_to_the_one_before()
    {
        Inflater inflater = new(8);

        Compression.Decodes(inflater, Bytes.Hex("F2 48 CD C9 C9 07 00"), Bytes.Of("Hello"), 16, "first");
        Compression.Decodes(inflater, Bytes.Hex("F2 00 11 00 00"), Bytes.Of("Hello"), 16, "second");
    }

    [TestMethod]
    public static void Dynamic_codes_as_zlib_writes_them()
    {
        byte[] encoded = Bytes.Hex(
            "9C CC CB 0A C2 30 10 85 E1 77 99 75 18 9C 4B 10 F2 36 D5 0E 98 45 A1 26 D3 85 14 DF DD E0 2E 41 10 B2 3C E7 87 EF 84 BC"
            + "42 82 C5 3D DF 21 40 B5 27 24 0A E0 B6 ED 56 16 3F 8A 41 62 C2 76 3D 8E 2D AF D9 5F 90 B4 AD BD 58 AD DF 4A 17 92 00 B7"
            + "26 58 69 51 AE C4 EF F3 87 CA A3 CA C8 9D CA 33 AA 8C AA A0 74 AA CC A8 3A AA 8A DA A9 3A A3 C6 51 8D 18 3B 35 FE 53 3F 00");
        byte[] expected = new byte[5 * 86];
        for (int i = 0; i < 5; i++)
        {
            Array.Copy(Bytes.Reading(i + 1), 0, expected, i * 86, 86);
        }

        Compression.Decodes(new Inflater(9), encoded, expected, 64, "pieces of 64");
        Compression.Decodes(new Inflater(9), encoded, expected, 1, "byte by byte");
    }

    [TestMethod]
    public static void What_is_not_a_stream_is_refused_until_reset()
    {
        Refuses("06", "a reserved kind of block");
        Refuses("00 05 00 FA FE", "a stored block whose lengths disagree");
        Refuses("F2 00 11 00 00", "a distance beyond the beginning");
        Refuses("FC FF FF FF FF", "more codes than there are");
    }

    [TestMethod]
    public static void Windows_out_of_range_are_refused()
    {
        Assert.ThrowsException(typeof(ArgumentOutOfRangeException), () => new Inflater(7), "a window of 128");
        Assert.ThrowsException(typeof(ArgumentOutOfRangeException), () => new Inflater(16), "a window of 65,536");
    }

    private static void Gives(string encoded, string text, string what)
    {
        Compression.Decodes(new Inflater(8), Bytes.Hex(encoded), Bytes.Of(text), 64, what);
        Compression.Decodes(new Inflater(8), Bytes.Hex(encoded), Bytes.Of(text), 1, what + ", byte by byte");
    }

    private static void Refuses(string encoded, string what)
    {
        byte[] bytes = Bytes.Hex(encoded);
        Inflater inflater = new(8);

        Assert.IsFalse(inflater.Inflate(bytes, 0, bytes.Length), what);
        Assert.IsFalse(inflater.Inflate(bytes, 0, 1), what + ", once more");

        inflater.Reset();
        Compression.Decodes(inflater, Bytes.Hex("F2 48 CD C9 C9 07 00"), Bytes.Of("Hello"), 16, what + ", after a reset");
    }
}
