using System;
using System.IO;

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

    public void Dispose()
    {
        _metrics.Dispose();
        _directory.Dispose();
    }

    private static Command NewCommand(string text) => new() { Sensor = "x", Text = text, TimeToLive = TimeSpan.FromHours(1), Arrived = DateTimeOffset.UtcNow, Expiry = 0 };
}
