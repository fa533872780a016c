using System;
using System.Collections.Generic;
using System.Linq;
using Esp32Sensor.Node;

namespace Esp32Sensor.Tests;

public sealed class ReadingRingTests
{
    private readonly byte[] _peeked = new byte[300];

    [Fact]
    public void A_new_ring_is_empty()
    {
        ReadingRing ring = new(16);

        Assert.Equal(0, ring.Count);
        Assert.Equal(0, ring.Peek(_peeked));
        ring.RemoveOldest();
        Assert.Equal(0, ring.Count);
    }

    [Fact]
    public void A_reading_may_fill_the_ring_but_not_exceed_it()
    {
        ReadingRing ring = new(10);
        ring.Add([1, 2, 3, 4, 5, 6, 7, 8], 8);

        Assert.Equal([1, 2, 3, 4, 5, 6, 7, 8], Oldest(ring));
        Assert.Contains("9 bytes does not fit a ring of 10", Assert.Throws<ArgumentOutOfRangeException>(() => ring.Add(new byte[9], 9)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => ring.Add([], 0));
        Assert.Equal([1, 2, 3, 4, 5, 6, 7, 8], Oldest(ring));
    }

    [Fact]
    public void Removing_makes_room_so_that_nothing_is_dropped()
    {
        ReadingRing ring = new(10);
        for (byte i = 0; i < 100; i++)
        {
            ring.Add([i, i], 2);
            ring.Add([i], 1);
            Assert.Equal([i, i], Oldest(ring));
            ring.RemoveOldest();
            Assert.Equal([i], Oldest(ring));
            ring.RemoveOldest();
        }

        Assert.Equal(0, ring.Dropped);
    }

    [Fact]
    public void It_behaves_as_a_queue_that_drops_its_oldest()
    {
        for (int size = 3; size < 120; size++)
        {
            ReadingRing ring = new(size);
            Queue<byte[]> model = new();
            int dropped = 0;
            Random random = new(size);
            for (int i = 0; i < 2_000; i++)
            {
                if (random.Next(5) < 3)
                {
                    byte[] reading = new byte[random.Next(1, size - ReadingRing.Overhead + 1)];
                    random.NextBytes(reading);
                    ring.Add(reading, reading.Length);
                    model.Enqueue(reading);
                    while (model.Sum(r => r.Length + ReadingRing.Overhead) > size)
                    {
                        model.Dequeue();
                        dropped++;
                    }
                }
                else
                {
                    ring.RemoveOldest();
                    model.TryDequeue(out _);
                }

                Assert.Equal(model.Count, ring.Count);
                Assert.Equal(dropped, ring.Dropped);
                Assert.Equal(model.TryPeek(out byte[]? oldest) ? oldest : [], Oldest(ring));
            }
        }
    }

    [Fact]
    public void Using_it_allocates_nothing()
    {
        ReadingRing ring = new(1000);
        byte[] reading = new byte[130];
        Cycle(1);

        long before = GC.GetAllocatedBytesForCurrentThread();
        Cycle(10_000);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.Equal(0, allocated);

        void Cycle(int times)
        {
            for (int i = 0; i < times; i++)
            {
                ring.Add(reading, reading.Length);
                ring.Add(reading, reading.Length);
                ring.Peek(_peeked);
                ring.RemoveOldest();
            }
        }
    }

    private byte[] Oldest(ReadingRing ring) => _peeked[..ring.Peek(_peeked)];
}
