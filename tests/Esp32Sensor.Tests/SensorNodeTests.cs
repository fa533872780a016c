using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json;
using Esp32Sensor.Node;
using static Esp32Sensor.Tests.NodeRun;

// Memory is measured for the whole process.
[assembly: Xunit.v3.Parallelization(Mode = Xunit.Sdk.ParallelMode.None)]

namespace Esp32Sensor.Tests;

public sealed class SensorNodeTests
{
    private readonly TestBoard _board = new();

    private TestGateway Gateway => _board.Gateway;

    [Fact]
    public void Readings_arrive_as_they_are_measured()
    {
        SensorNode node = New(_board);

        node.RunFor(_board, 9 * Interval);

        Assert.Equal(10, _board.Measured);
        AssertAllArrived(_board, "");
        Assert.Equal(["/sensors/attic"], Gateway.Paths);
        Assert.Equal(0, Gateway.Repeated);
        Assert.Equal(0, node.Ring.Count);
        Assert.True(_board.IsShownConnected);
    }

    [Fact]
    public void A_gateway_away_for_ten_thousand_readings_costs_the_oldest_and_no_memory()
    {
        _board.IsGatewayAway = true;
        SensorNode node = New(_board);
        node.RunFor(_board, 500L * Interval);
        long before = GC.GetTotalMemory(forceFullCollection: true);

        // The watchdog has its own test: here the node is to go on.
        for (int hour = 0; hour < 28; hour++)
        {
            node.Watchdog.Hear(_board.Now);
            node.RunFor(_board, 360L * Interval);
        }

        _board.Lines.Clear();
        long grown = GC.GetTotalMemory(forceFullCollection: true) - before;

        // The readings themselves would take 2 MB.
        Assert.InRange(grown, long.MinValue, 256 * 1024);
        Assert.InRange(_board.Measured, 10_000, int.MaxValue);
        Assert.Equal(400, node.Ring.Count);
        Assert.Equal(_board.Measured - 400, node.Ring.Dropped);

        _board.IsGatewayAway = false;
        node.RunUntilAcknowledged(_board, 10 * Interval);

        Assert.Equal(Enumerable.Range(node.Ring.Dropped + 1, Gateway.Received.Count), Gateway.Received);
        Assert.Equal(_board.Measured, Gateway.Received[^1]);
        Assert.Equal(node.Ring.Dropped, Gateway.Readings[^1].GetProperty("dropped").GetInt32());
        AssertNoFaults(_board);
    }

    [Fact]
    public void What_was_dropped_is_told()
    {
        _board.IsGatewayAway = true;
        SensorNode node = New(_board);

        node.RunFor(_board, 1000L * Interval);

        int told = _board.Lines.Sum(line => int.Parse(line[(line.IndexOf("kept, ", StringComparison.Ordinal) + 6)..].Split(' ')[0], null));
        Assert.Equal(1001 - 400, node.Ring.Dropped);
        Assert.InRange(told, node.Ring.Dropped - 10, node.Ring.Dropped);
    }

    [Fact]
    public void What_waits_for_the_broker_is_not_sent_again_while_the_connection_stands()
    {
        Gateway.Holds = true;
        SensorNode node = New(_board);
        node.RunFor(_board, 20 * Interval);
        Assert.Equal(21, node.Ring.Count);

        Gateway.Release();
        node.RunUntilAcknowledged(_board, 5 * Interval);

        AssertAllArrived(_board, "");
        Assert.Equal(0, Gateway.Repeated);
        Assert.Equal(1, _board.Connects);
    }

    [Fact]
    public void A_gateway_that_never_acknowledges_is_left_after_a_while_and_gets_all_again()
    {
        Gateway.Holds = true;
        SensorNode node = New(_board);

        node.RunFor(_board, Uplink.AcknowledgeTimeout + (2 * Interval));
        Gateway.Release();
        node.RunUntilAcknowledged(_board, 10 * Interval);

        Assert.Equal(2, _board.Connects);
        AssertAllArrived(_board, "");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(1000)]
    public void No_more_readings_are_under_way_than_the_gateway_takes(int window)
    {
        Gateway.Window = window;
        Gateway.Holds = true;
        _board.IsGatewayAway = true;
        SensorNode node = New(_board);
        node.RunFor(_board, 100 * Interval);
        _board.IsGatewayAway = false;

        // The gateway counts what is under way.
        node.RunFor(_board, 20 * Interval);
        Gateway.Release();
        node.RunUntilAcknowledged(_board, 5 * Interval);

        AssertAllArrived(_board, "");
    }

