using System.Collections.Generic;

namespace RpiGateway.Readings;

/// <summary>
/// The newest readings of the log without a gap, up to a bound in memory. When that is full it takes no more until whoever reads the log has
/// come to the log's end by the disk. For one thread at a time.
/// </summary>
internal sealed class RecentReadings
{
    /// <summary>The most it keeps, in bytes.</summary>
    public const int MaxBytes = 4 * 1024 * 1024;

    // As much as the log gives from disk at a time.
    private const int MaxTaken = 512;

    private readonly Queue<Reading> _readings = [];
    private int _bytes;
    private bool _isOpen = true;

    /// <summary>Adds the log's next reading.</summary>
    public void Add(Reading reading)
    {
        _isOpen &= _bytes + reading.Size <= MaxBytes;
        if (_isOpen)
        {
            _readings.Enqueue(reading);
            _bytes += reading.Size;
        }
    }

    /// <summary>Takes readings from that number on; none where they have to come from disk.</summary>
    public List<Reading> Take(long from)
    {
        while (_readings.TryPeek(out Reading? old) && old.Id < from)
        {
            Remove();
        }

        List<Reading> taken = [];
        while (taken.Count < MaxTaken && _readings.TryPeek(out Reading? next) && next.Id == from + taken.Count)
        {
            taken.Add(next);
            Remove();
        }

        return taken;
    }

    /// <summary>All that is in the log has been read: what comes next is kept again.</summary>
    public void Reopen()
    {
        Clear();
        _isOpen = true;
    }

    /// <summary>Readings came into the log that are not here.</summary>
    public void Close()
    {
        Clear();
        _isOpen = false;
    }

    private void Remove() => _bytes -= _readings.Dequeue().Size;

    private void Clear()
    {
        _readings.Clear();
        _bytes = 0;
    }
}
