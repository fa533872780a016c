using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;

namespace RpiGateway.Tests;

/// <summary>What is in the log, once each, in order, and for how long.</summary>
public sealed class ReadingLogTests : IDisposable
{
    private readonly TempDirectory _directory = new();

    [Fact]
    public async Task WhatWasStoredIsThereAfterwardsOnceAndInOrder()
    {
        using (OpenLog open = new(_directory.Path))
        {
            Assert.Equal(1, await open.AppendAsync("a", 5, "a5"));
            Assert.Equal(2, await open.AppendAsync("b", 1, "b1"));
            Assert.Equal(3, await open.AppendAsync("a", 6, "a6", boot: 78));
            Assert.Equal(0, await open.AppendAsync("a", 5, "again"));
            Assert.Equal(0, await open.AppendAsync("a", 4, "before"));
            Assert.Equal(4, await open.AppendAsync("a", 7, "a7"));
            Assert.Equal((6, 4), (open.Metrics.Received, open.Metrics.Stored));
        }

        using OpenLog again = new(_directory.Path);
        Assert.Equal(0, await again.AppendAsync("a", 7, "again"));
        Assert.Equal(["a 77 5 a5", "b 77 1 b1", "a 78 6 a6", "a 77 7 a7"], await again.ReadAllAsync());
        Assert.Equal((7L, 6L, 1L, 0L), (await LastOf(again, "a", 77), await LastOf(again, "a", 78), await LastOf(again, "b", 77), await LastOf(again, "b", 78)));
    }

    [Fact]
    public async Task ReadingsWithoutNumbersGetTheLogsOwnWhichAreNeverUsedAgain()
    {
        string first;
        using (OpenLog open = new(_directory.Path))
        {
            await open.AppendAsync("x", 0, "same", boot: 0);
            await open.AppendAsync("x", 0, "same", boot: 0);
            List<string> all = await open.ReadAllAsync();
            first = all[0];
            Assert.Matches("^x [1-9][0-9]* 1 same$", first);
            Assert.Equal(first.Replace(" 1 same", " 2 same", StringComparison.Ordinal), all[1]);
            open.Log.Deliver(2, 2);
            await UntilAsync(() => open.Log.Count == 0);
        }

        using OpenLog again = new(_directory.Path);
        await again.AppendAsync("x", 0, "same", boot: 0);
        Assert.Equal([first.Replace(" 1 same", " 3 same", StringComparison.Ordinal)], await again.ReadAllAsync());
    }

    [Fact]
    public async Task WhatAProcessHadStoredWhenItWasCutOffIsThere()
    {
        using TempDirectory copy = new();
        using (OpenLog open = new(_directory.Path))
        {
            for (int i = 1; i <= 50; i++)
            {
                await open.AppendAsync("x", i, $"{i}");
            }

            // As the disk has it now, without anything that is done at the end.
            foreach (string file in Directory.GetFiles(_directory.Path))
            {
                File.Copy(file, Path.Join(copy.Path, Path.GetFileName(file)));
            }
        }

        using OpenLog cut = new(copy.Path);
        Assert.Equal(Enumerable.Range(1, 50).Select(static i => $"x 77 {i} {i}"), await cut.ReadAllAsync());
        Assert.Equal(0, await cut.AppendAsync("x", 50));
        Assert.Empty(cut.Lines);
    }

    [Fact]
    public async Task ReaderThatFallsBehindMissesNothing()
    {
        const int Readings = 3000;
        using OpenLog open = new(_directory.Path);
        string payload = new('x', 5000);
        Task writing = Task.Run(async () =>
        {
            for (int i = 1; i <= Readings; i += 100)
            {
                await open.AppendAsync("x", Enumerable.Range(i, 100), n => payload);
            }
        });

        // More than is kept in memory comes first; then reading and writing go side by side.
        await UntilAsync(() => open.Log.Count > 2 * RecentReadings.MaxBytes / payload.Length);
        long next = 1;
        while (next <= Readings)
        {
            List<Reading> readings = await open.Log.ReadAsync(next, CancellationToken.None).AsTask().InTime();
            Assert.Equal(Enumerable.Range((int)next, readings.Count).Select(static id => (long)id), readings.Select(static reading => reading.Id));
            next += readings.Count;
        }

        await writing.InTime();
        long again = Readings - 500;
        Assert.Equal(again, (await open.Log.ReadAsync(again, CancellationToken.None).AsTask().InTime())[0].Id);
    }

    [Fact]
    public async Task WhatIsRememberedOfASensorIsItsLastBoots()
    {
        using OpenLog open = new(_directory.Path);
        for (int boot = 1; boot <= ReadingStore.MaxBoots; boot++)
        {
            await open.AppendAsync("x", 10, boot: boot);
        }

        await open.AppendAsync("x", 11, boot: 1);
        await open.AppendAsync("x", 1, boot: ReadingStore.MaxBoots + 1);

        Assert.Equal(11, await LastOf(open, "x", 1));
        Assert.Equal(0, await LastOf(open, "x", 2));
        Assert.Equal(10, await LastOf(open, "x", 3));
    }

