using System;
using System.Threading;
using System.Threading.Tasks;
using RpiGateway.Mqtt;

namespace RpiGateway.Readings;

/// <summary>
/// How many publishes may be under way, and when they go out. Once it is full, whoever waits goes on when half of it is free, so that what has waited
/// goes out together. So does, at thousands in a second, what is published while the broker still has to acknowledge what went out before, as with
/// Nagle's algorithm: it goes out once all that is acknowledged, or once there is much. One may publish, and wait, at a time; for any thread.
/// </summary>
internal sealed class PublishWindow
{
    // Publishes that wait for acknowledgements of others.
    private const int MaxGathered = 16;

    // Those at longer intervals do not wait: some brokers acknowledge now and then only when the next comes.
    private static readonly TimeSpan DenseInterval = TimeSpan.FromMicroseconds(250);

    // A pause counts as much, so that what comes behind it soon is dense.
    private static readonly TimeSpan LongestInterval = 4 * DenseInterval;

    private readonly Lock _lock = new();
    private readonly GatheringStream _transport;
    private readonly TimeProvider _time;
    private readonly int _size;
    private int _free;
    private int _gathered;
    private long _published;
    private TimeSpan _interval = LongestInterval;
    private int _wanted;
    private TaskCompletionSource? _waiting;

    /// <summary>Nothing is under way yet.</summary>
    /// <param name="size">The most under way, at least 1.</param>
    /// <param name="transport">Where they go out.</param>
    /// <param name="time">Tells how soon they follow each other.</param>
    public PublishWindow(int size, GatheringStream transport, TimeProvider time)
    {
        _size = _free = size;
        _transport = transport;
        _time = time;
    }

    /// <summary>From now on what is published may wait.</summary>
    public void Gather() => _transport.Hold();

    /// <summary>All that was published goes out now.</summary>
    public void Go()
    {
        lock (_lock)
        {
            _gathered = 0;
        }

        _transport.Release();
    }

    /// <summary>What was published goes out now, or when all that went out before is acknowledged.</summary>
    public void GoInTurn()
    {
        bool waits;
        lock (_lock)
        {
            long now = _time.GetTimestamp();
            TimeSpan since = _time.GetElapsedTime(_published, now);
            _interval = ((7 * _interval) + (since < LongestInterval ? since : LongestInterval)) / 8;
            _published = now;
            waits = _interval < DenseInterval && _size - _free > _gathered && _gathered < MaxGathered;
        }

        if (!waits)
        {
            Go();
        }
    }

    /// <summary>Takes a place; false where none is free.</summary>
    public bool TryEnter()
    {
        lock (_lock)
        {
            if (_free == 0)
            {
                return false;
            }

            _free--;
            _gathered++;
            return true;
        }
    }

    /// <summary>Gives a place back. Whoever waits goes on here.</summary>
    public void Exit()
    {
        TaskCompletionSource? waiting = null;
        bool goes;
        lock (_lock)
        {
            _free++;
            goes = _gathered > 0 && _size - _free <= _gathered;
            if (_waiting is not null && _free >= _wanted)
            {
                (waiting, _waiting) = (_waiting, null);
            }
        }

        if (goes)
        {
            Go();
        }

        waiting?.TrySetResult();
    }

    /// <summary>Waits until half of the places are free.</summary>
    public Task WaitForRoomAsync(CancellationToken cancellation) => WaitAsync((_size + 1) / 2, cancellation);

    /// <summary>Waits until all places are free.</summary>
    public Task WaitForAllAsync(CancellationToken cancellation) => WaitAsync(_size, cancellation);

    private Task WaitAsync(int wanted, CancellationToken cancellation)
    {
        Task task;
        lock (_lock)
        {
            _wanted = wanted;
            _waiting = _free >= wanted ? null : new TaskCompletionSource();
            task = _waiting?.Task ?? Task.CompletedTask;
        }

        return task.WaitAsync(cancellation);
    }
}
