using System;
using System.Collections.Generic;
using System.Linq;
using Esp32Sensor.Node;

namespace Esp32Sensor.Tests;

/// <summary>Runs nodes by their board's clock.</summary>
internal static class NodeRun
{
    public const int Interval = 10_000;

    public static SensorNode New(TestBoard board, int seed = 1) =>
        new(new NodeSettings { Id = "attic", Gateway = "ws://gateway", Interval = Interval }, board, new Random(seed));

    /// <summary>Runs for that long, or until the node ends.</summary>
    public static void RunFor(this SensorNode node, TestBoard board, long milliseconds)
    {
        long end = board.Now + milliseconds;
        while (!board.IsRestarted && board.SleepTime == 0)
        {
            int wait = node.Work();
            if (node.Wait(0))
            {
                continue;
            }

            if (wait > 0 && board.Now + wait > end)
            {
                board.Now = end;
                return;
            }

            board.Now += wait;
        }
    }

    /// <summary>Runs until the ring is empty, at most for ten times that long.</summary>
    public static void RunUntilAcknowledged(this SensorNode node, TestBoard board, long milliseconds)
    {
        node.RunFor(board, milliseconds);
        for (int i = 0; i < 10 && node.Ring.Count > 0; i++)
        {
            node.RunFor(board, Interval);
        }

        Assert.Equal(0, node.Ring.Count);
    }

    /// <summary>Every reading measured came, once and in order, as far as the gateway's memory goes; and no rule was broken.</summary>
    public static void AssertAllArrived(TestBoard board, string when)
    {
        List<int> received = board.Gateway.Received;
        Assert.True(received.SequenceEqual(Enumerable.Range(1, board.Measured)), $"{when}: {string.Join(' ', received)} of {board.Measured}");
        AssertNoFaults(board, when);
    }

    public static void AssertNoFaults(TestBoard board, string when = "") =>
        Assert.True(board.Gateway.Faults.Count == 0, $"{when}: {string.Join("; ", board.Gateway.Faults)}");
}
