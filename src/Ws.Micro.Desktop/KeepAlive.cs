using System;
using System.Collections.Generic;
using System.Threading;

namespace Ws.Micro.Desktop;

// Pings a peer after a silence and gives up one that stays silent (RFC 6455 §5.5.2). Any byte is a sign of life, and so is that a long
// message under way goes on, during which no ping can be sent. Silence is held against the peer only while a receive waits, because what
// nobody reads cannot be heard; that it takes nothing of what is sent always, because nothing else would end that send. All sockets share one
// timer.
internal sealed class KeepAlive : IThreadPoolWorkItem
{
    // A check may be late by this part of the interval, so that one tick of the timer serves many sockets.
    private const int Lateness = 16;

    private static readonly PriorityQueue<KeepAlive, long> Due = new();
    private static readonly Timer Clock = new(static _ => Tick(), null, Timeout.Infinite, Timeout.Infinite);
    private static long _nextTick = long.MaxValue;

    private readonly long _interval;
    private readonly long _timeout;
    private volatile MicroWebSocket? _socket;
    private long _lastHeard = Environment.TickCount64;
    private long _waitingSince;
    private long _pingedAt;

    // Bytes sent, and when, at the last check that found no send under way, or one that had gone on.
    private long _sentBefore;
    private long _movedAt;

    private KeepAlive(MicroWebSocket socket, long interval, long timeout)
    {
        _socket = socket;
        _interval = interval;
        _timeout = timeout;
        CheckIn(interval);
    }

    // Why the peer was given up; null where it was not.
    internal string? Verdict { get; private set; }

    internal static KeepAlive? Start(MicroWebSocket socket, MicroWebSocketOptions options) =>
        options.KeepAliveInterval == TimeSpan.Zero ? null
        : new KeepAlive(socket, (long)options.KeepAliveInterval.TotalMilliseconds, (long)options.KeepAliveTimeout.TotalMilliseconds);

    internal void BeginWait(long now)
    {
        if (Volatile.Read(ref _waitingSince) == 0)
        {
            Volatile.Write(ref _waitingSince, now);
        }
    }

    internal void Heard(long now)
    {
        Volatile.Write(ref _lastHeard, now);
        Volatile.Write(ref _waitingSince, 0);
        Volatile.Write(ref _pingedAt, 0);
    }

    // Lets go of the socket; what is left waits for its turn and is then dropped.
    internal void Stop() => _socket = null;

    // On a thread of the pool, because a stream may take its time to dispose of or to write to.
    void IThreadPoolWorkItem.Execute() => Check();

    private void Check()
    {
        if (_socket is not { } socket)
        {
            return;
        }

        long now = Environment.TickCount64;
        long pingedAt = Volatile.Read(ref _pingedAt);
        long waitingSince = Volatile.Read(ref _waitingSince);
        long next = Volatile.Read(ref _lastHeard) + _interval - now;
        long left = long.MaxValue;
        string? verdict = null;
        bool isSending = socket.IsSending;
        long sent = socket.BytesSent;
        bool isStuck = isSending && sent == _sentBefore;
        if (!isStuck)
        {
            _sentBefore = sent;
            _movedAt = now;
        }
        else if (_timeout > 0)
        {
            left = _movedAt + _interval + _timeout - now;
            verdict = "The peer took nothing of what was sent within the keep-alive interval and timeout.";
        }

        if (isSending && !isStuck)
        {
            Volatile.Write(ref _pingedAt, 0);
            next = _interval;
        }
        else if (pingedAt != 0 && waitingSince != 0 && _timeout > 0)
        {
            next = _interval;
            long forAnswer = Math.Max(pingedAt, waitingSince) + _timeout - now;
            if (forAnswer <= left)
            {
                left = forAnswer;
                verdict = "The peer did not answer a ping within the keep-alive timeout.";
            }
        }
        else if (next <= 0)
        {
            Volatile.Write(ref _pingedAt, now);
            _ = socket.SendPingAsync();
            next = _timeout > 0 ? Math.Min(_interval, _timeout) : _interval;
        }

        if (left <= 0)
        {
            Verdict = verdict;
            socket.Abort();
            return;
        }

        CheckIn(Math.Min(next, left));
    }

    private void CheckIn(long milliseconds)
    {
        long step = Math.Max(1, Math.Min(_interval, milliseconds) / Lateness);
        long due = (Environment.TickCount64 + milliseconds + step - 1) / step * step;
        lock (Due)
        {
            Due.Enqueue(this, due);
            TickAt(due);
        }
    }

    private static void Tick()
    {
        lock (Due)
        {
            _nextTick = long.MaxValue;
            long due;
            while (Due.TryPeek(out _, out due) && due <= Environment.TickCount64)
            {
                ThreadPool.UnsafeQueueUserWorkItem(Due.Dequeue(), preferLocal: false);
            }

            if (Due.Count > 0)
            {
                TickAt(due);
            }
        }
    }

    private static void TickAt(long due)
    {
        if (due < _nextTick)
        {
            _nextTick = due;
            Clock.Change(Math.Max(0, due - Environment.TickCount64), Timeout.Infinite);
        }
    }
}
