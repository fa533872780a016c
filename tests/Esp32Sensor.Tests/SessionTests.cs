using System;
using System.Linq;
using Esp32Sensor.Node;
using static Esp32Sensor.Tests.NodeRun;

namespace Esp32Sensor.Tests;

/// <summary>What a gateway may say, and what it may not.</summary>
public sealed class SessionTests
{
    private readonly TestBoard _board = new();

    private TestGateway Gateway => _board.Gateway;

    [Theory]
    [InlineData("H 1790000000000 0")]
    [InlineData("H 1790000000000")]
    [InlineData("H 1790000000000 0 0")]
    [InlineData("H 1790000000000 x 32")]
    [InlineData("H 1790000000000 0 x")]
    [InlineData("H x 0 32")]
    [InlineData("A 1")]
    [InlineData("A 0")]
    [InlineData("C 1 identify")]
    [InlineData("R 1 x")]
    [InlineData("")]
    public void Another_greeting_ends_the_connection(string greeting)
    {
        Gateway.Greeting = greeting;
        SensorNode node = New(_board);

        node.RunFor(_board, 3 * Interval);

        Assert.Empty(Gateway.Received);
        Assert.Equal(4, node.Ring.Count);
        Assert.Contains(_board.Lines, line => line.Contains("the gateway broke the telemetry subprotocol", StringComparison.Ordinal));
        Gateway.Greeting = null;
        node.RunUntilAcknowledged(_board, 10 * Interval);
        AssertAllArrived(_board, greeting);
    }

    [Theory]
    [InlineData("A 4")]
    [InlineData("A 99999999999")]
    [InlineData("A")]
    [InlineData("A -1")]
    [InlineData("H 1790000000000 3 32")]
    [InlineData("R 1 x")]
    [InlineData("C 1")]
    [InlineData("C x identify")]
    public void What_only_a_broken_gateway_says_ends_the_connection_and_costs_nothing(string message)
    {
        Gateway.Holds = true;
        SensorNode node = New(_board);
        node.RunFor(_board, 2 * Interval);
        Assert.Equal(3, node.Ring.Sent);

        Gateway.Send(message);
        node.RunFor(_board, Interval / 2);

        Assert.Contains(_board.Lines, line => line.Contains("the gateway broke the telemetry subprotocol", StringComparison.Ordinal));
        Assert.Equal(3, node.Ring.Count);
        Gateway.Holds = false;
        _board.Link!.Server.Close();
        node.RunUntilAcknowledged(_board, 10 * Interval);
        AssertAllArrived(_board, message);
    }

    [Fact]
    public void The_hello_tells_the_firmwares_version_and_how_the_time_is_known()
    {
        SensorNode node = New(_board);
        node.RunFor(_board, 2 * Interval);

        Assert.StartsWith($"firmware={TelemetrySession.Firmware} clock=", Gateway.About);
        Assert.Contains(Gateway.About.Split('=')[^1], (string[])["sntp", "gateway", "uptime"]);
        AssertAllArrived(_board, "about");
    }

    [Theory]
    [InlineData("X 1 2 3")]
    [InlineData("of a later version")]
    [InlineData("A 0")]
    [InlineData("A 3")]
    [InlineData("A 2")]
    public void What_changes_nothing_is_passed_over(string message)
    {
        SensorNode node = New(_board);
        node.RunFor(_board, 2 * Interval);

        Gateway.Send(message);
        node.RunFor(_board, 3 * Interval);

        Assert.Equal(1, _board.Connects);
        AssertAllArrived(_board, message);
    }

    [Fact]
    public void A_message_too_long_for_a_sensor_is_passed_over_in_one_piece_or_many()
    {
        SensorNode node = New(_board);
        node.RunFor(_board, 2 * Interval);

        foreach (int length in (int[])[TelemetryMessage.MaxSize + 1, 511, 512, 513, 10_000])
        {
            Gateway.Send("C 7 " + new string('x', length - 4));
        }

        Gateway.Send("C 8 identify");
        node.RunFor(_board, 3 * Interval);

        Assert.Equal(["8 ok"], Gateway.Results);
        Assert.Equal(1, _board.Connects);
        AssertAllArrived(_board, "");
    }

    [Fact]
    public void A_fragmented_message_is_one_message()
    {
        SensorNode node = New(_board);
        node.RunFor(_board, 2 * Interval);

        Gateway.SendFragments("C 8 identify", 1);
        Gateway.SendFragments("C 9 identify", 5);
        Gateway.SendFragments("C 10 " + new string('x', TelemetryMessage.MaxSize - 5), 100);
        Gateway.SendFragments("C 11 " + new string('x', TelemetryMessage.MaxSize - 4), 100);
        node.RunFor(_board, Interval);

        Assert.Equal(["8 ok", "9 ok", "10 error known are: interval MILLISECONDS, identify, reboot"], Gateway.Results);
        AssertNoFaults(_board);
    }

    [Fact]
    public void A_gateway_that_does_not_greet_is_left_after_a_while()
    {
        Gateway.Greeting = "X";
        SensorNode node = New(_board);

        node.RunFor(_board, Uplink.GreetingTimeout - 1);
        Assert.Equal(1, _board.Connects);
        Gateway.Greeting = null;
        node.RunUntilAcknowledged(_board, 2 * Interval);

        Assert.Equal(2, _board.Connects);
        AssertAllArrived(_board, "");
    }

    [Fact]
    public void What_the_greeting_acknowledges_is_not_sent()
    {
        Gateway.Holds = true;
        SensorNode node = New(_board);
        node.RunFor(_board, 4 * Interval);

        // It came, but the acknowledgements did not.
        Gateway.Mistake(Gateway.Boots[0], 3);
        Gateway.Holds = false;
        _board.Link!.Server.Close();
        node.RunUntilAcknowledged(_board, 3 * Interval);

        Assert.Equal([4, 5], Gateway.Received.Take(2));
        AssertNoFaults(_board);
    }

    [Fact]
    public void A_gateway_that_knows_numbers_never_given_gets_another_boot_and_everything()
    {
        SensorNode node = New(_board);
        Gateway.Mistake(FirstBoot(), 1000);

        node.RunUntilAcknowledged(_board, 5 * Interval);

        Assert.Equal(2, Gateway.Boots.Distinct().Count());
        AssertAllArrived(_board, "");
        Assert.Equal(Gateway.Boots[^1], Gateway.Readings[0].GetProperty("boot").GetInt64());
    }

    [Fact]
    public void A_gateway_that_has_forgotten_gets_nothing_that_it_acknowledged()
    {
        SensorNode node = New(_board);
        node.RunFor(_board, 5 * Interval);
        Gateway.Forget();
        _board.Link!.Server.Close();

        node.RunUntilAcknowledged(_board, 5 * Interval);

        AssertAllArrived(_board, "");
    }

    // What a node with the same seed takes for its boot.
    private static long FirstBoot()
    {
        TestBoard board = new();
        New(board).RunFor(board, 0);
        return board.Gateway.Boots[0];
    }
}
