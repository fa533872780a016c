extern alias Portable;

using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Ws.Micro.Deflate.Tests.Support;

namespace Ws.Micro.Deflate.Tests;

/// <summary>.NET's own loops do what the device's do, byte for byte.</summary>
public sealed class BothBodiesTests
{
    public static TheoryData<int, int, int> Settings()
    {
        TheoryData<int, int, int> settings = [];
        for (int windowBits = Deflater.MinWindowBits; windowBits <= Deflater.MaxWindowBits; windowBits++)
        {
            settings.Add(windowBits, Math.Min(windowBits, 12), 16);
            settings.Add(windowBits, 7, 5);
            settings.Add(windowBits, 9, 0);
        }

        return settings;
    }

    [Theory]
    [MemberData(nameof(Settings))]
    public void Both_deflate_to_the_same_bytes(int windowBits, int hashBits, int depth)
    {
        Random random = new(windowBits);
        Deflater here = new(windowBits, hashBits, depth);
        Portable::Ws.Micro.Deflate.Deflater portable = new(windowBits, hashBits, depth);
        foreach (byte[] message in Messages(random))
        {
            int step = random.Next(3) == 0 ? random.Next(1, 50) : message.Length;

            Assert.Equal(Deflate(portable.Deflate, () => portable.Taken, () => portable.Done, message, step), Deflate(here.Deflate, () => here.Taken, () => here.Done, message, step));
        }
    }

    [Theory]
    [InlineData(8)]
    [InlineData(11)]
    [InlineData(15)]
    public void Both_inflate_to_the_same_bytes(int windowBits)
    {
        Zlib.Require();
        Random random = new(windowBits);
        Inflater here = new(windowBits, 9);
        Portable::Ws.Micro.Deflate.Inflater portable = new(windowBits);
        byte[][] messages = [.. Messages(random)];
        Deflater smallest = new(8, 8, 8, true);
        byte[][] encoded = windowBits == 8
            ? [.. messages.Select(message => (byte[])[.. smallest.Encode(message), 0, 0, 0xFF, 0xFF])]
            : Zlib.Deflate(messages, windowBits);
        for (int i = 0; i < messages.Length; i++)
        {
            using MemoryStream ours = new();
            Assert.True(here.Feed(encoded[i], ours, Inflating.Whole));
            using MemoryStream theirs = new();
            int at = 0;
            do
            {
                Assert.True(portable.Inflate(encoded[i], at, encoded[i].Length - at));
                at += portable.Taken;
                theirs.Write(portable.Window, portable.OutputOffset, portable.OutputCount);
            }
            while (at < encoded[i].Length || portable.OutputCount > 0);

            Assert.Equal(messages[i], ours.ToArray());
            Assert.Equal(messages[i], theirs.ToArray());
        }
    }

    private static IEnumerable<byte[]> Messages(Random random) =>
        [.. Telemetry.Messages(100, devices: 3), .. Samples.Kinds.SelectMany(kind => Samples.Messages(kind, random)), .. Telemetry.Messages(20)];

    private static byte[] Deflate(
        Func<byte[], int, int, bool, byte[], int, int, int> deflate, Func<int> taken, Func<bool> done, byte[] message, int step)
    {
        using MemoryStream all = new();
        byte[] output = new byte[4096];
        int at = 0;
        do
        {
            int count = Math.Min(step, message.Length - at);
            all.Write(output, 0, deflate(message, at, count, at + count == message.Length, output, 0, output.Length));
            at += taken();
        }
        while (at < message.Length || !done());

        return all.ToArray();
    }
}
