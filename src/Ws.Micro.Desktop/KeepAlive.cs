using System;
using System.Collections.Generic;
using System.Threading;

namespace Ws.Micro.Desktop;

// Pings a peer after a silence and gives up one that stays silent (RFC 6455 §5.5.2). Any byte is a sign of life, and so is that a long
// message under way goes on, during which no ping can be sent. Silence is held against the peer only while a receive waits, because what
// nobody reads cannot be heard. All sockets share one timer.
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
    private long _sentBefore;

    private KeepAlive(MicroWebSocket socket, long interval, long timeout)
    {
        _socket = socket;
        _interval = interval;
        _timeout = timeout;
        CheckIn(interval);
    }

    // Whether the peer was given up.
    internal bool GaveUp { get; private set; }

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
        long sent = socket.BytesSent;
        if (socket.IsSending && sent != _sentBefore)
        {
            _sentBefore = sent;
            Volatile.Write(ref _pingedAt, 0);
            next = _interval;
        }
        else if (pingedAt != 0 && waitingSince != 0 && _timeout > 0)
        {
            long left = Math.Max(pingedAt, waitingSince) + _timeout - now;
            if (left <= 0)
            {
                GaveUp = true;
                socket.Abort();
                return;
            }

            next = Math.Min(_interval, left);
        }
        else if (next <= 0)
        {
            Volatile.Write(ref _pingedAt, now);
            _ = socket.SendPingAsync();
            next = _timeout > 0 ? Math.Min(_interval, _timeout) : _interval;
        }

        CheckIn(next);
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
