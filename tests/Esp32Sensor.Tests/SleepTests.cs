using System;
using System.Collections.Generic;
using System.Linq;
using Esp32Sensor.Node;
using static Esp32Sensor.Tests.NodeRun;

namespace Esp32Sensor.Tests;

/// <summary>Nodes that sleep deeply: each wake is a new life, with what the last one has stored.</summary>
public sealed class SleepTests
{
    private const int SleepInterval = 10 * 60_000;

    private readonly TestStorage _storage = new();
    private readonly TestGateway _gateway = new();
    private readonly NodeSettings _settings = new() { Id = "attic", Gateway = "ws://gateway", Interval = SleepInterval, Sleep = true, Batch = 3, Readings = 16 };
    private long _time = TestBoard.Start;

    [Fact]
    public void It_connects_when_it_begins_and_then_for_each_batch()
    {
        int[] connects = [.. Enumerable.Range(0, 10).Select(life => Live(life).Connects)];

        Assert.Equal([1, 0, 0, 1, 0, 0, 1, 0, 0, 1], connects);
        Assert.Equal(Enumerable.Range(1, 10), _gateway.Received);
        Assert.Equal(Enumerable.Range(0, 10).Select(i => TestBoard.Start + ((long)i * SleepInterval)), _gateway.Readings.Select(reading => reading.GetProperty("ts").GetInt64()));
        Assert.Single(_gateway.Boots.Distinct());
        Assert.Equal(0, _gateway.Repeated);
        Assert.Empty(_gateway.Faults);
    }

    [Fact]
    public void Without_a_clock_the_uptime_goes_on_over_the_sleep()
    {
        for (int life = 0; life < 3; life++)
        {
            Live(life, board => board.SystemOffset = null);
        }

        _gateway.Time = TestBoard.Start + (3L * SleepInterval);
        Live(3, board => board.SystemOffset = null);

        // The first came before any time was known, and was sent so.
        Assert.Equal("uptime", _gateway.Readings[0].GetProperty("clock").GetString());
        Assert.Equal(
            [TestBoard.Start + SleepInterval, TestBoard.Start + (2L * SleepInterval), TestBoard.Start + (3L * SleepInterval)],
            _gateway.Readings.Skip(1).Select(reading => reading.GetProperty("ts").GetInt64()));
    }

    [Fact]
    public void A_gateway_away_is_not_tried_at_each_wake()
    {
        Live(0);
        int[] connects = [.. Enumerable.Range(1, 12).Select(life => Live(life, static board => board.IsGatewayAway = true).Connects > 0 ? 1 : 0)];

        Assert.Equal([0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0, 1], connects);
        Live(13);
        Live(14);
        Live(15);
        Assert.Equal(Enumerable.Range(1, 16), _gateway.Received);
        Assert.Empty(_gateway.Faults);
    }

    [Fact]
    public void It_is_awake_no_longer_than_it_was_told()
    {
        TestBoard board = Live(0, static board => board.IsGatewayAway = true);

        Assert.InRange(board.Now, _settings.AwakeTime, _settings.AwakeTime + 1000);
        Assert.InRange(board.SleepTime, SleepInterval - _settings.AwakeTime - 1000, SleepInterval - _settings.AwakeTime);
    }

    [Fact]
    public void A_full_ring_drops_its_oldest_over_any_number_of_sleeps()
    {
        for (int life = 0; life < 40; life++)
        {
            Live(life, static board => board.IsGatewayAway = true);
        }

        for (int life = 40; _gateway.Received.Count == 0; life++)
        {
            Live(life);
        }

        Assert.Equal(16, _gateway.Received.Count);
        Assert.Equal(Enumerable.Range(_gateway.Received[0], 16), _gateway.Received);
        Assert.Equal(_gateway.Received[0] - 1, _gateway.Readings[^1].GetProperty("dropped").GetInt32());
        Assert.InRange(_gateway.Received[^1], 41, 43);
        Assert.Empty(_gateway.Faults);
    }

    [Fact]
    public void A_reset_in_place_of_a_wake_gives_no_number_twice()
    {
        Live(0);
        Live(1);

        // The power goes before anything is stored: what it measured is lost.
        _storage.PowerLeft = 0;
        Live(2);
        _storage.PowerLeft = -1;
        Live(3, wakes: false);

        Assert.Equal([1, 2], _gateway.Received.Take(2));
        Assert.InRange(_gateway.Received[2], 4, 1000);
        Assert.Single(_gateway.Boots.Distinct());
        Assert.Empty(_gateway.Faults);
    }

