using System.Threading;
using System.Threading.Tasks;

namespace RpiGateway.Readings;

/// <summary>
/// How many publishes may be under way. Once it is full, whoever waits goes on when half of it is free, so that what has waited goes out together.
/// One may wait at a time; for any thread.
/// </summary>
internal sealed class PublishWindow
{
    private readonly Lock _lock = new();
    private readonly int _size;
    private int _free;
    private int _wanted;
    private TaskCompletionSource? _waiting;

    /// <summary>Nothing is under way yet.</summary>
    /// <param name="size">The most under way, at least 1.</param>
    public PublishWindow(int size) => _size = _free = size;

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
            return true;
        }
    }

    /// <summary>Gives a place back. Whoever waits goes on here.</summary>
    public void Exit()
    {
        TaskCompletionSource? waiting = null;
        lock (_lock)
        {
            _free++;
            if (_waiting is not null && _free >= _wanted)
            {
                (waiting, _waiting) = (_waiting, null);
            }
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
