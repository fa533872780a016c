using System;
using System.IO;
using System.Linq;

namespace RpiGateway.Tests;

/// <summary>Commands on a disk that fails.</summary>
public sealed class CommandJournalTests : IDisposable
{
    private readonly TempDirectory _directory = new();
    private readonly GatewayMetrics _metrics = new();
    private readonly LineLogger _log = new();

    [Fact]
    public void FullDiskStopsNothingAndOnceThereIsRoomAllIsKept()
    {
        // What is written there finds no room.
        string path = Path.Join(_directory.Path, CommandJournal.Name);
        File.CreateSymbolicLink(path + ".new", "/dev/full");
        using (CommandJournal journal = new(_directory.Path, _metrics, _log))
        {
            Command first = NewCommand("first");
            journal.Add(first);
            File.CreateSymbolicLink(path + ".new", "/dev/full");
            journal.Add(NewCommand("second"));
            File.Delete(path + ".new");
            File.Delete(path);
            journal.SetSent(first, true);
            Assert.Equal(2, journal.ToList().Count);
        }

        Assert.Single(_log.Lines, static line => line.Contains("in memory only", StringComparison.Ordinal));
        using CommandJournal after = new(_directory.Path, _metrics, _log);
        Assert.Equal([("first", true), ("second", false)], after.ToList().ConvertAll(static command => (command.Text, command.IsSent)));
    }

    [Theory]
    [InlineData("put 1 0 60000 x - - whole\nput 2 0 60000 x - - h\u00e9\nput 3 0 60000 ? - - x\n", "whole")]
    [InlineData("put 1 0 60000 x - - whole\nsent 1\nsent 7\nrubbish\n", "whole")]
    [InlineData("rubbish\n", null)]
    public void DamagedOneIsSetAside(string damaged, string? kept)
    {
        string path = Path.Join(_directory.Path, CommandJournal.Name);
        File.WriteAllText(path, damaged);

        using (CommandJournal journal = new(_directory.Path, _metrics, _log))
        {
            Assert.Equal(kept, journal.ToList().SingleOrDefault()?.Text);
            journal.Add(NewCommand("next"));
        }

        string aside = Assert.Single(Directory.GetFiles(_directory.Path, CommandJournal.Name + ".corrupt-*"));
        Assert.Equal(damaged, File.ReadAllText(aside));
        Assert.Contains(aside, Assert.Single(_log.Lines), StringComparison.Ordinal);
        using CommandJournal after = new(_directory.Path, _metrics, _log);
        Assert.Equal("next", after.ToList()[^1].Text);
        Assert.Single(_log.Lines);
    }

    // A file that nobody may read is not to be had where the tests are root's; a symbolic link to itself is.
    [Fact]
    public void OneThatCannotBeReadIsSetAside()
    {
        string path = Path.Join(_directory.Path, CommandJournal.Name);
        File.CreateSymbolicLink(path, path);

        using CommandJournal journal = new(_directory.Path, _metrics, _log);
        journal.Add(NewCommand("next"));

        Assert.Equal(path, new FileInfo(Assert.Single(Directory.GetFiles(_directory.Path, CommandJournal.Name + ".corrupt-*"))).LinkTarget);
        Assert.Contains("set aside", Assert.Single(_log.Lines), StringComparison.Ordinal);
        Assert.Contains("next", File.ReadAllText(path), StringComparison.Ordinal);
    }

    public void Dispose()
    {
        _metrics.Dispose();
        _directory.Dispose();
    }

    private static Command NewCommand(string text) => new() { Sensor = "x", Text = text, TimeToLive = TimeSpan.FromHours(1), Arrived = DateTimeOffset.UtcNow, Expiry = 0 };
}
