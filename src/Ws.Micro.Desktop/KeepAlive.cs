using System;
using System.Threading;

namespace Ws.Micro.Desktop;

// Pings a peer after a silence and gives up one that stays silent (RFC 6455 §5.5.2). Any byte is a sign of life, and so is that a long
// message under way goes on, during which no ping can be sent. Silence is held against the peer only while a receive waits, because what
// nobody reads cannot be heard.
internal sealed class KeepAlive : IDisposable
{
    private readonly MicroWebSocket _socket;
    private readonly long _interval;
    private readonly long _timeout;
    private readonly Timer _timer;
    private long _lastHeard = Environment.TickCount64;
    private long _waitingSince;
    private long _pingedAt;
    private long _sentBefore;

    private KeepAlive(MicroWebSocket socket, long interval, long timeout)
    {
        _socket = socket;
        _interval = interval;
        _timeout = timeout;
        _timer = new Timer(static state => ((KeepAlive)state!).Check(), this, interval, Timeout.Infinite);
    }

    // Whether the peer was given up.
    internal bool GaveUp { get; private set; }

    internal static KeepAlive? Start(MicroWebSocket socket, MicroWebSocketOptions options) =>
        options.KeepAliveInterval == TimeSpan.Zero ? null
        : new KeepAlive(socket, (long)options.KeepAliveInterval.TotalMilliseconds, (long)options.KeepAliveTimeout.TotalMilliseconds);

    internal void BeginWait()
    {
        if (Volatile.Read(ref _waitingSince) == 0)
        {
            Volatile.Write(ref _waitingSince, Environment.TickCount64);
        }
    }

    internal void Heard()
    {
        Volatile.Write(ref _lastHeard, Environment.TickCount64);
        Volatile.Write(ref _waitingSince, 0);
        Volatile.Write(ref _pingedAt, 0);
    }

    public void Dispose() => _timer.Dispose();

    private void Check()
    {
        long now = Environment.TickCount64;
        long pingedAt = Volatile.Read(ref _pingedAt);
        long waitingSince = Volatile.Read(ref _waitingSince);
        long next = Volatile.Read(ref _lastHeard) + _interval - now;
        long sent = _socket.BytesSent;
        if (_socket.IsSending && sent != _sentBefore)
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
                _socket.Abort();
                return;
            }

            next = Math.Min(_interval, left);
        }
        else if (next <= 0)
        {
            Volatile.Write(ref _pingedAt, now);
            _ = _socket.SendPingAsync();
            next = _timeout > 0 ? Math.Min(_interval, _timeout) : _interval;
        }

        try
        {
            _timer.Change(next, Timeout.Infinite);
        }
        catch (ObjectDisposedException)
        {
            // The socket ended meanwhile.
        }
    }
}