    [Fact]
    public void Readings_dropped_while_they_are_under_way_still_count_as_under_way()
    {
        Gateway.Window = 16;
        Gateway.Holds = true;
        SensorNode node = new(new NodeSettings { Gateway = "ws://gateway", Interval = Interval, Readings = 16, Batch = 1 }, _board, new Random(1));

        node.RunFor(_board, 25 * Interval);

        Assert.Equal(26 - 16, node.Ring.Dropped);
        Gateway.Release();
        node.RunUntilAcknowledged(_board, 5 * Interval);

        // 17 to 26 were never under way; the first ten were dropped here but had gone out.
        AssertAllArrived(_board, "");
    }

    [Fact]
    public void A_node_held_up_does_not_make_up_for_what_it_missed()
    {
        SensorNode node = New(_board);
        node.RunFor(_board, 0);
        _board.Now += 1000L * Interval;

        node.RunFor(_board, 2 * Interval);

        Assert.Equal(4, _board.Measured);
        AssertAllArrived(_board, "");
    }

    [Fact]
    public void A_gateway_that_accepts_and_closes_at_once_is_not_hurried_to()
    {
        Gateway.IsClosed = true;
        SensorNode node = New(_board);

        node.RunFor(_board, 60 * 60_000);

        // With a reset at each connect there would be thousands of attempts in an hour; at the cap, a wait is 30 s on average.
        Assert.InRange(_board.Connects, 60, 250);
        Assert.Contains(_board.Lines, line => line.Contains("closed (1013, later).", StringComparison.Ordinal));
        Assert.False(_board.IsShownConnected);
    }

    [Fact]
    public void A_gateway_that_asks_to_wait_is_not_hurried_to()
    {
        BusyBoard board = new("40");
        SensorNode node = new(new NodeSettings { MinBackoff = 1, MaxBackoff = 60_000, Interval = 3_600_000 }, board, new Random(1));

        Assert.Equal(0, node.Work());
        Assert.InRange(node.Work(), 40_000, 40_001);
        Assert.Equal(1, board.Connects);
    }

    [Theory]
    [InlineData("Wed, 21 Oct 2026 07:28:00 GMT")]
    [InlineData("-1")]
    [InlineData("")]
    public void What_is_no_number_of_seconds_is_passed_over(string retryAfter)
    {
        BusyBoard board = new(retryAfter);
        SensorNode node = new(new NodeSettings { MinBackoff = 1, MaxBackoff = 60_000 }, board, new Random(1));

        node.Work();

        Assert.InRange(node.Work(), 0, 1);
    }

    [Fact]
    public void Nobody_connects_while_the_network_is_down()
    {
        _board.IsNetworkDown = true;
        SensorNode node = New(_board);

        node.RunFor(_board, 10 * Interval);

        Assert.Equal(0, _board.Connects);
        Assert.Empty(_board.Lines);
        _board.IsNetworkDown = false;
        node.RunUntilAcknowledged(_board, Interval);
        AssertAllArrived(_board, "");
    }

    [Fact]
    public void Anything_that_keeps_it_from_connecting_is_told_and_tried_again()
    {
        BrokenBoard board = new();
        SensorNode node = new(new NodeSettings(), board, new Random(1));

        for (int i = 0; i < 5; i++)
        {
            board.Now += 60_000;
            node.Work();
        }

        Assert.Equal(5, board.Lines.Count);
        Assert.All(board.Lines, line => Assert.StartsWith("No connection: no radio. Next attempt in ", line, StringComparison.Ordinal));
    }

    [Fact]
    public void A_gateway_without_the_subprotocol_is_not_sent_readings()
    {
        Gateway.IsPlain = true;
        SensorNode node = New(_board);

        node.RunFor(_board, 5 * Interval);

        Assert.Equal(6, node.Ring.Count);
        Assert.Empty(Gateway.Received);
        Assert.Contains(_board.Lines, line => line.Contains(TelemetryMessage.Subprotocol, StringComparison.Ordinal));
        Gateway.IsPlain = false;
        node.RunUntilAcknowledged(_board, 20 * Interval);
        AssertAllArrived(_board, "");
    }

