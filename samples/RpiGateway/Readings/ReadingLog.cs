using System;
using System.Collections.Generic;
using System.IO;
using System.Runtime.CompilerServices;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using RpiGateway.Monitoring;

namespace RpiGateway.Readings;

/// <summary>
/// The durable log: readings wait here, on disk, for the broker. One thread writes: it takes all that has come, writes it in one transaction
/// with one fsync (group commit), and then tells whoever sent it. While the disk takes nothing, readings wait, and so do their sensors. The
/// newest are kept in memory too, so that a broker that keeps up is served without the disk being read. A log that is in memory alone is written by
/// whoever appends, because there waking the thread takes longer than writing. For any thread.
/// </summary>
internal sealed partial class ReadingLog : IDisposable
{
    // What a slow card may take for one round, the largest file's check at a reopening included.
    private static readonly TimeSpan WorkLimit = TimeSpan.FromMinutes(5);

    // Behind each other, waiting to be written.
    private const int MaxIncomingBytes = 4 * 1024 * 1024;

    // One transaction's readings.
    private const int MaxBatch = 4096;

    private const int DiskFull = 13;

    // In milliseconds.
    private const long RetryInterval = 1000;
    private const long UpkeepInterval = 1000;
    private const long ReportInterval = 60_000;

    private readonly object _lock = new();
    private readonly LogFile _file;
    private readonly bool _isInMemory;
    private readonly LogUpkeep _upkeep;
    private readonly GatewayMetrics _metrics;
    private readonly ILogger _logger;
    private readonly Thread _thread;
    private readonly DiskWear _wear = new();
    private readonly RecentReadings _recent = new();
    private readonly List<Reading> _batch = [];
    private readonly List<IReadingOwner> _owners = [];
    private readonly Queue<Reading> _incoming = [];
    private readonly LinkedList<Action<ReadingStore>> _questions = [];
    private readonly Signal _more = new();
    private TaskCompletionSource _room = NewSource();
    private ReadingStore? _store;
    private volatile string? _trouble;
    private int _incomingBytes;
    private long _first;
    private long _last;
    private long _oldestArrived;
    private long _acknowledged;
    private long _settled;
    private long _retryAt;
    private long _upkeepAt;
    private long _reportAt;
    private readonly Liveness.Work? _liveness;
    private bool _stopping;

    // Whoever has set this under the lock has the store, the batch, and all that writing needs.
    private bool _isTaken;

    /// <summary>Opens the log in that directory, and begins to write.</summary>
    /// <exception cref="LogInUseException">Another gateway uses it. Any other trouble with the disk is waited out.</exception>
    public ReadingLog(string directory, LogSettings settings, GatewayMetrics metrics, ILogger logger, Liveness? liveness = null)
    {
        _liveness = liveness?.Watch("writing the log of readings", WorkLimit);
        _metrics = metrics;
        _logger = logger;
        _isInMemory = settings.Durability == LogDurability.None;
        _file = new LogFile(directory, settings.Durability, logger);
        _upkeep = new LogUpkeep(settings, directory, metrics, logger);
        try
        {
            Adopt(_file.Open(0));
        }
        catch (Exception error) when (IsTrouble(error) && error is not LogInUseException)
        {
            Fail(error);
        }

        _thread = new Thread(Work) { Name = "Log of readings", IsBackground = true };
        _thread.Start();
    }

    /// <summary>Why the disk takes no readings now; null while it does.</summary>
    public string? Trouble => _trouble;

    /// <summary>How many readings are in the log, those included that are delivered but may not be deleted yet.</summary>
    public long Count
    {
        get
        {
            lock (_lock)
            {
                return _last - _first + 1;
            }
        }
    }

    /// <summary>How many of them the broker has not acknowledged.</summary>
    public long Waiting
    {
        get
        {
            lock (_lock)
            {
                return _last - Math.Max(_first - 1, _acknowledged);
            }
        }
    }

    /// <summary>What is in it, for whoever looks on.</summary>
    public LogLevels Levels => new(Waiting, OldestAge, _file.Bytes);

    /// <summary>How many wait to be told what is in the log.</summary>
    public int Questions
    {
        get
        {
            lock (_lock)
            {
                return _questions.Count;
            }
        }
    }

    /// <summary>The number of the oldest reading in the log, or of the next where there is none.</summary>
    public long First
    {
        get
        {
            lock (_lock)
            {
                return _first;
            }
        }
    }

