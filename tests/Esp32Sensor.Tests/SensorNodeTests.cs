using System;
using System.Collections.Generic;
using System.Linq;
using Esp32Sensor.Node;

// Memory is measured for the whole process.
[assembly: Xunit.v3.Parallelization(Mode = Xunit.Sdk.ParallelMode.None)]

namespace Esp32Sensor.Tests;

public sealed class SensorNodeTests
{
    private const int Interval = 10_000;

    private readonly TestBoard _board = new();

    private TestGateway Gateway => _board.Gateway;

    [Fact]
    public void Readings_arrive_as_they_are_measured()
    {
        SensorNode node = New();

        RunFor(node, 9 * Interval);

        Assert.Equal(10, _board.Measured);
        Assert.Equal(Enumerable.Range(1, 10), Gateway.Received);
        Assert.Equal(["/sensors/attic"], Gateway.Paths);
        Assert.Equal(10, _board.Sent);
        Assert.Equal(0, node.Ring.Count);
    }

    [Fact]
    public void Every_failing_call_loses_nothing_and_keeps_the_order()
    {
        int failing = 0;
        TestBoard board;
        do
        {
            board = new TestBoard { FailingCall = ++failing };
            SensorNode node = New(board);
            RunUntilSent(board, node, 20 * Interval);
            AssertAllArrived(board, node, $"call {failing} failed");
        }
        while (board.HasFailed);

        // Connect, handshake and 21 readings, each with its send and its wait: the loop has seen them all.
        Assert.InRange(failing, 40, 1000);
    }

    [Fact]
    public void A_link_cut_at_any_byte_loses_nothing_and_keeps_the_order()
    {
        long cut = -1;
        TestBoard board;
        do
        {
            board = new TestBoard { CutAfter = ++cut };
            SensorNode node = New(board);
            RunUntilSent(board, node, 5 * Interval);
            AssertAllArrived(board, node, $"cut after {cut} bytes");
        }
        while (board.Connects > 1);

        // The handshake alone has more than 200 bytes, each reading more than 100.
        Assert.InRange(cut, 700, 5000);
    }

    [Fact]
    public void A_gateway_away_for_long_costs_the_oldest_readings_and_no_memory()
    {
        _board.IsGatewayAway = true;
        SensorNode node = New();
        RunFor(node, 100 * Interval);
        long before = GC.GetTotalMemory(forceFullCollection: true);

        RunFor(node, 10_000L * Interval);

        _board.Lines.Clear();
        long grown = GC.GetTotalMemory(forceFullCollection: true) - before;

        // The readings themselves would take 1 MB.
        Assert.InRange(grown, long.MinValue, 256 * 1024);
        Assert.Equal(_board.Measured, node.Ring.Count + node.Ring.Dropped);
        Assert.InRange(node.Ring.Count, 100, 150);

        _board.IsGatewayAway = false;
        RunFor(node, 10 * Interval);

        Assert.Equal(Enumerable.Range(node.Ring.Dropped + 1, Gateway.Received.Count), Gateway.Received);
        Assert.InRange(Gateway.Received[^1], 10_101, int.MaxValue);
        Assert.Equal(_board.Measured, Gateway.Received[^1]);
    }

    [Fact]
    public void What_was_dropped_is_told()
    {
        _board.IsGatewayAway = true;
        SensorNode node = New();

        RunFor(node, 1000L * Interval);

        int told = _board.Lines.Sum(line => int.Parse(line[(line.IndexOf("kept, ", StringComparison.Ordinal) + 6)..].Split(' ')[0], null));
        Assert.InRange(node.Ring.Dropped, 500, 1000);
        Assert.InRange(told, node.Ring.Dropped - 10, node.Ring.Dropped);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(4_102_444_800_000)]
    public void A_jumping_wall_clock_changes_nothing_but_the_timestamps(long jump)
    {
        SensorNode node = New();
        RunFor(node, 5 * Interval);
        _board.WallClock = jump;
        RunFor(node, 5 * Interval);

        Assert.Equal(11, _board.Measured);
        Assert.Equal(Enumerable.Range(1, 11), Gateway.Received);
        Assert.Equal(Enumerable.Repeat<long?>(1_767_225_600_000, 6), Gateway.Timestamps.Take(6));
        Assert.Equal(Enumerable.Repeat<long?>(jump == 0 ? null : jump, 5), Gateway.Timestamps.Skip(6));
    }

    [Fact]
    public void A_node_held_up_does_not_make_up_for_what_it_missed()
    {
        SensorNode node = New();
        RunFor(node, 0);
        _board.Now += 1000L * Interval;

        RunFor(node, 2 * Interval);

        Assert.Equal(4, _board.Measured);
        Assert.Equal([1, 2, 3, 4], Gateway.Received);
    }

