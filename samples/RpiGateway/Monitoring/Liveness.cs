using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Threading;

namespace RpiGateway.Monitoring;

/// <summary>
/// Whether the gateway's work goes on: each kind of work that must end says when it begins and when it has ended, and one that takes longer than it
/// ever should means that the gateway hangs. Waiting for work, or for a broker that is away, is no work. For any thread.
/// </summary>
internal sealed class Liveness
{
    private readonly Lock _lock = new();
    private readonly List<Work> _all = [];

    /// <summary>Names a kind of work; <paramref name="limit"/> is longer than it ever takes while all is well.</summary>
    public Work Watch(string name, TimeSpan limit)
    {
        Work work = new(name, limit);
        lock (_lock)
        {
            _all.Add(work);
        }

        return work;
    }

    /// <summary>What hangs, in one line; null where nothing does.</summary>
    public string? FindFault()
    {
        lock (_lock)
        {
            return _all.Select(static work => work.FindFault()).FirstOrDefault(static fault => fault is not null);
        }
    }

    /// <summary>Work of one kind, one at a time.</summary>
    public sealed class Work(string name, TimeSpan limit)
    {
        private long _began;

        /// <summary>It begins; <see cref="Scope.Dispose"/> when it has ended, however.</summary>
        public Scope Begin()
        {
            Volatile.Write(ref _began, Stopwatch.GetTimestamp());
            return new Scope(this);
        }

        internal string? FindFault()
        {
            long began = Volatile.Read(ref _began);
            return began != 0 && Stopwatch.GetElapsedTime(began) is var elapsed && elapsed > limit
                ? $"{name} has taken {elapsed.TotalSeconds:0} s, and should have taken {limit.TotalSeconds:0} s at most"
                : null;
        }

        /// <summary>From its beginning to its end.</summary>
        public readonly struct Scope(Work work) : IDisposable
        {
            /// <summary>It has ended.</summary>
            public void Dispose() => Volatile.Write(ref work._began, 0);
        }
    }
}