    [Fact]
    public void A_gateway_that_was_not_heard_for_six_hours_makes_the_node_start_anew()
    {
        TestStorage storage = new();
        TestBoard board = new() { Storage = storage };
        SensorNode node = New(board);
        node.RunFor(board, 60_000);
        board.IsGatewayAway = true;
        board.Link!.Server.Close();

        node.RunFor(board, SensorNode.LongestSilence);
        Assert.False(board.IsRestarted);
        node.RunFor(board, 10 * Interval);
        Assert.True(board.IsRestarted);

        // In its next life it sends all that it had, and tells of its restart.
        TestBoard next = new() { Storage = storage, Gateway = board.Gateway };
        New(next, seed: 2).RunFor(next, 20 * Interval);
        Assert.Single(board.Gateway.Boots.Distinct());
        Assert.Equal(7 + 399 + 21, board.Gateway.Received.Count);
        JsonElement last = board.Gateway.Readings[^1];
        Assert.Equal(1, last.GetProperty("restarts").GetInt32());
        AssertNoFaults(next);
    }

    [Fact]
    public void A_loop_that_does_not_turn_is_seen_from_outside()
    {
        SensorNode node = New(_board);
        node.RunFor(_board, 10 * Interval);

        Assert.False(node.Watchdog.IsStuck(_board.Now));
        Assert.False(node.Watchdog.IsStuck(_board.Now + (5 * 60_000)));
        Assert.True(node.Watchdog.IsStuck(_board.Now + (11 * 60_000)));
    }

    [Fact]
    public void A_node_with_a_long_interval_turns_its_loop_meanwhile()
    {
        SensorNode node = new(new NodeSettings { Gateway = "ws://gateway", Interval = NodeSettings.MaxTime }, _board, new Random(1));

        Assert.Equal(0, node.Work());
        node.RunFor(_board, 1000);

        Assert.InRange(node.Work(), 1, 60_000);
    }

    [Fact]
    public void Measuring_and_sending_allocates_nothing()
    {
        SensorNode node = New(_board);
        node.RunFor(_board, 5 * Interval);
        Gateway.Holds = true;

        // The gateway of the test parses each reading; only the node's own calls are counted.
        long allocated = 0;
        for (int i = 0; i < 20; i++)
        {
            _board.Now += Interval;
            long before = GC.GetAllocatedBytesForCurrentThread();
            int wait = node.Work();
            allocated += GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.True(wait > 0);
            node.Wait(0);
        }

        Assert.Equal(20, node.Ring.Sent);
        Gateway.Release();
        Action runServer = _board.Link!.RunServer;
        _board.Link.RunServer = static () => { };
        while (node.Ring.Count > 0)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            node.Wait(0);
            node.Work();
            allocated += GC.GetAllocatedBytesForCurrentThread() - before;
        }

        Assert.Equal(0, allocated);
        _board.Link.RunServer = runServer;
        AssertAllArrived(_board, "");
    }

    /// <summary>A board that cannot connect.</summary>
    private class BrokenBoard : NodeBoard
    {
        public long Now { get; set; }

        public List<string> Lines { get; } = [];

        public override long Milliseconds => Now;

        public override void Measure(Measurements values)
        {
        }

        public override Ws.Micro.Net.WebSocketConnection Connect(string url, Ws.Micro.Net.WebSocketClientOptions options) =>
            throw new InvalidOperationException("no radio");

        public override void Log(string line) => Lines.Add(line);
    }

    /// <summary>A board whose gateway answers 503.</summary>
    private sealed class BusyBoard(string retryAfter) : BrokenBoard
    {
        public int Connects { get; private set; }

        public override Ws.Micro.Net.WebSocketConnection Connect(string url, Ws.Micro.Net.WebSocketClientOptions options)
        {
            Connects++;
            throw new Ws.Micro.WebSocketConnectionException(Ws.Micro.Handshake.HandshakeError.UnexpectedStatus, 503, retryAfter);
        }
    }
}
