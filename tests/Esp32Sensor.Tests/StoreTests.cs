using System;
using System.Collections.Generic;
using System.Linq;
using Esp32Sensor.Node;
using static Esp32Sensor.Tests.NodeRun;

namespace Esp32Sensor.Tests;

/// <summary>What outlasts restarts, sleep and power cuts.</summary>
public sealed class StoreTests
{
    [Fact]
    public void What_is_stored_comes_back()
    {
        TestStorage storage = new();
        NodeState state = new()
        {
            Boot = 0x71234567,
            NextSequence = int.MaxValue,
            Reserved = 64,
            Restarts = 3,
            Interval = 1000,
            Unsent = 5,
            Floor = TestBoard.Start,
            Source = TimeSource.Gateway,
            Uptime = 0x123456789ABCDEF,
        };
        Assert.True(new NodeStore(new TestBoard { Storage = storage }).Save(state, Ring(7)));

        NodeState read = new();
        ReadingRing ring = new(400);
        Assert.True(new NodeStore(new TestBoard { Storage = storage }).Load(read, ring));

        Assert.Equivalent(state, read);
        Assert.Equal(Enumerable.Range(1, 7), Sequences(ring));
    }

    [Fact]
    public void The_newest_of_many_is_read()
    {
        TestStorage storage = new();
        for (int i = 1; i <= 20; i++)
        {
            NodeStore store = new(new TestBoard { Storage = storage });
            NodeState state = new();
            store.Load(state, Ring(0));
            Assert.Equal((i - 1) * 2, state.Restarts);
            store.Save(new NodeState { Restarts = (2 * i) - 1 }, Ring(i % 3));
            store.Save(new NodeState { Restarts = 2 * i }, Ring(i % 5));
        }
    }

    [Fact]
    public void A_board_without_storage_has_nothing_stored()
    {
        NodeStore store = new(new TestBoard());

        Assert.False(store.Load(new NodeState(), Ring(0)));
        Assert.False(store.Save(new NodeState(), Ring(0)));
    }

    [Fact]
    public void Power_may_be_cut_at_every_byte_of_a_save()
    {
        int size = Saved(5)[1]!.Length;
        Assert.InRange(size, 5 * Reading.Size, 400);
        for (int cut = 0; cut < size; cut++)
        {
            TestStorage storage = Saved(5);
            storage.PowerLeft = cut;
            NodeStore store = new(new TestBoard { Storage = storage });
            Assert.True(store.Load(new NodeState(), Ring(0)));
            Assert.False(store.Save(new NodeState { Restarts = 9 }, Ring(5)));
            storage.PowerLeft = -1;

            NodeState state = new();
            ReadingRing ring = new(400);
            Assert.True(new NodeStore(new TestBoard { Storage = storage }).Load(state, ring));
            Assert.Equal(1, state.Restarts);
            Assert.Equal(Enumerable.Range(1, 5), Sequences(ring));
            Assert.Equal(0, ring.Dropped);
        }
    }

    [Fact]
    public void Every_broken_bit_is_seen()
    {
        byte[] whole = Saved(3)[1]!;
        for (int bit = 0; bit < 8 * whole.Length; bit++)
        {
            TestStorage storage = new();
            byte[] broken = [.. whole];
            broken[bit / 8] ^= (byte)(1 << (bit % 8));
            storage[1] = broken;

            NodeState state = new();
            ReadingRing ring = new(400);
            Assert.False(new NodeStore(new TestBoard { Storage = storage }).Load(state, ring));
            Assert.Equal((0, 0, 1), (ring.Count, ring.Dropped, state.NextSequence));

            // What comes next is stored, and found.
            NodeStore store = new(new TestBoard { Storage = storage });
            store.Load(state, ring);
            Assert.True(store.Save(new NodeState { Restarts = 7 }, Ring(1)));
            Assert.True(new NodeStore(new TestBoard { Storage = storage }).Load(state, ring));
            Assert.Equal(7, state.Restarts);
        }
    }

    [Fact]
    public void Any_bytes_may_lie_in_the_slots()
    {
        Random random = new(1);
        byte[] whole = Saved(3)[1]!;
        for (int i = 0; i < 20_000; i++)
        {
            TestStorage storage = new();
            for (int slot = 0; slot < 2; slot++)
            {
                byte[] content = random.Next(3) == 0 ? new byte[random.Next(300)] : [.. whole.AsSpan(0, random.Next(whole.Length))];
                for (int n = random.Next(8); n > 0 && content.Length > 0; n--)
                {
                    content[random.Next(content.Length)] = (byte)random.Next(256);
                }

                storage[slot] = content;
            }

            ReadingRing ring = new(16);
            Assert.False(new NodeStore(new TestBoard { Storage = storage }).Load(new NodeState(), ring));
            Assert.Equal(0, ring.Count);
        }
    }

