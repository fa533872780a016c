using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;

namespace Ws.Micro.Desktop;

/// <summary>
/// A lock that can be waited for without a thread; those who wait get it in order. Where nobody waits it costs one interlocked operation, and
/// it needs no object of its own until somebody does. Must not be copied.
/// </summary>
internal struct AsyncLock
{
    private const int Free = 0, Taken = 1, Awaited = 2;

    private int _state;
    private Queue<Waiter>? _waiters;

    /// <summary>Whether somebody holds the lock.</summary>
    public readonly bool IsTaken => Volatile.Read(in _state) != Free;

    /// <summary>Takes the lock where it is free.</summary>
    public bool TryEnter() => Interlocked.CompareExchange(ref _state, Taken, Free) == Free;

    /// <summary>Takes the lock as soon as it is free and all who waited before have had it.</summary>
    public ValueTask EnterAsync(CancellationToken cancellationToken) => TryEnter() ? default : WaitAsync(cancellationToken);

    /// <summary>Gives the lock, which the caller holds, to the next who waits.</summary>
    public void Exit()
    {
        if (Interlocked.CompareExchange(ref _state, Free, Taken) != Taken)
        {
            HandOver();
        }
    }

    private ValueTask WaitAsync(CancellationToken cancellationToken)
    {
        Queue<Waiter> waiters = LazyInitializer.EnsureInitialized(ref _waiters, static () => new Queue<Waiter>());
        lock (waiters)
        {
            if (Interlocked.Exchange(ref _state, Awaited) == Free)
            {
                return default;
            }

            Waiter waiter = new();
            waiter.Cancellation = cancellationToken.UnsafeRegister(static (waiter, token) => ((Waiter)waiter!).TrySetCanceled(token), waiter);
            waiters.Enqueue(waiter);
            return new ValueTask(waiter.Task);
        }
    }

    private void HandOver()
    {
        Queue<Waiter> waiters = _waiters!;
        lock (waiters)
        {
            while (waiters.TryDequeue(out Waiter? waiter))
            {
                if (waiter.TrySetResult())
                {
                    waiter.Cancellation.Unregister();
                    return;
                }
            }

            Volatile.Write(ref _state, Free);
        }
    }

    private sealed class Waiter() : TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        public CancellationTokenRegistration Cancellation { get; set; }
    }
}
