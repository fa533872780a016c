using System;
using System.Linq;
using Esp32Sensor.Node;
using static Esp32Sensor.Tests.NodeRun;

namespace Esp32Sensor.Tests;

public sealed class CommandTests
{
    private readonly TestBoard _board = new() { Storage = new TestStorage() };

    private TestGateway Gateway => _board.Gateway;

    [Fact]
    public void The_interval_is_changed_and_outlasts_a_restart()
    {
        SensorNode node = New(_board);
        node.RunFor(_board, Interval);
        Assert.Equal(2, _board.Measured);

        Gateway.Send("C 1 interval 1000");
        node.RunFor(_board, Interval);

        Assert.Equal(["1 ok"], Gateway.Results);
        Assert.Equal(12, _board.Measured);
        TestBoard next = new() { Storage = _board.Storage };
        node = New(next);
        Assert.Equal(1000, node.Interval);
        node.RunFor(next, 1);
        next.Gateway.Send("C 2 interval 0");
        node.RunFor(next, 1);
        Assert.Equal(Interval, node.Interval);
        Assert.Equal(Interval, New(new TestBoard { Storage = _board.Storage }).Interval);
    }

    [Fact]
    public void A_longer_interval_holds_after_the_measurement_that_is_due()
    {
        SensorNode node = New(_board);
        node.RunFor(_board, 0);
        Gateway.Send("C 1 interval 7200000");

        node.RunFor(_board, Interval);
        Assert.Equal(2, _board.Measured);
        node.RunFor(_board, 7_200_000 - 1);
        Assert.Equal(2, _board.Measured);
        node.RunFor(_board, 1);
        Assert.Equal(3, _board.Measured);
    }

    [Fact]
    public void Identify_is_passed_on()
    {
        SensorNode node = New(_board);
        node.RunFor(_board, 0);
        Gateway.Send("C 9007199254740991 identify");

        node.RunFor(_board, 0);

        Assert.Equal(1, _board.Identified);
        Assert.Equal(["9007199254740991 ok"], Gateway.Results);
    }

    [Fact]
    public void A_reboot_is_answered_and_costs_no_reading()
    {
        SensorNode node = New(_board);
        node.RunFor(_board, 2 * Interval);
        Gateway.Holds = true;
        node.RunFor(_board, 2 * Interval);

        Gateway.Send("C 1 reboot");
        node.RunFor(_board, Interval);

        Assert.True(_board.IsRestarted);
        Assert.Equal(["1 ok"], Gateway.Results);
        Gateway.Holds = false;
        TestBoard next = new() { Storage = _board.Storage, Gateway = Gateway };
        SensorNode second = New(next, 2);
        second.RunUntilAcknowledged(next, Interval);
        Assert.Equal([1, 2, 3, 4, 5], Gateway.Received.Take(5));
        Assert.Equal(5 + next.Measured, Gateway.Received.Count);
        Assert.Equal(0, Gateway.Readings[^1].GetProperty("restarts").GetInt32());
        AssertNoFaults(_board);
    }

    [Theory]
    [InlineData("interval")]
    [InlineData("interval x")]
    [InlineData("interval -1")]
    [InlineData("interval 9")]
    [InlineData("interval 86400001")]
    [InlineData("interval 1000 1000")]
    [InlineData("interval  1000")]
    [InlineData("Identify")]
    [InlineData("identify now")]
    [InlineData("reboot ")]
    [InlineData("grün")]
    [InlineData(" ")]
    public void Another_command_is_answered_with_an_error(string command)
    {
        SensorNode node = New(_board);
        node.RunFor(_board, 0);
        Gateway.Send("C 1 " + command);

        node.RunFor(_board, 0);

        Assert.StartsWith("1 error ", Assert.Single(Gateway.Results), StringComparison.Ordinal);
        Assert.Equal((Interval, 0, false), (node.Interval, _board.Identified, _board.IsRestarted));
        Assert.InRange(Gateway.Results[0].Length, 1, 200);
    }

    [Fact]
    public void Many_commands_at_once_are_done_in_order()
    {
        SensorNode node = New(_board);
        node.RunFor(_board, 0);
        for (int i = 1; i <= 50; i++)
        {
            Gateway.Send($"C {i} identify");
        }

        node.RunFor(_board, 0);

        Assert.Equal(Enumerable.Range(1, 50).Select(i => $"{i} ok"), Gateway.Results);
        Assert.Equal(50, _board.Identified);
    }
}
