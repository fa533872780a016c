using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;

namespace RpiGateway.Tests;

/// <summary>What the log is in, on disk and in memory: both do the same.</summary>
public sealed class ReadingStoreTests : IDisposable
{
    private readonly TempDirectory _directory = new();
    private int _files;

    public static TheoryData<bool> Both => [true, false];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void WhateverIsDoneBothSayTheSame(int seed)
    {
        Random random = new(seed);
        using ReadingStore onDisk = Create(onDisk: true), inMemory = Create(onDisk: false);
        for (int step = 0; step < 400; step++)
        {
            List<(string Sensor, long Boot, long Sequence, int Size, long Arrived)> written = [];
            for (int i = random.Next(1, 40); i > 0; i--)
            {
                int size = random.Next(20) == 0 ? random.Next(65_537) : random.Next(300);
                written.Add(($"sensor-{random.Next(5)}", random.Next(3), (10 * step) + random.Next(1, 30), size, random.Next(3) == 0 ? 0 : 1000 + step));
            }

            onDisk.Write(written.ConvertAll(Create));
            inMemory.Write(written.ConvertAll(Create));
            if (random.Next(4) == 0)
            {
                long through = random.NextInt64(onDisk.First - 2, onDisk.Last + 3);
                onDisk.DeleteThrough(through);
                inMemory.DeleteThrough(through);
            }

            Assert.Equal((onDisk.First, onDisk.Last, onDisk.Oldest()), (inMemory.First, inMemory.Last, inMemory.Oldest()));
            long from = random.NextInt64(onDisk.First - 2, onDisk.Last + 3);
            Assert.Equal(onDisk.Page(from).ConvertAll(Describe), inMemory.Page(from).ConvertAll(Describe));
            Assert.Equal(onDisk.ArrivalFrom(from), inMemory.ArrivalFrom(from));
            Assert.Equal(onDisk.LastOlderThan(1000 + (step / 2), from), inMemory.LastOlderThan(1000 + (step / 2), from));
            Assert.Equal(onDisk.LastOf("sensor-1", 2), inMemory.LastOf("sensor-1", 2));
        }

        Assert.True(onDisk.Last > 2000);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public void NumbersGoOnAfterTheOneGiven(bool onDisk)
    {
        using ReadingStore store = Create(onDisk, last: 41);
        Assert.Equal((42, 41, null), (store.First, store.Last, store.Oldest()));
        Reading plain = new() { Sensor = "a", IsPlain = true, Payload = [1] };
        store.Write([plain]);
        Assert.Equal((42, 42), (plain.Id, plain.Sequence));
        Assert.NotEqual(0, plain.Boot);
        Assert.Equal((42, 42), (store.First, store.Last));
    }

    [Theory]
    [MemberData(nameof(Both))]
    public void PageIsOfSoManyReadingsOrBytes(bool onDisk)
    {
        using ReadingStore store = Create(onDisk);
        store.Write([.. Enumerable.Range(1, 600).Select(static i => Create(("a", 1, i, 10, 0)))]);
        store.Write([.. Enumerable.Range(1, 20).Select(static i => Create(("b", 1, i, 65_536, 0)))]);
        Assert.Equal(512, store.Page(1).Count);
        Assert.Equal((513, 96), (store.Page(513)[0].Id, store.Page(513).Count));
        Assert.Equal(8, store.Page(605).Count);
        Assert.Empty(store.Page(621));
    }

    [Theory]
    [MemberData(nameof(Both))]
    public void OfManyBootsThoseNotHeardForLongestAreForgotten(bool onDisk)
    {
        using ReadingStore store = Create(onDisk);
        for (int i = 0; i < ReadingStore.MaxRuns + 1000; i += 1000)
        {
            store.Write([.. Enumerable.Range(i, 1000).Select(static i => Create(($"sensor-{i}", 1, 5, 0, 0)))]);
            store.Write([Create(("sensor-0", 1, 6 + i, 0, 0))]);
        }

        int left = Enumerable.Range(0, ReadingStore.MaxRuns + 1000).Count(i => store.LastOf($"sensor-{i}", 1) > 0);
        Assert.InRange(left, ReadingStore.MaxRuns - 1000, ReadingStore.MaxRuns);
        Assert.Equal((0, 6 + ReadingStore.MaxRuns), (store.LastOf("sensor-1", 1), store.LastOf("sensor-0", 1)));
        Assert.Equal(5, store.LastOf($"sensor-{ReadingStore.MaxRuns}", 1));
    }

    [Fact]
    public void InMemoryWhatIsDeletedIsRoomForWhatComesNextOrIsGivenBack()
    {
        using ReadingStore store = Create(onDisk: false);
        Assert.Equal((0, 0), (store.UsedBytes, store.SpareBytes));
        store.Write([.. Enumerable.Range(1, 100).Select(static i => Create(("a", 1, i, 50_000, 0)))]);
        long used = store.UsedBytes;
        Assert.InRange(used, 5_000_000, 8_000_000);

        store.DeleteThrough(50);
        Assert.Equal(used, store.UsedBytes + store.SpareBytes);
        Assert.InRange(store.SpareBytes, (used / 2) - 80_000, used / 2);
        store.Write([.. Enumerable.Range(101, 50).Select(static i => Create(("a", 1, i, 50_000, 0)))]);
        Assert.Equal((used, 0), (store.UsedBytes, store.SpareBytes));

        store.DeleteThrough(150);
        Assert.Equal((0, used), (store.UsedBytes, store.SpareBytes));
        store.Shrink(used / 2);
        Assert.InRange(store.SpareBytes, used / 2, (used / 2) + 80_000);
    }

    public void Dispose() => _directory.Dispose();

    private static Reading Create((string Sensor, long Boot, long Sequence, int Size, long Arrived) reading)
    {
        byte[] payload = new byte[reading.Size];
        new Random((int)reading.Sequence).NextBytes(payload);
        return new Reading { Sensor = reading.Sensor, Boot = reading.Boot, Sequence = reading.Sequence, Payload = payload, Arrived = reading.Arrived };
    }

    private static string Describe(Reading reading) =>
        $"{reading.Id} {reading.Sensor} {reading.Boot} {reading.Sequence} {reading.Arrived} {Encoding.Latin1.GetString(reading.Payload)}";

    private ReadingStore Create(bool onDisk, long last = 0) =>
        onDisk ? SqliteStore.Open(Path.Join(_directory.Path, $"{_files++}.db"), last) : new MemoryStore(last);
}
