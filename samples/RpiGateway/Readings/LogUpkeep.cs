using System;
using System.IO;
using Microsoft.Extensions.Logging;
using RpiGateway.Monitoring;

namespace RpiGateway.Readings;

/// <summary>Deletes what is delivered, holds the log within its bounds, and gives room back to the disk. Used by the log's thread.</summary>
internal sealed class LogUpkeep(LogSettings settings, string directory, GatewayMetrics metrics, ILogger logger)
{
    // One transaction's deletions, so that sensors are not kept waiting.
    private const int MaxDeleted = 10_000;

    // Room that is kept for what comes next, and what is given back at a time beyond that.
    private const long SpareBytes = 4 * 1024 * 1024;
    private const long ShrinkBytes = 16 * 1024 * 1024;

    // The log may always have this much: with less it would lose all while a broker is away, only because another program fills the disk.
    private const long ReservedBytes = 16 * 1024 * 1024;

    // In milliseconds.
    private const long ReportInterval = 60_000;

    private long _dropped;
    private long _reportAt;

    /// <summary>Does all that is due.</summary>
    /// <param name="store">The log's file.</param>
    /// <param name="acknowledged">The broker has acknowledged all up to this number.</param>
    /// <param name="settled">These may be deleted.</param>
    /// <returns>False where more is to be done at once.</returns>
    public bool Run(ReadingStore store, long acknowledged, long settled)
    {
        bool isMore = settled - store.First >= MaxDeleted;
        store.DeleteThrough(Math.Min(settled, store.First + MaxDeleted - 1));
        DropTooOld(store, acknowledged);
        DropTooMuch(store, acknowledged);
        Report();
        long spare = store.SpareBytes;
        if (spare > SpareBytes)
        {
            store.Shrink(Math.Min(spare - SpareBytes, ShrinkBytes));
            isMore |= spare - SpareBytes > ShrinkBytes;
        }

        return !isMore;
    }

    private void DropTooOld(ReadingStore store, long acknowledged)
    {
        // A reading without a time of arrival is as old as the next that has one.
        DateTimeOffset oldest = DateTimeOffset.UtcNow - settings.MaxAge;
        if (store.Oldest() is { } first && first.Arrived < oldest.ToUnixTimeMilliseconds()
            && store.LastOlderThan(oldest.ToUnixTimeMilliseconds(), first.Id + MaxDeleted) is { } through)
        {
            Drop(store, through, acknowledged, DropReason.TooOld);
        }
    }

    private void DropTooMuch(ReadingStore store, long acknowledged)
    {
        long limit = settings.Durability == LogDurability.None
            ? settings.MaxBytes
            : Math.Min(settings.MaxBytes, Math.Max(ReservedBytes, store.UsedBytes + store.SpareBytes + FreeBytes() - settings.MinFreeBytes));
        while (store.First <= store.Last && store.UsedBytes > limit)
        {
            // Of many, many at a time: looking is not free.
            Drop(store, store.First + (Math.Min(store.Last - store.First, 100 * MaxDeleted) / 100), acknowledged, DropReason.LogFull);
        }
    }

    private void Drop(ReadingStore store, long through, long acknowledged, string reason)
    {
        long lost = Math.Max(0, through - Math.Max(store.First - 1, acknowledged));
        store.DeleteThrough(through);
        _dropped += lost;
        metrics.ReadingsDropped(reason, lost);
    }

    private void Report()
    {
        if (_dropped > 0 && Environment.TickCount64 >= _reportAt)
        {
            logger.LogWarning(
                "Dropped the oldest {Count} readings, not delivered yet: the log is at its bound (Log:MaxBytes, Log:MaxAge or Log:MinFreeBytes)", _dropped);
            _dropped = 0;
            _reportAt = Environment.TickCount64 + ReportInterval;
        }
    }

    private long FreeBytes() => new DriveInfo(directory).AvailableFreeSpace;
}
