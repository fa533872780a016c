using System.Linq;
using System.Text.Json;
using Esp32Sensor.Node;
using static Esp32Sensor.Tests.NodeRun;

namespace Esp32Sensor.Tests;

/// <summary>Where the time comes from, and clocks that jump.</summary>
public sealed class ClockTests
{
    private const long Day = 24L * 60 * 60 * 1000;

    private readonly TestBoard _board = new() { SystemOffset = null };

    private TestGateway Gateway => _board.Gateway;

    [Fact]
    public void Without_any_clock_readings_tell_their_uptime()
    {
        SensorNode node = New(_board);

        node.RunFor(_board, 2 * Interval);

        Assert.Equal([null, null, null], Times());
        Assert.Equal(["uptime", "uptime", "uptime"], Clocks());
        Assert.Equal([1_000_000, 1_010_000, 1_020_000], Gateway.Readings.Select(reading => reading.GetProperty("uptime").GetInt64()));
    }

    [Fact]
    public void The_gateways_greeting_gives_a_device_without_a_clock_one()
    {
        _board.IsGatewayAway = true;
        Gateway.Time = TestBoard.Start;
        SensorNode node = New(_board);
        node.RunFor(_board, 10 * Interval);
        _board.IsGatewayAway = false;

        node.RunUntilAcknowledged(_board, 10 * Interval);

        // Those that were measured before get their times too.
        long first = Times()[0]!.Value;
        Assert.InRange(first, TestBoard.Start - (21 * Interval), TestBoard.Start - (10 * Interval));
        Assert.Equal(Enumerable.Range(0, _board.Measured).Select(i => (long?)(first + (i * Interval))), Times());
        Assert.All(Clocks(), clock => Assert.Equal("gateway", clock));
        Assert.NotNull(_board.SystemOffset);
    }

    [Fact]
    public void Sntp_goes_before_the_gateway()
    {
        Gateway.Time = TestBoard.Start + Day;
        SensorNode node = New(_board);
        node.RunFor(_board, 2 * Interval);
        _board.SystemOffset = TestBoard.Start - _board.Now;
        node.RunFor(_board, 2 * Interval);
        _board.Link!.Server.Close();
        node.RunFor(_board, 2 * Interval);

        Assert.Equal(["gateway", "gateway", "gateway", "sntp", "sntp", "sntp", "sntp"], Clocks());
        Assert.Equal(
            [TestBoard.Start + Day, TestBoard.Start + Day + Interval, TestBoard.Start + Day + (2 * Interval), TestBoard.Start + Interval, TestBoard.Start + (2 * Interval), TestBoard.Start + (3 * Interval), TestBoard.Start + (4 * Interval)],
            Times());
    }

    [Fact]
    public void A_clock_that_was_set_by_nobody_knows_whom_is_good_for_certificates_alone()
    {
        TestBoard board = new() { UntoldSource = TimeSource.None };
        SensorNode node = new(new NodeSettings { Gateway = "wss://gateway", Interval = Interval }, board, new System.Random(1));

        node.RunFor(board, 1);

        Assert.Equal(1, board.Connects);
        Assert.Equal("uptime", board.Gateway.Readings[0].GetProperty("clock").GetString());
    }

    [Theory]
    [InlineData(Day)]
    [InlineData(-Day)]
    [InlineData(20 * 365 * Day)]
    public void A_jumping_clock_changes_nothing_but_the_times(long jump)
    {
        _board.SystemOffset = TestBoard.Start - _board.Now;
        SensorNode node = New(_board);
        node.RunFor(_board, 5 * Interval);
        _board.SystemOffset += jump;
        node.RunFor(_board, 5 * Interval);

        Assert.Equal(11, _board.Measured);
        AssertAllArrived(_board, "");
        Assert.Equal(TestBoard.Start + (5 * Interval), Times()[5]);
        Assert.Equal(TestBoard.Start + (6 * Interval) + jump, Times()[6]);
    }

    [Fact]
    public void A_clock_that_falls_before_what_has_surely_passed_is_not_believed()
    {
        _board.SystemOffset = TestBoard.Start - _board.Now;
        SensorNode node = New(_board);
        node.RunFor(_board, Interval);
        _board.SystemOffset = -_board.Now;
        node.RunFor(_board, 2 * Interval);
        _board.SystemOffset = null;
        node.RunFor(_board, 2 * Interval);

        Assert.Equal(Enumerable.Range(0, 6).Select(i => (long?)(TestBoard.Start + (i * Interval))), Times());
    }

    [Fact]
    public void A_gateway_whose_own_clock_was_never_set_is_not_believed()
    {
        Gateway.Time = NodeClock.Earliest - 1;
        SensorNode node = New(_board);

        node.RunFor(_board, Interval);

        Assert.Equal([null, null], Times());
        Assert.Null(_board.SystemOffset);
    }

    [Fact]
    public void A_gateway_whose_clock_is_behind_what_was_stored_is_not_believed()
    {
        TestStorage storage = new();
        TestBoard first = new() { Storage = storage };
        SensorNode node = New(first);
        node.RunFor(first, Interval);
        first.Gateway.Send("C 1 reboot");
        node.RunFor(first, Interval);
        Assert.True(first.IsRestarted);

        TestBoard second = new() { Storage = storage, SystemOffset = null };
        second.Gateway.Time = TestBoard.Start - Day;
        New(second, 2).RunFor(second, 2 * Interval);

        Assert.All(second.Gateway.Readings.TakeLast(2), reading => Assert.Equal(JsonValueKind.Null, reading.GetProperty("ts").ValueKind));
    }

    [Fact]
    public void For_certificates_Sntp_is_waited_for_and_then_the_floor_must_do()
    {
        SensorNode node = new(new NodeSettings { Gateway = "wss://gateway", Interval = Interval }, _board, new System.Random(1));

        node.RunFor(_board, Uplink.TimeTimeout - 1);
        Assert.Equal(0, _board.Connects);
        node.RunFor(_board, 1);

        Assert.Equal(1, _board.Connects);
        Assert.Equal(NodeClock.Earliest, _board.SystemTime);

        // That is no time to give readings.
        Assert.Equal("uptime", Clocks()[0]);
    }

    [Fact]
    public void With_a_clock_that_is_set_nothing_is_waited_for()
    {
        _board.SystemOffset = TestBoard.Start - _board.Now;
        SensorNode node = new(new NodeSettings { Gateway = "wss://gateway", Interval = Interval }, _board, new System.Random(1));

        node.RunFor(_board, 1);

        Assert.Equal(1, _board.Connects);
    }

    [Fact]
    public void Sntp_after_the_floor_is_seen()
    {
        SensorNode node = new(new NodeSettings { Gateway = "wss://gateway", Interval = Interval }, _board, new System.Random(1));
        node.RunFor(_board, Uplink.TimeTimeout + Interval);
        _board.SystemOffset = TestBoard.Start - _board.Now;
        node.RunFor(_board, Interval);

        Assert.Equal("sntp", Clocks()[^1]);
        Assert.Equal(TestBoard.Start + Interval, Times()[^1]);
    }

    private long?[] Times() => [.. Gateway.Readings.Select(static reading =>
        reading.GetProperty("ts") is { ValueKind: JsonValueKind.Number } time ? time.GetInt64() : (long?)null)];

    private string?[] Clocks() => [.. Gateway.Readings.Select(static reading => reading.GetProperty("clock").GetString())];
}
