using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;

namespace RpiGateway.Tests;

/// <summary>Time that goes on when it is told to; its timers fire when they are told to.</summary>
internal sealed class ManualTime : TimeProvider
{
    private readonly List<Action> _timers = [];
    private TimeSpan _now;

    /// <summary>What the wall clock shows at first.</summary>
    public DateTimeOffset Start { get; init; }

    public override DateTimeOffset GetUtcNow() => Start + _now;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => _now.Ticks;

    public void Advance(TimeSpan time) => _now += time;

    public void FireTimers() => _timers.ForEach(static timer => timer());

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        _timers.Add(() => callback(state));
        return new Timer();
    }

    private sealed class Timer : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period) => true;

        public void Dispose()
        {
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
