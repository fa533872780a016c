using System;
using System.Collections.Generic;
using System.Linq;
using Ws.Micro.Deflate.Tests.Support;

namespace Ws.Micro.Deflate.Tests;

/// <summary>The deflater's context: what it costs, and how a message is taken back.</summary>
[Collection(MeasuredAlone.Name)]
public sealed class DeflaterContextTests
{
    [Fact]
    public void After_a_rollback_all_is_as_though_the_message_had_not_been_while_the_window_has_room()
    {
        // With the links of smaller windows a little is lost.
        for (int windowBits = 10; windowBits <= 15; windowBits++)
        {
            Random random = new(windowBits);
            Deflater plain = new(windowBits, 9, 8, windowBits % 2 == 0);
            Deflater rolledBack = new(windowBits, 9, 8, windowBits % 2 == 0);
            int room = 1 << windowBits;
            foreach (byte[] message in Telemetry.Messages(800, devices: 4))
            {
                room -= message.Length;
                if (room < 0)
                {
                    break;
                }

                for (int again = 0; again < 3; again++)
                {
                    EncodeAndTakeBack(rolledBack, message, random.Next(room + 1), random, whole: true);
                }

                Assert.Equal(plain.Encode(message), rolledBack.Encode(message));
            }
        }
    }

    [Fact]
    public void After_a_rollback_of_any_length_all_can_be_decoded_and_the_context_that_is_left_is_used()
    {
        Zlib.Require();
        foreach (int depth in new[] { 0, 8 })
        {
            for (int windowBits = 9; windowBits <= 15; windowBits++)
            {
                Random random = new(windowBits);
                Deflater rolledBack = new(windowBits, 9, depth, windowBits % 2 == 0);
                Deflater anew = new(windowBits, 9, depth, windowBits % 2 == 0);
                byte[][] messages = [[], [1], [2, 3], .. Telemetry.Messages(400)];
                byte[][] encoded = new byte[messages.Length][];
                int standingAlone = 0;
                for (int i = 0; i < messages.Length; i++)
                {
                    EncodeAndTakeBack(rolledBack, messages[i], random.Next(1 << (windowBits - 2)), random, random.Next(2) == 0);
                    encoded[i] = rolledBack.Encode(messages[i]);
                    anew.Reset();
                    standingAlone += anew.Encode(messages[i]).Length;
                    if (i % 40 == 39)
                    {
                        EncodeAndTakeBack(rolledBack, messages[i], random.Next(3 << windowBits), random, random.Next(2) == 0);
                    }
                }

                DeflaterRun.AssertDecodes(messages, encoded, windowBits);
                int size = encoded.Sum(message => message.Length);
                // Without chains nothing tells what the heads were before, and what they led to is found no more.
                Assert.True(depth == 0 || size < 4 * standingAlone / 10, $"The context is not used: {size} B, {standingAlone} B without (window bits {windowBits}, depth {depth}).");
            }
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_message_left_at_any_place_is_taken_back_whole(bool dynamicCodes)
    {
        Zlib.Require();
        byte[][] readings = Telemetry.Messages(4, devices: 2);
        foreach (int depth in new[] { 0, 8 })
        {
            foreach (int windowBits in new[] { 8, 9, 10, 12 })
            {
                foreach (int outputSize in new[] { Deflater.MinOutput, 24, 4096 })
                {
                    // Left where a match waits for a longer one, or may go on, or tokens wait for room.
                    Deflater deflater = new(windowBits, 9, depth, dynamicCodes);
                    List<byte[]> messages = [.. readings];
                    List<byte[]> encoded = [.. readings.Select(message => deflater.Encode(message))];
                    foreach (byte[] left in (byte[][])[[.. readings[0], .. readings[1], .. readings[2], .. readings[0]], new byte[300]])
                    {
                        for (int count = 0; count <= left.Length; count += windowBits == 10 ? 1 : 7)
                        {
                            deflater.Mark();
                            deflater.Deflate(left, 0, count, false, new byte[outputSize], 0, outputSize);
                            deflater.Rollback();
                            messages.Add(readings[count % readings.Length]);
                            encoded.Add(deflater.Encode(messages[^1]));
                        }
                    }

                    DeflaterRun.AssertDecodes([.. messages], [.. encoded], windowBits);
                }
            }
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Messages_allocate_nothing(bool dynamicCodes)
    {
        byte[][] messages = Telemetry.Messages(200);
        byte[] output = new byte[512];
        Deflater deflater = new(10, 9, 8, dynamicCodes);
        Assert.Equal(0, Measured.Allocated(Run));

        void Run()
        {
            foreach (byte[] message in messages)
            {
                deflater.Mark();
                deflater.Deflate(message, 0, 100, false, output, 0, output.Length);
                deflater.Rollback();
                deflater.Deflate(message, 0, message.Length, true, output, 0, output.Length);
                if (!deflater.Done)
                {
                    throw new InvalidOperationException("The message did not fit.");
                }
            }

            deflater.Reset();
        }
    }

    [Fact]
    public void The_memory_is_what_the_formula_says()
    {
        for (int windowBits = 8; windowBits <= 15; windowBits++)
        {
            foreach ((int hashBits, int depth, bool dynamicCodes) in new[] { (6, 0, false), (9, 8, false), (8, 0, true), (13, 32, true) })
            {
                long taken = Measured.Allocated(() => GC.KeepAlive(new Deflater(windowBits, hashBits, depth, dynamicCodes)));

                // Beside its bytes each array has 24 for its header, rounded up to 8; then there are the objects' fields.
                int arrays = dynamicCodes ? 13 : 5;
                int formula = Deflater.MemoryBytes(windowBits, hashBits, depth, dynamicCodes);
                Assert.InRange(taken - formula, 0, (arrays * 32) + 400);
            }
        }
    }

    // Some of it noise, some of it like the message that follows; whole, or left in the middle.
    private static void EncodeAndTakeBack(Deflater deflater, byte[] like, int length, Random random, bool whole)
    {
        byte[] raw = new byte[length];
        random.NextBytes(raw);
        like.AsSpan(0, Math.Min(like.Length, length / 2)).CopyTo(raw);
        deflater.Mark();
        if (whole)
        {
            deflater.Encode(raw);
        }
        else
        {
            deflater.Deflate(raw, 0, raw.Length, false, new byte[40], 0, 40);
        }

        deflater.Rollback();
    }
}
