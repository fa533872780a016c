using System;
using System.Threading;
using System.Threading.Tasks;
using System.Threading.Tasks.Sources;

namespace RpiGateway.Readings;

/// <summary>Wakes whoever waits, which goes on where the signal is given. One waits at a time, and allocates nothing by it; for any thread.</summary>
internal sealed class Signal : IValueTaskSource
{
    private readonly Lock _lock = new();
    private ManualResetValueTaskSourceCore<bool> _source;
    private CancellationTokenRegistration _cancellation;
    private bool _isAwaited;

    /// <summary>Waits for the next signal; await what this returns before the next call.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public ValueTask WaitAsync(CancellationToken cancellation)
    {
        lock (_lock)
        {
            _source.Reset();
            _isAwaited = true;
            _cancellation = cancellation.UnsafeRegister(static (signal, token) => ((Signal)signal!).End(new OperationCanceledException(token)), this);
            return new ValueTask(this, _source.Version);
        }
    }

    /// <summary>Wakes whoever waits.</summary>
    public void Give() => End(null);

    void IValueTaskSource.GetResult(short token) => _source.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _source.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _source.OnCompleted(continuation, state, token, flags);

    private void End(Exception? error)
    {
        CancellationTokenRegistration registration;
        lock (_lock)
        {
            if (!_isAwaited)
            {
                return;
            }

            _isAwaited = false;
            registration = _cancellation;
        }

        // Waits for a cancellation that comes too late, which must not end the next wait.
        registration.Dispose();
        if (error is null)
        {
            _source.SetResult(true);
        }
        else
        {
            _source.SetException(error);
        }
    }
}
