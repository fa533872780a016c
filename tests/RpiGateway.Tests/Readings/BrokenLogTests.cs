using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.Data.Sqlite;

namespace RpiGateway.Tests;

/// <summary>The log's file is broken when the gateway starts, or while it runs: it is set aside, what can be read is saved, and the gateway goes on.</summary>
public sealed class BrokenLogTests : IDisposable
{
    private const int Readings = 2000;

    private readonly TempDirectory _directory = new();

    private string File => Path.Join(_directory.Path, LogFile.Name);

    [Fact]
    public async Task FileThatIsNoDatabaseIsSetAside()
    {
        await System.IO.File.WriteAllTextAsync(File, "This is not a database, though it is as long as one may be.".PadRight(5000));

        using OpenLog open = new(_directory.Path);

        await AssertSetAsideAsync(open, saved: 0);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(10)]
    [InlineData(1000)]
    public async Task FileThatWasCutShortIsSetAside(int length)
    {
        await FillAsync();
        Break(file => file.SetLength(length));

        using OpenLog open = new(_directory.Path);

        await AssertSetAsideAsync(open, saved: 0);
    }

    [Fact]
    public async Task WhatIsInFrontOfACutIsSaved()
    {
        await FillAsync();
        Break(static file => file.SetLength(file.Length / 2 / 4096 * 4096));

        using OpenLog open = new(_directory.Path);

        await AssertSetAsideAsync(open, saved: null);
        Assert.InRange((await open.ReadAllAsync()).Count, Readings / 4, Readings);
    }

    // Somewhere in the leaves of the table of readings.
    [Theory]
    [InlineData(0.3)]
    [InlineData(0.5)]
    [InlineData(0.8)]
    public async Task WhatIsBeforeAndBehindAHoleIsSaved(double where)
    {
        await FillAsync();
        Break(file => Overwrite(file, (long)(file.Length * where) / 4096 * 4096, 4096));

        using OpenLog open = new(_directory.Path);

        await AssertSetAsideAsync(open, saved: null);
        List<string> saved = await open.ReadAllAsync();
        Assert.InRange(saved.Count, Readings * 9 / 10, Readings);
        Assert.Equal("x 77 1 reading 1", saved[0]);
        Assert.Contains($"x 77 {Readings} reading {Readings}", saved);

        // Neither the sensor's numbers nor the log's are used again.
        Assert.Equal(0, await open.AppendAsync("x", Readings));
    }

    // At random: whatever the damage, the gateway starts, takes readings, and keeps what it saved.
    [Fact]
    public async Task WhateverIsBrokenTheLogGoesOn()
    {
        await FillAsync();
        byte[] whole = await System.IO.File.ReadAllBytesAsync(File);
        int setAside = 0;
        for (int seed = 0; seed < 25; seed++)
        {
            using TempDirectory directory = new();
            Random random = new(seed);
            string path = Path.Join(directory.Path, LogFile.Name);
            await System.IO.File.WriteAllBytesAsync(path, whole);
            using (FileStream file = System.IO.File.OpenWrite(path))
            {
                // The first page more often than others: most depends on it.
                long offset = random.Next(3) == 0 ? random.Next(4096) : random.NextInt64(file.Length);
                Overwrite(file, offset, (int)Math.Min(1 << random.Next(13), file.Length - offset), seed);
            }

            using OpenLog open = new(directory.Path);
            Assert.NotEqual(0, await open.AppendAsync("new", 1, $"new {seed}"));
            List<string> all = await open.ReadAllAsync();
            Assert.Contains($"new 77 1 new {seed}", all);
            Assert.Null(open.Log.Trouble);
            Assert.Equal(all.Count, all.Distinct().Count());
            bool isAside = Directory.GetFiles(directory.Path, "*.corrupt-*").Length > 0;
            Assert.Equal(isAside, open.Lines.Any(static line => line.Contains("was broken", StringComparison.Ordinal)));
            setAside += isAside ? 1 : 0;
        }

        // SQLite has no sums over pages: what is overwritten inside of a payload is not seen.
        Assert.InRange(setAside, 10, 25);
    }

    [Fact]
    public async Task FileThatBreaksWhileItIsInUseIsSetAside()
    {
        // More than SQLite has in memory.
        await FillAsync(new string('x', 5000));
        using OpenLog open = new(_directory.Path);

        Break(static file => Overwrite(file, 4096, (int)file.Length - 4096));
        Task<List<Reading>> read = open.Log.ReadAsync(1, CancellationToken.None).AsTask();
        await open.AppendAsync("x", Readings + 1);

        Assert.NotEmpty(await read.InTime());
        Assert.Contains(open.Lines, static line => line.Contains("was broken", StringComparison.Ordinal));
        Assert.True(await open.AppendAsync("x", Readings + 2) > Readings);
        Assert.Null(open.Log.Trouble);
    }

    // As the file's structure is whole, only who reads it sees it.
    [Fact]
    public async Task ReadingThatNoBrokerWouldTakeIsLeftOutAndTheRestSaved()
    {
        await FillAsync();
        using (SqliteConnection connection = new($"Data Source={File};Pooling=false"))
        {
            connection.Open();
            using SqliteCommand damage = connection.CreateCommand();
            damage.CommandText = "UPDATE readings SET sensor = 'a+b' WHERE id = 1000";
            Assert.Equal(1, damage.ExecuteNonQuery());
        }

        using OpenLog open = new(_directory.Path);
        List<string> all = await open.ReadAllAsync();

        Assert.Equal(Enumerable.Range(1, Readings).Where(static i => i != 1000).Select(static i => $"x 77 {i} reading {i}"), all.Distinct());
        await AssertSetAsideAsync(open, saved: Readings - 1);
    }

    public void Dispose() => _directory.Dispose();

    private static void Overwrite(FileStream file, long offset, int count, int seed = 1)
    {
        byte[] garbage = new byte[count];
        new Random(seed).NextBytes(garbage);
        file.Position = offset;
        file.Write(garbage);
    }

    // Leaves readings in the file itself: closing the log takes them there.
    private async Task FillAsync(string more = "")
    {
        using OpenLog open = new(_directory.Path);
        await open.AppendAsync("x", Enumerable.Range(1, Readings), i => $"reading {i}{more}");
    }

    private void Break(Action<FileStream> how)
    {
        using FileStream file = new(File, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        how(file);
    }

    private async Task AssertSetAsideAsync(OpenLog open, int? saved)
    {
        string line = Assert.Single(open.Lines, static line => line.Contains("was broken", StringComparison.Ordinal));
        string aside = Assert.Single(Directory.GetFiles(_directory.Path, "*.corrupt-*"));
        Assert.Contains(aside, line);
        if (saved is not null)
        {
            Assert.Contains($" {saved} readings", line);
        }

        Assert.NotEqual(0, await open.AppendAsync("new", 1));
        Assert.Null(open.Log.Trouble);
    }
}
