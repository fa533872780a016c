using System;
using System.Collections.Generic;

namespace RpiGateway.Readings;

/// <summary>
/// What the log is in: the readings that are not delivered yet, and up to which number each sensor's came. Used by one thread at a time. It fails by
/// a <see cref="Microsoft.Data.Sqlite.SqliteException"/>.
/// </summary>
internal abstract class ReadingStore : IDisposable
{
    /// <summary>The most boots remembered of a sensor.</summary>
    public const int MaxBoots = 4;

    /// <summary>The most boots remembered in all; those not heard for longest are forgotten first.</summary>
    public const int MaxRuns = 40_000;

    /// <summary>Forgotten together, as finding the oldest means going through all.</summary>
    protected const int RunsForgotten = 400;

    /// <summary>What is read back at a time: enough to keep a broker busy, and little beside what else is in memory.</summary>
    protected const int MaxPageReadings = 512;

    /// <inheritdoc cref="MaxPageReadings"/>
    protected const int MaxPageBytes = 512 * 1024;

    /// <summary>The largest number of a boot.</summary>
    protected const long MaxBoot = (1L << 53) - 1;

    /// <summary>The number of the oldest reading; one more than <see cref="Last"/> where there is none.</summary>
    public long First { get; protected set; }

    /// <summary>The largest number ever given.</summary>
    public long Last { get; protected set; }

    /// <summary>What the readings take, in bytes.</summary>
    public abstract long UsedBytes { get; }

    /// <summary>What there is room for without growing, in bytes.</summary>
    public abstract long SpareBytes { get; }

    /// <summary>The boot of readings that came without a number: names this log.</summary>
    protected abstract long LogId { get; }

    /// <summary>The largest number of that run that came; 0 where none is known.</summary>
    public abstract long LastOf(string sensor, long boot);

    /// <summary>
    /// Writes readings, all or none, and numbers them; those that came before are passed over (<see cref="Reading.Id"/> 0). What is written stays as
    /// long as its file.
    /// </summary>
    /// <exception cref="Exception">None is written, unless <see cref="Last"/> says otherwise once the store is opened anew.</exception>
    public abstract void Write(List<Reading> readings);

    /// <summary>The readings from that number on, as many as make a page; none where there are none.</summary>
    public abstract List<Reading> Page(long from);

    /// <summary>Deletes the readings up to that number.</summary>
    public abstract void DeleteThrough(long id);

    /// <summary>The oldest reading's number and time of arrival.</summary>
    public abstract (long Id, long Arrived)? Oldest();

    /// <summary>When the first reading from that number on came, in milliseconds since 1970 (UTC); 0 where that is not known, or there is none.</summary>
    public abstract long ArrivalFrom(long id);

    /// <summary>The newest of the readings up to that number that came before a time (milliseconds since 1970), of those whose time is known.</summary>
    public abstract long? LastOlderThan(long arrived, long through);

    /// <summary>Gives spare room back, at most that much.</summary>
    public abstract void Shrink(long bytes);

    public abstract void Dispose();

    /// <summary>Gives a reading the number after <paramref name="last"/>; false where it came before.</summary>
    protected bool TryNumber(Reading reading, ref long last)
    {
        reading.Id = 0;
        if (reading.IsPlain)
        {
            reading.Boot = LogId;
            reading.Sequence = last + 1;
        }
        else if (!TakeNumber(reading))
        {
            return false;
        }

        reading.Id = ++last;
        return true;
    }

    /// <summary>Remembers that a reading of its run came; false where it came before.</summary>
    protected abstract bool TakeNumber(Reading reading);
}