    // What was stored last is from before the first reading was given its number, and that reading has arrived since.
    [Fact]
    public void After_a_sleep_that_could_not_be_stored_no_number_is_given_twice_and_no_uptime_is_made_up()
    {
        _gateway.OnGreeted = () => _storage.PowerLeft = 0;
        Live(0);
        _gateway.OnGreeted = static () => { };
        _storage.PowerLeft = -1;
        List<TestBoard> lives = [.. Enumerable.Range(1, 7).Select(life => Live(life, static board => board.SystemOffset = null))];

        Assert.Equal([1, 0, 0, 1, 0, 0, 1], lives.Select(board => board.Connects));
        Assert.Equal(1, _gateway.Received[0]);
        Assert.InRange(_gateway.Received[1], 2, 1000);
        Assert.Equal(Enumerable.Range(_gateway.Received[1], 7), _gateway.Received.Skip(1));
        Assert.InRange(_gateway.Readings[1].GetProperty("uptime").GetInt64(), 0, 1000);
        Assert.Single(_gateway.Boots.Distinct());
        Assert.Empty(_gateway.Faults);
    }

    [Fact]
    public void A_command_finds_it_before_it_sleeps_again()
    {
        _gateway.OnGreeted = () => _gateway.Send("C 1 interval 1200000");

        TestBoard board = Live(0);

        Assert.Equal(["1 ok"], _gateway.Results);
        Assert.InRange(board.SleepTime, SleepInterval - 10_000, SleepInterval);
        _gateway.OnGreeted = static () => { };
        Assert.Equal(2 * SleepInterval, Live(1).SleepTime);
    }

    [Fact]
    public void An_interval_too_short_to_sleep_keeps_it_awake()
    {
        _settings.Interval = 10_000;
        _gateway.OnGreeted = () => _gateway.Send("C 1 interval 1500");
        TestBoard board = NewBoard(0);
        SensorNode node = new(_settings, board, new Random(1));

        node.RunFor(board, 20_000);

        Assert.Equal(0, board.SleepTime);
        Assert.InRange(board.Measured, 10, 14);
        AssertAllArrived(board, "");
    }

    [Fact]
    public void Every_connect_read_or_write_may_fail()
    {
        int failing = 0;
        bool hasFailed;
        do
        {
            failing++;
            SleepTests run = new();
            hasFailed = false;
            for (int life = 0; life < 7; life++)
            {
                TestBoard board = run.Live(life, board => board.FailingCall = life == 0 ? failing : 0);
                hasFailed |= board.HasFailed;
            }

            Assert.True(run._gateway.Received.SequenceEqual(Enumerable.Range(1, 7)), $"call {failing}: {string.Join(' ', run._gateway.Received)}");
            Assert.True(run._gateway.Faults.Count == 0, $"call {failing}: {string.Join("; ", run._gateway.Faults)}");
        }
        while (hasFailed);

        Assert.InRange(failing, 5, 100);
    }

    [Fact]
    public void Every_operation_of_the_storage_may_fail()
    {
        int failing = 0;
        do
        {
            SleepTests run = new();
            run._storage.FailingOperation = ++failing;
            for (int life = 0; life < 7; life++)
            {
                run.Live(life);
            }

            // Readings that a failing storage did not keep are lost, but none comes twice, and no rule is broken.
            Assert.Equal(run._gateway.Readings.Count, run._gateway.Readings.Select(static reading => (reading.GetProperty("boot").GetInt64(), reading.GetProperty("seq").GetInt32())).Distinct().Count());
            Assert.Equal(run._gateway.Readings.Count, run._gateway.Readings.Select(static reading => reading.GetProperty("ts").GetInt64()).Distinct().Count());
            Assert.InRange(run._gateway.Received.Count, 4, 7);
            Assert.True(run._gateway.Faults.Count == 0, $"operation {failing}: {string.Join("; ", run._gateway.Faults)}");
            if (!run._storage.HasFailed)
            {
                return;
            }
        }
        while (failing < 1000);

        Assert.Fail("the storage always fails");
    }

    private TestBoard NewBoard(int life, bool wakes = true) => new()
    {
        Storage = _storage,
        Gateway = _gateway,
        WakesUp = life > 0 && wakes,
        Now = 0,
        SystemOffset = _time,
    };

    // One life from the wake to the next sleep.
    private TestBoard Live(int life, Action<TestBoard>? prepare = null, bool wakes = true)
    {
        TestBoard board = NewBoard(life, wakes);
        prepare?.Invoke(board);
        SensorNode node = new(_settings, board, new Random(life + 1));
        node.RunFor(board, 2 * SleepInterval);
        Assert.InRange(board.SleepTime, 1, 2 * SleepInterval);
        Assert.Equal(1, board.Measured);
        _time += board.Now + board.SleepTime;
        return board;
    }
}