    /// <summary>
    /// Gives the log a reading; returns once there is room for it to wait. Its owner is told when it is on disk. Those of one sensor are
    /// appended one after the other.
    /// </summary>
    public ValueTask AppendAsync(Reading reading, CancellationToken cancellation)
    {
        bool writes;
        lock (_lock)
        {
            if (_incomingBytes >= MaxIncomingBytes)
            {
                return WaitAndAppendAsync(reading, cancellation);
            }

            Enqueue(reading);
            writes = _isInMemory && TryTake();
            if (!writes)
            {
                WakeWriter();
            }
        }

        if (writes)
        {
            WriteHere();
        }

        return ValueTask.CompletedTask;
    }

    /// <summary>Up to which number the readings of that run came; 0 for none.</summary>
    public Task<long> LastOfAsync(string sensor, long boot, CancellationToken cancellation) => AskAsync(store => store.LastOf(sensor, boot), cancellation);

    /// <summary>
    /// The next readings from that number on, in order; waits until there are some. One at a time calls it. Numbers may be missing, where
    /// readings were dropped.
    /// </summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<List<Reading>> ReadAsync(long from, CancellationToken cancellation)
    {
        while (true)
        {
            ValueTask? more = null;
            long last;
            lock (_lock)
            {
                last = _last;
                List<Reading> recent = _recent.Take(from);
                if (recent.Count > 0)
                {
                    return recent;
                }

                if (from > last)
                {
                    _recent.Reopen();
                    more = _more.WaitAsync(cancellation);
                }
            }

            if (more is { } wait)
            {
                await wait;
                continue;
            }

            List<Reading> page = await PageAsync(from, cancellation);
            if (page.Count > 0)
            {
                return page;
            }

            // All up to there were dropped.
            from = last + 1;
        }
    }

    /// <summary>The broker has acknowledged all up to one number; those up to the other can be deleted.</summary>
    public void Deliver(long acknowledged, long settled)
    {
        lock (_lock)
        {
            _acknowledged = Math.Max(_acknowledged, acknowledged);
            _settled = Math.Max(_settled, settled);
        }
    }

    /// <summary>Writes what waits, unless the disk does not take it, and closes the file.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _stopping = true;
            Monitor.Pulse(_lock);
        }

        _thread.Join();
    }

    private static bool IsTrouble(Exception error) => error is SqliteException or IOException or InvalidDataException or UnauthorizedAccessException;

    // Zero where there is none, or its time is not known.
    private TimeSpan OldestAge => Waiting > 0 && Interlocked.Read(ref _oldestArrived) is > 0 and var arrived
        ? DateTimeOffset.UtcNow - DateTimeOffset.FromUnixTimeMilliseconds(arrived)
        : TimeSpan.Zero;

    private static TaskCompletionSource NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private async ValueTask WaitAndAppendAsync(Reading reading, CancellationToken cancellation)
    {
        while (true)
        {
            Task room;
            lock (_lock)
            {
                if (_incomingBytes < MaxIncomingBytes)
                {
                    Enqueue(reading);
                    WakeWriter();
                    return;
                }

                room = _room.Task;
            }

            await room.WaitAsync(cancellation);
        }
    }

    private void Enqueue(Reading reading)
    {
        _metrics.ReadingReceived();
        _incoming.Enqueue(reading);
        _incomingBytes += reading.Size;
    }

    // Under the lock. Whoever writes now goes on by itself.
    private void WakeWriter()
    {
        if (_incoming.Count == 1 && !_isTaken)
        {
            Monitor.Pulse(_lock);
        }
    }

    private Task<List<Reading>> PageAsync(long from, CancellationToken cancellation) => AskAsync(store => store.Page(from), cancellation);

    private async Task<T> AskAsync<T>(Func<ReadingStore, T> question, CancellationToken cancellation)
    {
        TaskCompletionSource<T> answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
        LinkedListNode<Action<ReadingStore>> asked = new(store => answer.SetResult(question(store)));
        lock (_lock)
        {
            _questions.AddLast(asked);
            Monitor.Pulse(_lock);
        }

        try
        {
            return await answer.Task.WaitAsync(cancellation);
        }
        finally
        {
            // While the disk fails nothing is answered, and those who ask come and go.
            lock (_lock)
            {
                asked.List?.Remove(asked);
            }
        }
    }
}