    [Fact]
    public async Task DeliveredReadingsAreDeletedAndTheFileShrinks()
    {
        using OpenLog open = new(_directory.Path);
        string payload = new('x', 50_000);
        await open.AppendAsync("x", Enumerable.Range(1, 400), i => payload);
        Assert.InRange(open.Log.Levels.Bytes, 20_000_000, long.MaxValue);

        open.Log.Deliver(399, 399);

        await UntilAsync(() => open.Log.Count == 1);
        await UntilAsync(() => open.Log.Levels.Bytes < 15_000_000);
        Assert.Equal([$"x 77 400 {payload}"], await open.ReadAllAsync());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task AtTheBoundOfBytesTheOldestGoAndAreCounted(bool onDisk)
    {
        LogDurability durability = onDisk ? LogDurability.Disk : LogDurability.None;
        using OpenLog open = new(_directory.Path, new LogSettings { Durability = durability, MaxBytes = 4 * 1024 * 1024 });
        string payload = new('x', 50_000);
        await open.AppendAsync("x", Enumerable.Range(1, 300), i => payload);

        await UntilAsync(() => open.Log.Count < 90);
        List<string> left = await open.ReadAllAsync();
        Assert.InRange(left.Count, 50, 84);
        Assert.Equal($"x 77 300 {payload}", left[^1]);
        Assert.Contains(open.Lines, line => line.StartsWith($"Dropped the oldest ", StringComparison.Ordinal));
        Assert.Equal(300 - left.Count, open.Dropped(DropReason.LogFull));
    }

    [Fact]
    public async Task WhereTheDiskHasTooLittleRoomTheLogGivesWayButNotWholly()
    {
        using OpenLog open = new(_directory.Path, new LogSettings { MinFreeBytes = long.MaxValue });
        string payload = new('x', 50_000);
        await open.AppendAsync("x", Enumerable.Range(1, 400), _ => payload);

        await UntilAsync(() => open.Log.Count < 340);
        Assert.InRange(open.Log.Count, 300, 339);
        Assert.Equal(400 - open.Log.Count, open.Dropped(DropReason.LogFull));
    }

    [Fact]
    public async Task WhatIsTooOldGoesAndIsCounted()
    {
        long now = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        using (OpenLog open = new(_directory.Path))
        {
            await open.AppendAsync("x", 1, arrived: 0);
            await open.AppendAsync("x", 2, arrived: now - 3_700_000);
            await open.AppendAsync("x", 3, arrived: now);
            await open.AppendAsync("x", 4, arrived: 0);
        }

        using OpenLog old = new(_directory.Path, new LogSettings { MaxAge = TimeSpan.FromHours(1) });
        await UntilAsync(() => old.Log.Count == 2);
        Assert.Equal(["x 77 3 reading", "x 77 4 reading"], await old.ReadAllAsync());
        Assert.Equal(2, old.Dropped(DropReason.TooOld));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task ManyAtATimeAppendAndAskAndEachReadingIsThereOnceAndInOrder(bool onDisk)
    {
        const int Sensors = 8, Readings = 2000;
        using OpenLog open = new(_directory.Path, new LogSettings { Durability = onDisk ? LogDurability.Disk : LogDurability.None });
        await Task.WhenAll(Enumerable.Range(0, Sensors).Select(sensor => Task.Run(async () =>
        {
            for (int i = 1; i <= Readings; i += 20)
            {
                await open.AppendAsync($"s{sensor}", Enumerable.Range(i, 20), n => $"{n}");
                Assert.Equal(i + 19, await LastOf(open, $"s{sensor}", 77));
            }
        })));

        List<string> all = await open.ReadAllAsync();
        Assert.Equal(Sensors * Readings, all.Count);
        foreach (IGrouping<string, string> one in all.GroupBy(static line => line.Split(' ')[0]))
        {
            Assert.Equal(Enumerable.Range(1, Readings).Select(i => $"{one.Key} 77 {i} {i}"), one);
        }
    }

    [Fact]
    public async Task WithoutDurabilityReadingsAreThereOnceAndInOrderAndNothingIsWritten()
    {
        LogSettings settings = new() { Durability = LogDurability.None, MinFreeBytes = long.MaxValue };
        string first;
        using (OpenLog open = new(_directory.Path, settings))
        {
            string payload = new('x', 50_000);
            await open.AppendAsync("a", Enumerable.Range(1, 300), i => payload);
            Assert.Equal(0, await open.AppendAsync("a", 300, "again"));
            await open.AppendAsync("b", 0, "plain", boot: 0);
            Assert.Equal(300, await LastOf(open, "a", 77));
            List<string> all = await open.ReadAllAsync();
            Assert.Equal(Enumerable.Range(1, 300).Select(i => $"a 77 {i} {payload}"), all.SkipLast(1));
            Assert.Matches("^b [1-9][0-9]* 301 plain$", first = all[^1]);
            open.Log.Deliver(301, 301);
            await UntilAsync(() => open.Log.Count == 0);
        }

        Assert.Empty(Directory.GetFiles(_directory.Path));
        using OpenLog again = new(_directory.Path, settings);
        Assert.Equal(0, await LastOf(again, "a", 77));

        // Another log, so its numbers are another's.
        await again.AppendAsync("b", 0, "plain", boot: 0);
        Assert.NotEqual(first.Split(' ')[1], (await again.ReadAllAsync())[0].Split(' ')[1]);
    }

    [Fact]
    public async Task OneLogIsForOneGateway()
    {
        using OpenLog open = new(_directory.Path);
        await open.AppendAsync("x", 1);

        LogInUseException error = Assert.Throws<LogInUseException>(() => new OpenLog(_directory.Path));

        Assert.Contains(_directory.Path, error.Message);
    }

    public void Dispose() => _directory.Dispose();

    private static Task<long> LastOf(OpenLog open, string sensor, long boot) => open.Log.LastOfAsync(sensor, boot, CancellationToken.None).InTime();

    private static async Task UntilAsync(Func<bool> condition)
    {
        using CancellationTokenSource deadline = new(Deadline.Limit);
        while (!condition())
        {
            await Task.Delay(20, deadline.Token);
        }
    }
}
