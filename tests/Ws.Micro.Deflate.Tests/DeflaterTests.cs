using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using Ws.Micro.Deflate.Tests.Support;

namespace Ws.Micro.Deflate.Tests;

/// <summary>What the deflater writes is read by zlib with exactly its window, however it was cut.</summary>
public sealed class DeflaterTests
{
    public static TheoryData<int, int, int, bool> Settings()
    {
        TheoryData<int, int, int, bool> settings = [];
        for (int windowBits = Deflater.MinWindowBits; windowBits <= Deflater.MaxWindowBits; windowBits++)
        {
            foreach ((int hashBits, int depth) in new[] { (6, 0), (9, 8), (15, 64) })
            {
                settings.Add(windowBits, hashBits, depth, false);
                settings.Add(windowBits, hashBits, depth, true);
            }
        }

        return settings;
    }

    [Theory]
    [MemberData(nameof(Settings))]
    public void Telemetry_and_adversarial_messages_come_back(int windowBits, int hashBits, int depth, bool dynamicCodes)
    {
        Zlib.Require();
        byte[][] messages = [.. Telemetry.Messages(60, devices: 3), .. Adversarial(1 << windowBits), .. Telemetry.Messages(20)];
        Deflater deflater = new(windowBits, hashBits, depth, dynamicCodes);

        DeflaterRun.AssertDecodes(messages, [.. messages.Select(message => deflater.Encode(message))], windowBits);
    }

