using System;
using System.Linq;
using Esp32Sensor.Node;

namespace Esp32Sensor.Tests;

public sealed class BackoffTests
{
    private const int Stable = 60_000;

    [Fact]
    public void The_ceiling_doubles_to_the_cap()
    {
        Backoff backoff = New(1000, 30_000);

        int[] ceilings = [.. Enumerable.Range(0, 8).Select(_ => { int ceiling = backoff.Ceiling; backoff.Next(0); return ceiling; })];

        Assert.Equal([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000], ceilings);
    }

    [Fact]
    public void Waits_lie_anywhere_up_to_the_ceiling()
    {
        Backoff backoff = New(100, 100);

        int[] waits = [.. Enumerable.Range(0, 20_000).Select(_ => backoff.Next(0))];

        // Every value of 0 to 100 comes up: with 20,000 draws from a good generator none is left out.
        Assert.Equal(Enumerable.Range(0, 101), waits.Distinct().Order());
    }

    [Fact]
    public void Nodes_that_lost_the_gateway_together_come_back_apart()
    {
        int[] waits = [.. Enumerable.Range(0, 100).Select(seed => new Backoff(60_000, 60_000, Stable, new Random(seed)).Next(0))];

        Assert.InRange(waits.Distinct().Count(), 90, 100);
    }

    [Theory]
    [InlineData(0, 8000)]
    [InlineData(Stable - 1, 8000)]
    [InlineData(Stable, 1000)]
    [InlineData(10 * Stable, 1000)]
    public void Only_a_connection_that_lasted_resets_it(long lasted, int ceiling)
    {
        Backoff backoff = New(1000, 30_000);
        for (int i = 0; i < 3; i++)
        {
            backoff.Next(0);
        }

        backoff.Connected(5000);
        int wait = backoff.Next(5000 + lasted);

        Assert.InRange(wait, 0, ceiling);
        Assert.Equal(2 * ceiling, backoff.Ceiling);
    }

    [Fact]
    public void Failed_attempts_do_not_count_as_time_connected()
    {
        Backoff backoff = New(1000, 30_000);
        backoff.Connected(0);
        backoff.Next(10);
        backoff.Next(10 + Stable);

        Assert.Equal(4000, backoff.Ceiling);
    }

    [Fact]
    public void The_longest_allowed_times_do_not_overflow()
    {
        const int Day = 86_400_000;
        Backoff backoff = New(1, Day);
        for (int i = 0; i < 100; i++)
        {
            Assert.InRange(backoff.Next(i), 0, Day);
        }

        Assert.Equal(Day, backoff.Ceiling);
    }

    private static Backoff New(int min, int max) => new(min, max, Stable, new Random(1));
}
