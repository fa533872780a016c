using System;
using System.Linq;
using Esp32Sensor.Node;
using static Esp32Sensor.Tests.NodeRun;

namespace Esp32Sensor.Tests;

/// <summary>Whatever fails, and wherever: nothing acknowledged is sent again, and nothing is lost.</summary>
public sealed class FaultTests
{
    [Fact]
    public void Every_connect_read_or_write_may_fail()
    {
        int failing = 0;
        TestBoard board;
        do
        {
            board = new TestBoard { FailingCall = ++failing };
            SensorNode node = New(board);
            node.RunUntilAcknowledged(board, 20 * Interval);
            AssertAllArrived(board, $"call {failing} failed");
        }
        while (board.HasFailed);

        // Connect, handshake, greeting and 21 readings, each with its write and the reads of its acknowledgement: the loop has seen them all.
        Assert.InRange(failing, 60, 1000);
    }

    [Fact]
    public void Every_pair_of_calls_may_fail_while_the_gateway_forgets()
    {
        for (int failing = 1; failing < 40; failing++)
        {
            TestBoard board = new() { FailingCall = failing };
            SensorNode node = New(board);
            node.RunFor(board, 3 * Interval);
            board.Gateway.Forget();
            board.FailingCall = int.MaxValue;
            board.Link?.Server.Close();
            node.RunUntilAcknowledged(board, 5 * Interval);

            // A gateway without memory takes a reading twice where it could not say that it had it; those that it had told of do not come.
            Assert.Equal(Enumerable.Range(1, board.Measured), board.Gateway.Received.Distinct());
            Assert.InRange(board.Gateway.Received.Count, board.Measured, board.Measured + 1);
            AssertNoFaults(board, $"call {failing} failed");
        }
    }

    [Fact]
    public void The_link_may_be_cut_at_every_byte()
    {
        long cut = -1;
        TestBoard board;
        do
        {
            board = new TestBoard { CutAfter = ++cut };
            SensorNode node = New(board);
            node.RunUntilAcknowledged(board, 5 * Interval);
            AssertAllArrived(board, $"cut after {cut} bytes");
        }
        while (board.Connects > 1);

        // The handshake alone has more than 300 bytes, each reading more than 200.
        Assert.InRange(cut, 1500, 6000);
    }

    [Fact]
    public void The_link_may_be_cut_at_every_byte_while_readings_catch_up()
    {
        for (long cut = 0; cut < 12_000; cut += 37)
        {
            TestBoard board = new() { IsGatewayAway = true, CutAfter = cut };
            SensorNode node = New(board);
            node.RunFor(board, 40 * Interval);
            board.IsGatewayAway = false;
            node.RunUntilAcknowledged(board, 10 * Interval);
            AssertAllArrived(board, $"cut after {cut} bytes");
        }
    }

    [Fact]
    public void Calls_may_fail_at_random_for_long()
    {
        for (int seed = 0; seed < 20; seed++)
        {
            Random random = new(seed);
            TestBoard board = new();
            SensorNode node = New(board, seed);
            for (int i = 0; i < 200; i++)
            {
                board.FailingCall = board.Calls + random.Next(1, 30);
                board.Gateway.Holds |= random.Next(4) == 0;
                node.RunFor(board, random.Next(5 * Interval));
                if (random.Next(5) == 0 && board.Link is { IsOver: false } && node.IsConnected)
                {
                    board.Gateway.Release();
                }
            }

            board.FailingCall = 0;
            board.Gateway.Holds = false;
            board.Link?.Server.Close();
            node.RunUntilAcknowledged(board, 20 * Interval);
            AssertAllArrived(board, $"seed {seed}");
            Assert.Equal(0, node.Ring.Dropped);
        }
    }
}
