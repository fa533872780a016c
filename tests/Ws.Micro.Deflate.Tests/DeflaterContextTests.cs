using System;
using System.Linq;
using Ws.Micro.Deflate.Tests.Support;

namespace Ws.Micro.Deflate.Tests;

/// <summary>The deflater's context: what it costs, and how a message is taken back.</summary>
[Collection(MeasuredAlone.Name)]
public sealed class DeflaterContextTests
{
    [Fact]
    public void After_a_rollback_all_is_as_though_the_message_had_not_been()
    {
        foreach (int depth in new[] { 0, 8 })
        {
            for (int windowBits = 8; windowBits <= 15; windowBits++)
            {
                Random random = new(windowBits);
                Deflater plain = new(windowBits, 9, depth, windowBits % 2 == 0);
                Deflater rolledBack = new(windowBits, 9, depth, windowBits % 2 == 0);
                byte[][] messages = [[], [1], [2, 3], .. Telemetry.Messages(800, devices: 4)];
                foreach (byte[] message in messages)
                {
                    byte[] raw = new byte[random.Next(rolledBack.RollbackBytes + 1)];
                    random.NextBytes(raw);
                    rolledBack.Mark();
                    // Some go whole, some are left in the middle.
                    if (random.Next(2) == 0)
                    {
                        rolledBack.Encode(raw);
                    }
                    else
                    {
                        rolledBack.Deflate(raw, 0, raw.Length, false, new byte[40], 0, 40);
                    }

                    Assert.True(rolledBack.Rollback());

                    Assert.Equal(plain.Encode(message), rolledBack.Encode(message));
                }
            }
        }
    }

    [Fact]
    public void A_message_too_long_to_take_back_stays()
    {
        Zlib.Require();
        Deflater deflater = new(8, 9, 8);
        byte[][] messages = Telemetry.Messages(3);
        byte[] first = deflater.Encode(messages[0]);
        deflater.Mark();
        byte[] second = deflater.Encode(messages[1][..(deflater.RollbackBytes + 1)]);

        Assert.False(deflater.Rollback());

        DeflaterRun.AssertDecodes(
            [messages[0], messages[1][..(deflater.RollbackBytes + 1)], messages[2]], [first, second, deflater.Encode(messages[2])], 8);
    }

    [Fact]
    public void Without_a_mark_nothing_is_taken_back()
    {
        Deflater deflater = new(9, 9, 8);

        Assert.False(deflater.Rollback());
        deflater.Mark();
        deflater.Reset();
        Assert.False(deflater.Rollback());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Messages_allocate_nothing(bool dynamicCodes)
    {
        byte[][] messages = Telemetry.Messages(200);
        byte[] output = new byte[512];
        Deflater deflater = new(10, 9, 8, dynamicCodes);
        Run();
        long before = GC.GetAllocatedBytesForCurrentThread();
        Run();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

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
                _ = new Deflater(windowBits, hashBits, depth, dynamicCodes);
                long before = GC.GetAllocatedBytesForCurrentThread();
                Deflater deflater = new(windowBits, hashBits, depth, dynamicCodes);
                long taken = GC.GetAllocatedBytesForCurrentThread() - before;
                GC.KeepAlive(deflater);

                // Beside its bytes each array has 24 for its header, rounded up to 8; then there are the objects' fields.
                int arrays = dynamicCodes ? 14 : 6;
                int formula = Deflater.MemoryBytes(windowBits, hashBits, depth, dynamicCodes);
                Assert.InRange(taken - formula, 0, (arrays * 32) + 400);
            }
        }
    }
}