    [Fact]
    public void Every_operation_of_the_storage_may_fail_and_the_node_goes_on()
    {
        int failing = 0;
        TestStorage storage;
        do
        {
            storage = new TestStorage { FailingOperation = ++failing };
            TestGateway gateway = new();
            int measured = 0;
            for (int life = 1; life <= 3; life++)
            {
                TestBoard board = new() { Storage = storage, Gateway = gateway, IsGatewayAway = true };
                SensorNode node = New(board, seed: life);
                node.RunFor(board, 3 * Interval);
                board.IsGatewayAway = false;
                node.RunUntilAcknowledged(board, 2 * Interval);
                measured += board.Measured;
                gateway.Send("C 1 reboot");
                node.RunFor(board, Interval);
                Assert.True(board.IsRestarted);
            }

            // Where the numbers went on, none was used for two readings; where they began anew, they have another boot.
            List<(long, int)> ids = [.. gateway.Readings.Select(reading => (reading.GetProperty("boot").GetInt64(), reading.GetProperty("seq").GetInt32()))];
            Assert.Equal(measured, ids.Count);
            Assert.Equal(measured, ids.Distinct().Count());
            Assert.True(gateway.Faults.Count == 0, $"operation {failing}: {string.Join("; ", gateway.Faults)}");
        }
        while (storage.HasFailed);

        Assert.InRange(failing, 20, 1000);
    }

    [Fact]
    public void A_power_cut_costs_at_most_what_came_after_the_last_checkpoint_and_no_number_is_given_twice()
    {
        TestStorage storage = new();
        TestGateway gateway = new();
        TestBoard board = new() { Storage = storage, Gateway = gateway, IsGatewayAway = true };
        SensorNode node = Slow(board);
        node.RunFor(board, 100 * 60_000);
        Assert.Equal(101, board.Measured);

        // The power goes, and comes back.
        TestBoard next = new() { Storage = storage, Gateway = gateway };
        Slow(next, 2).RunFor(next, 60_000);

        Assert.InRange(gateway.Received.Count(sequence => sequence < 1000), 60, 101);
        Assert.Equal(Enumerable.Range(1, gateway.Received.Count - 2), gateway.Received.SkipLast(2));
        Assert.True(gateway.Received[^2] > 101);
        Assert.Single(gateway.Boots.Distinct());
        AssertNoFaults(next);
    }

    [Fact]
    public void What_was_acknowledged_after_a_checkpoint_is_not_sent_again_after_a_power_cut()
    {
        TestStorage storage = new();
        TestGateway gateway = new();
        TestBoard board = new() { Storage = storage, Gateway = gateway, IsGatewayAway = true };
        SensorNode node = Slow(board);
        node.RunFor(board, 90 * 60_000);
        board.IsGatewayAway = false;
        node.RunUntilAcknowledged(board, 5 * 60_000);
        int received = gateway.Received.Count;

        // The gateway has no memory of it.
        gateway.Forget();
        TestBoard next = new() { Storage = storage, Gateway = gateway };
        Slow(next, 2).RunFor(next, 0);

        Assert.Equal(received + 1, gateway.Received.Count);
        Assert.Equal(received + 1, gateway.Received.Distinct().Count());
    }

    [Fact]
    public void A_node_in_good_health_hardly_writes()
    {
        TestBoard board = new() { Storage = new TestStorage() };
        SensorNode node = New(board);

        for (int hour = 0; hour < 24; hour++)
        {
            node.RunFor(board, 60 * 60_000);
        }

        // 8,640 readings; each block of numbers is set aside once, and what was stored with it is taken out again.
        Assert.InRange(board.Measured, 8_640, int.MaxValue);
        Assert.InRange(board.Storage.Writes, 1, 8);
    }

    [Fact]
    public void Readings_without_a_time_have_none_after_a_restart()
    {
        TestStorage storage = new();
        TestBoard board = new() { Storage = storage, SystemOffset = null, IsGatewayAway = true };
        SensorNode node = Slow(board);
        node.RunFor(board, 90 * 60_000);

        TestBoard next = new() { Storage = storage, SystemOffset = null, Now = 5 };
        next.Gateway.Time = TestBoard.Start;
        Slow(next, 2).RunFor(next, 0);

        Assert.Equal("null", next.Gateway.Readings[0].GetProperty("ts").GetRawText());
        Assert.Equal("null", next.Gateway.Readings[0].GetProperty("clock").GetRawText());
        Assert.Equal("gateway", next.Gateway.Readings[^1].GetProperty("clock").GetString());
    }

    private static SensorNode Slow(TestBoard board, int seed = 1) =>
        new(new NodeSettings { Gateway = "ws://gateway", Interval = 60_000 }, board, new Random(seed));

    private static TestStorage Saved(int readings)
    {
        TestStorage storage = new();
        Assert.True(new NodeStore(new TestBoard { Storage = storage }).Save(new NodeState { Restarts = 1 }, Ring(readings)));
        return storage;
    }

    private static ReadingRing Ring(int count)
    {
        ReadingRing ring = new(400);
        for (int i = 1; i <= count; i++)
        {
            ring.Add(new Reading { Sequence = i });
        }

        return ring;
    }

    private static List<int> Sequences(ReadingRing ring)
    {
        List<int> sequences = [];
        for (Reading reading = new(); ring.PeekUnsent(reading); ring.MarkSent())
        {
            sequences.Add(reading.Sequence);
        }

        return sequences;
    }
}
