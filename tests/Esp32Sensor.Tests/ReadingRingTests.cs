using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Esp32Sensor.Node;

namespace Esp32Sensor.Tests;

public sealed class ReadingRingTests
{
    private readonly Reading _reading = new();

    [Fact]
    public void A_new_ring_is_empty()
    {
        ReadingRing ring = new(16);

        Assert.Equal(0, ring.Count);
        Assert.False(ring.PeekUnsent(_reading));
        ring.Acknowledge(1000);
        ring.Rewind();
        Assert.Equal(0, ring.Count);
    }

    [Fact]
    public void A_reading_comes_back_as_it_was()
    {
        ReadingRing ring = new(1);
        Reading reading = new() { Sequence = int.MaxValue, Time = 0x123456789ABCDEF, Source = TimeSource.Gateway };
        reading.Values.Temperature = -1;
        reading.Values.Humidity = int.MaxValue;
        reading.Values.Pressure = Measurements.Missing;
        reading.Values.Battery = 0x12345678;
        reading.Values.Rssi = -60;
        reading.Values.FreeMemory = 0x7F80FF01;

        ring.Add(reading);

        Assert.True(ring.PeekUnsent(_reading));
        Assert.Equivalent(reading, _reading);
    }

    [Fact]
    public void What_was_sent_is_sent_again_only_after_a_rewind()
    {
        ReadingRing ring = Filled(5, 3);
        Assert.Equal([1, 2, 3], SendAll(ring));
        Assert.Equal(3, ring.Sent);

        ring.Acknowledge(2);
        Assert.Equal(1, ring.Sent);
        Assert.Empty(SendAll(ring));

        ring.Rewind();
        Assert.Equal([3], SendAll(ring));
    }

    [Fact]
    public void An_acknowledgement_between_two_numbers_takes_those_below()
    {
        ReadingRing ring = new(5);
        foreach (int sequence in (int[])[10, 20, 30])
        {
            ring.Add(new Reading { Sequence = sequence });
        }

        ring.Acknowledge(25);

        Assert.Equal([30], SendAll(ring));
        ring.Acknowledge(long.MaxValue);
        Assert.Equal(0, ring.Count);
    }

    [Fact]
    public void It_behaves_as_a_queue_that_drops_its_oldest()
    {
        for (int capacity = 1; capacity < 40; capacity++)
        {
            ReadingRing ring = new(capacity);
            Queue<int> model = new();
            int dropped = 0;
            int sent = 0;
            int next = 1;
            Random random = new(capacity);
            for (int i = 0; i < 3_000; i++)
            {
                switch (random.Next(6))
                {
                    case 0 or 1 or 2:
                        ring.Add(new Reading { Sequence = next });
                        model.Enqueue(next);
                        next += 1 + random.Next(3);
                        if (model.Count > capacity)
                        {
                            model.Dequeue();
                            dropped++;
                            sent = Math.Max(0, sent - 1);
                        }

                        break;
                    case 3:
                        Assert.Equal(sent < model.Count, ring.PeekUnsent(_reading));
                        if (sent < model.Count)
                        {
                            Assert.Equal(model.ElementAt(sent), _reading.Sequence);
                            ring.MarkSent();
                            sent++;
                        }

                        break;
                    case 4:
                        int acknowledged = random.Next(next);
                        ring.Acknowledge(acknowledged);
                        while (model.TryPeek(out int oldest) && oldest <= acknowledged)
                        {
                            model.Dequeue();
                            sent = Math.Max(0, sent - 1);
                        }

                        break;
                    default:
                        if (random.Next(10) == 0)
                        {
                            ring.Rewind();
                            sent = 0;
                        }

                        break;
                }

                Assert.Equal((model.Count, dropped, sent), (ring.Count, ring.Dropped, ring.Sent));
            }
        }
    }

    [Theory]
    [InlineData(0, 5)]
    [InlineData(1, 5)]
    [InlineData(5, 5)]
    [InlineData(7, 5)]
    public void What_is_saved_is_loaded_into_a_ring_of_any_size(int added, int capacity)
    {
        ReadingRing ring = Filled(capacity, added);
        MemoryStream stream = new();
        Crc32 written = new();
        ring.Save(stream, written);
        int count = Math.Min(added, capacity);
        Assert.Equal(count * Reading.Size, stream.Length);

        foreach (int size in (int[])[1, 3, 5, 10])
        {
            stream.Position = 0;
            ReadingRing other = Filled(size, 2);
            int before = other.Dropped;
            Crc32 read = new();
            Assert.True(other.Load(stream, read, count));
            Assert.Equal(written.Value, read.Value);
            Assert.Equal(Math.Max(0, count - size), other.Dropped - before);
            Assert.Equal(Enumerable.Range(1, added).TakeLast(Math.Min(count, size)), SendAll(other));
        }
    }

    [Fact]
    public void A_stream_that_ends_is_not_loaded()
    {
        ReadingRing ring = Filled(3, 3);
        MemoryStream stream = new();
        ring.Save(stream, new Crc32());
        stream.SetLength(stream.Length - 1);
        stream.Position = 0;

        Assert.False(new ReadingRing(3).Load(stream, new Crc32(), 3));
    }

    [Fact]
    public void The_checksum_is_the_well_known_one()
    {
        Crc32 checksum = new();
        checksum.Add("x123456789"u8.ToArray(), 1, 4);
        checksum.Add("56789"u8.ToArray(), 0, 5);

        Assert.Equal(0xCBF43926, (uint)checksum.Value);
        checksum.Reset();
        Assert.Equal(0, checksum.Value);
    }

    [Fact]
    public void Using_it_allocates_nothing()
    {
        ReadingRing ring = new(10);
        Cycle(1);

        long before = GC.GetAllocatedBytesForCurrentThread();
        Cycle(10_000);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.Equal(0, allocated);

        void Cycle(int times)
        {
            for (int i = 0; i < times; i++)
            {
                _reading.Sequence = i;
                ring.Add(_reading);
                ring.PeekUnsent(_reading);
                ring.MarkSent();
                ring.Acknowledge(i - 5);
            }
        }
    }

    private static ReadingRing Filled(int capacity, int count)
    {
        ReadingRing ring = new(capacity);
        for (int i = 1; i <= count; i++)
        {
            ring.Add(new Reading { Sequence = i });
        }

        return ring;
    }

    private List<int> SendAll(ReadingRing ring)
    {
        List<int> sent = [];
        while (ring.PeekUnsent(_reading))
        {
            sent.Add(_reading.Sequence);
            ring.MarkSent();
        }

        return sent;
    }
}