    [Fact]
    public void A_gateway_that_accepts_and_closes_at_once_is_not_hurried_to()
    {
        Gateway.Accepted = static connection => connection.Close(1013, "later");
        SensorNode node = New();

        RunFor(node, 60 * 60_000);

        // With a reset at each connect there would be thousands of attempts in an hour; at the cap, a wait is 30 s on average.
        Assert.InRange(_board.Connects, 60, 250);
        Assert.Contains(_board.Lines, line => line.Contains("closed with code 1013", StringComparison.Ordinal));
    }

    [Fact]
    public void Anything_that_keeps_it_from_connecting_is_told_and_tried_again()
    {
        FailingBoard board = new();
        SensorNode node = new(new NodeSettings(), board, new Random(1));

        for (int i = 0; i < 5; i++)
        {
            board.Now += 60_000;
            node.Work();
        }

        Assert.Equal(5, board.Lines.Count);
        Assert.All(board.Lines, line => Assert.StartsWith("No connection: no radio Next attempt in ", line, StringComparison.Ordinal));
    }

    [Fact]
    public void Measuring_and_sending_allocates_nothing()
    {
        SensorNode node = New();
        RunFor(node, 5 * Interval);
        Gateway.Received.Capacity = 2000;

        // The gateway of the test parses each reading; only the node's own calls are counted.
        _board.Link!.RunServer = static () => { };
        long allocated = 0;
        for (int i = 0; i < 100; i++)
        {
            _board.Now += Interval;
            long before = GC.GetAllocatedBytesForCurrentThread();
            int wait = node.Work();
            node.Wait(0);
            allocated += GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.True(wait > 0);
        }

        Assert.Equal(106, _board.Sent);
        Assert.Equal(0, allocated);
    }

    [Theory]
    [InlineData("", "Id is ''; it must have 1 to 64")]
    [InlineData("a b", "Id is 'a b'")]
    [InlineData("a\"b", "Id is 'a\"b'")]
    public void A_wrong_id_is_refused(string id, string complaint) =>
        AssertRefused(new NodeSettings { Id = id }, complaint);

    [Fact]
    public void Wrong_settings_are_refused()
    {
        AssertRefused(new NodeSettings { Gateway = "http://a" }, "Gateway is 'http://a'; it must begin with ws:// or wss://");
        AssertRefused(new NodeSettings { Interval = 9 }, "Interval is 9; it must be 10 to 86400000");
        AssertRefused(new NodeSettings { RingSize = 100 }, "RingSize is 100");
        AssertRefused(new NodeSettings { MaxBackoff = 0 }, "MaxBackoff is 0");
        AssertRefused(new NodeSettings { MinBackoff = 60_001 }, "MinBackoff is 60001; it must be 1 to 60000");
        AssertRefused(new NodeSettings { StableTime = -1 }, "StableTime is -1");
    }

    private static void AssertRefused(NodeSettings settings, string complaint) =>
        Assert.Contains(complaint, Assert.Throws<ArgumentException>(() => new SensorNode(settings, new TestBoard(), new Random(1))).Message, StringComparison.Ordinal);

    private static void AssertAllArrived(TestBoard board, SensorNode node, string when)
    {
        List<int> received = board.Gateway.Received;
        Assert.True(received.SequenceEqual(received.Order()), $"{when}: out of order: {string.Join(' ', received)}");
        Assert.True(received.Distinct().SequenceEqual(Enumerable.Range(1, board.Measured)), $"{when}: lost: {string.Join(' ', received)} of {board.Measured}");

        // Not acknowledged, the one reading that was on its way may come twice.
        Assert.True(received.Count <= board.Measured + 1, $"{when}: repeated: {string.Join(' ', received)}");
        Assert.Equal(0, node.Ring.Dropped);
    }

    private static SensorNode New(TestBoard board) =>
        new(new NodeSettings { Id = "attic", Gateway = "ws://gateway", Interval = Interval }, board, new Random(1));

    private static void RunFor(TestBoard board, SensorNode node, long milliseconds)
    {
        long end = board.Now + milliseconds;
        while (true)
        {
            int wait = node.Work();
            node.Wait(0);
            if (wait > 0 && board.Now + wait > end)
            {
                return;
            }

            board.Now += wait;
        }
    }

    private static void RunUntilSent(TestBoard board, SensorNode node, long milliseconds)
    {
        RunFor(board, node, milliseconds);
        for (int i = 0; i < 10 && node.Ring.Count > 0; i++)
        {
            RunFor(board, node, Interval);
        }

        Assert.Equal(0, node.Ring.Count);
    }

    private SensorNode New() => New(_board);

    private void RunFor(SensorNode node, long milliseconds) => RunFor(_board, node, milliseconds);

    private sealed class FailingBoard : NodeBoard
    {
        public long Now { get; set; }

        public List<string> Lines { get; } = [];

        public override long Milliseconds => Now;

        public override void Measure(Measurements values)
        {
        }

        public override Ws.Micro.Net.WebSocketConnection Connect(string url) => throw new InvalidOperationException("no radio");

        public override void Progress() => throw new InvalidOperationException("nothing was sent");

        public override void Log(string line) => Lines.Add(line);
    }
}