    [Theory]
    [InlineData(8, 6, 0, false)]
    [InlineData(9, 8, 8, false)]
    [InlineData(8, 8, 8, true)]
    [InlineData(9, 9, 8, true)]
    [InlineData(11, 9, 16, true)]
    public void However_it_is_cut_it_comes_back(int windowBits, int hashBits, int depth, bool dynamicCodes)
    {
        Zlib.Require();
        byte[][] messages = [.. Telemetry.Messages(30, devices: 2), .. Adversarial(1 << windowBits), .. Telemetry.Messages(5)];
        foreach (int inputStep in new[] { 1, 2, 3, 5, 64, 257, 100_000 })
        {
            foreach (int outputStep in new[] { Deflater.MinOutput, 17, 23, 512 })
            {
                Deflater deflater = new(windowBits, hashBits, depth, dynamicCodes);

                DeflaterRun.AssertDecodes(
                    messages, [.. messages.Select(message => deflater.Encode(message, inputStep, outputStep))], windowBits);
            }
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Random_messages_in_random_pieces_come_back(bool dynamicCodes)
    {
        Zlib.Require();
        Random random = new(7692);
        for (int run = 0; run < 200; run++)
        {
            int windowBits = random.Next(8, 13);
            Deflater deflater = new(windowBits, random.Next(6, 12), random.Next(0, 20), dynamicCodes);
            List<byte[]> messages = [];
            List<byte[]> encoded = [];
            for (int i = 0; i < 20; i++)
            {
                byte[] message = new byte[random.Next(2000)];
                random.NextBytes(message);
                int symbols = random.Next(1, 257);
                for (int k = 0; k < message.Length; k++)
                {
                    message[k] = (byte)(message[k] % symbols * 37);
                }

                messages.Add(message);
                encoded.Add(deflater.Encode(message, random.Next(1, 400), random.Next(Deflater.MinOutput, 300)));
            }

            DeflaterRun.AssertDecodes([.. messages], [.. encoded], windowBits);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_window_is_used_to_its_last_byte_and_no_further(bool dynamicCodes)
    {
        Zlib.Require();
        for (int windowBits = 8; windowBits <= 15; windowBits++)
        {
            int size = 1 << windowBits;
            byte[] period = Noise(size + 1, windowBits);

            Assert.InRange(SecondTime(period[..size], windowBits, dynamicCodes), 1, (size / 40) + 12);
            Assert.InRange(SecondTime(period, windowBits, dynamicCodes), size, (size * 9 / 8) + 12);
        }
    }

    [Fact]
    public void Without_context_takeover_each_message_stands_alone()
    {
        Zlib.Require();
        Deflater deflater = new(9, 9, 8);
        byte[][] messages = Telemetry.Messages(3);
        foreach (byte[] message in messages)
        {
            DeflaterRun.AssertDecodes([message], [deflater.Encode(message)], 9);
            deflater.Reset();
        }
    }

    [Theory]
    [InlineData("", false, "00")]
    [InlineData("", true, "00")]
    [InlineData("Hello", false, "F248CDC9C90700")]
    [InlineData("Hello", true, "F248CDC9C90700")]
    public void The_RFCs_examples_are_met(string message, bool dynamicCodes, string encoded) =>
        Assert.Equal(encoded, Convert.ToHexString(new Deflater(15, 9, 8, dynamicCodes).Encode(Encoding.ASCII.GetBytes(message))));

    [Fact]
    public void Incompressible_messages_grow_by_an_eighth_at_most_and_with_dynamic_codes_hardly()
    {
        byte[] noise = Noise(20_000, 3);

        Assert.InRange(new Deflater(9, 9, 8).Encode(noise).Length, noise.Length, (noise.Length * 9 / 8) + 3);
        Assert.InRange(new Deflater(9, 9, 8, true).Encode(noise).Length, noise.Length, noise.Length + (noise.Length / 255 * 6) + 8);
    }

    [Fact]
    public void A_stored_block_ends_before_a_match_that_waits()
    {
        // Noise for about as many tokens as a block has, and then, in every place about its end, a match that waits for a longer one, or goes on.
        Zlib.Require();
        foreach (int windowBits in new[] { 8, 9, 10, 11, 12 })
        {
            int tokens = windowBits < 11 ? 256 : 1 << (windowBits - 3);
            for (int before = tokens - 24; before <= tokens + 4; before++)
            {
                byte[] noise = Noise(before, windowBits);
                byte[] rest = Noise(2 * tokens, windowBits + 1);

                // Three bytes are there once more, and the last two of them before seven others: a longer match, one byte later.
                int three = before - 100, nine = before - 60;
                noise.AsSpan(three + 1, 2).CopyTo(noise.AsSpan(nine));
                byte[] lazy = [.. noise, noise[three], .. noise[nine..(nine + 9)], .. rest];
                byte[] goesOn = [.. noise, .. noise[^150..^20], .. rest];
                byte[] zeros = [.. noise, .. new byte[400], .. rest];
                foreach (byte[] message in new[] { lazy, goesOn, zeros })
                {
                    foreach (int inputStep in new[] { int.MaxValue, before + 3, before + 50, before + 300 })
                    {
                        Deflater deflater = new(windowBits, 12, 16, true);
                        DeflaterRun.AssertDecodes([message], [deflater.Encode(message, inputStep)], windowBits);
                    }
                }
            }
        }
    }

    [Fact]
    public void A_block_is_written_in_its_smallest_form()
    {
        Random random = new(1951);
        int[] smallest = new int[3];
        for (int i = 0; i < 6000; i++)
        {
            // Of one block: from where static codes gain something to where only the bytes themselves do not grow.
            byte[] message = new byte[random.Next(1, 240)];
            int symbols = random.Next(2, 200);
            int first = random.Next(0, 256 - symbols);
            for (int k = 0; k < message.Length; k++)
            {
                message[k] = (byte)(first + random.Next(symbols));
            }

            int size = new Deflater(11, 10, 16, true).Encode(message).Length;
            int withStaticCodes = new Deflater(11, 10, 16).Encode(message).Length;
            int stored = message.Length + 6;
            Assert.True(size <= Math.Min(withStaticCodes, stored), $"{size} bytes; {withStaticCodes} with static codes, {stored} stored");
            smallest[size < Math.Min(withStaticCodes, stored) ? 2 : withStaticCodes < stored ? 1 : 0]++;
        }

        Assert.All(smallest, count => Assert.True(count > 300, $"{count} of 6000"));
    }

    [Fact]
    public void Few_symbols_that_static_codes_have_no_short_form_for_get_codes_of_their_own()
    {
        // Static codes have nine bits for them, stored they have eight, and of their own about five.
        Random random = new(1951);
        byte[] message = [.. Enumerable.Range(0, 240).Select(_ => (byte)(200 + random.Next(30)))];
        Assert.InRange(new Deflater(11, 10, 16, true).Encode(message).Length, 150, 220);
        Assert.InRange(new Deflater(11, 10, 16).Encode(message).Length, 240, 280);
    }

    [Theory]
    [InlineData(7, 9, 0, "windowBits")]
    [InlineData(16, 9, 0, "windowBits")]
    [InlineData(9, 5, 0, "hashBits")]
    [InlineData(9, 16, 0, "hashBits")]
    [InlineData(9, 9, -1, "chainDepth")]
    public void Settings_out_of_range_are_refused(int windowBits, int hashBits, int depth, string name) =>
        Assert.Equal(name, Assert.Throws<ArgumentOutOfRangeException>(() => new Deflater(windowBits, hashBits, depth)).ParamName);

    /// <summary>Bytes that a message costs when the message before was the same.</summary>
    private static int SecondTime(byte[] message, int windowBits, bool dynamicCodes)
    {
        Deflater deflater = new(windowBits, 15, 64, dynamicCodes);
        byte[][] encoded = [deflater.Encode(message), deflater.Encode(message)];
        DeflaterRun.AssertDecodes([message, message], encoded, windowBits);
        return encoded[1].Length;
    }

    private static byte[] Noise(int count, int seed)
    {
        byte[] noise = new byte[count];
        new Random(seed).NextBytes(noise);
        return noise;
    }

    private static byte[][] Adversarial(int windowSize)
    {
        byte[] noise = Noise(windowSize + 1, windowSize);
        byte[] text = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Range(0, 400).Select(i => $"{i * i} ")));
        return
        [
            [],
            [0],
            new byte[2],
            new byte[3000],
            noise,
            Repeat(noise[..windowSize], (2 * windowSize) + 700),
            Repeat(noise, (2 * windowSize) + 700),
            Repeat(noise[..(windowSize - 1)], (2 * windowSize) + 700),
            Repeat(noise[..Math.Min(258, windowSize)], 2000),
            Repeat(noise[..2], 1000),
            Repeat(noise[..3], 1000),
            [],
            text,
            text,
        ];
    }

    private static byte[] Repeat(byte[] period, int count) => [.. Enumerable.Range(0, count).Select(i => period[i % period.Length])];
}
