using System;
using System.Collections.Generic;
using System.Net;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.AspNetCore.Connections;

namespace RpiGateway.Access;

/// <summary>
/// How many connections there may be, in all and from each address, and how long one may take until its first request is here. It stands before TLS
/// and HTTP, so that whoever is turned away costs next to nothing. For any thread.
/// </summary>
internal sealed class ConnectionGate : IDisposable
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(250);

    private readonly AccessSettings _settings;
    private readonly Refusals _refusals;
    private readonly TimeProvider _time;
    private readonly Timer _timer;
    private readonly Lock _lock = new();
    private readonly Dictionary<IPAddress, int> _byAddress = [];
    private readonly LinkedList<PendingConnection> _pending = [];
    private int _count;

    public ConnectionGate(AccessSettings settings, Refusals refusals, TimeProvider time)
    {
        _settings = settings;
        _refusals = refusals;
        _time = time;
        _timer = new Timer(_ => DropLate(), null, Poll, Poll);
    }

    /// <summary>How many connections there are, and of how many addresses that are counted.</summary>
    public (int Connections, int Addresses) Count
    {
        get
        {
            lock (_lock)
            {
                return (_count, _byAddress.Count);
            }
        }
    }

    /// <summary>Serves a connection, or turns it away.</summary>
    public async Task ServeAsync(ConnectionContext connection, bool isTls, ConnectionDelegate next)
    {
        IPEndPoint peer = connection.RemoteEndPoint as IPEndPoint ?? new IPEndPoint(IPAddress.None, 0);
        IPAddress? counted = _settings.TrustLoopback && IPAddress.IsLoopback(peer.Address) ? null : AttemptLimiter.KeyOf(peer.Address);
        PendingConnection pending = new(connection, peer, counted, _time.GetTimestamp());
        if (TryEnter(pending, out PendingConnection? displaced) is { } refusal)
        {
            _refusals.Report(RefusalReason.TooManyConnections, $"connection from {peer}", refusal.Why, isTls ? "closed" : $"HTTP {refusal.Status}");
            if (!isTls)
            {
                await connection.Transport.Output.WriteAsync(refusal.Response);
            }

            return;
        }

        if (displaced is not null)
        {
            Drop(displaced, RefusalReason.TooManyConnections, "half of all connections have sent no request yet, and this one has waited longest");
        }

        try
        {
            connection.Features.Set(pending);
            await next(connection);
        }
        finally
        {
            lock (_lock)
            {
                Leave(pending);
            }
        }
    }

    /// <summary>The first request of a connection is here.</summary>
    public void Admit(PendingConnection? pending)
    {
        lock (_lock)
        {
            if (pending is { HasLeft: false })
            {
                pending.Place?.List?.Remove(pending.Place);
            }
        }
    }

    public void Dispose() => _timer.Dispose();

    private Refusal? TryEnter(PendingConnection pending, out PendingConnection? displaced)
    {
        displaced = null;
        lock (_lock)
        {
            int ofAddress = pending.Counted is null ? 0 : _byAddress.GetValueOrDefault(pending.Counted);
            if (ofAddress >= _settings.ConnectionsPerAddress)
            {
                return Refusal.TooManyOfAddress;
            }

            // Whoever only connects and waits must not take the place of those who have something to say.
            if (_pending.Count > 0 && _pending.Count >= _settings.Connections / 2)
            {
                displaced = _pending.First!.Value;
                Leave(displaced);
            }

            if (_count >= _settings.Connections)
            {
                return Refusal.TooMany;
            }

            _count++;
            if (pending.Counted is not null)
            {
                _byAddress[pending.Counted] = _byAddress.GetValueOrDefault(pending.Counted) + 1;
            }

            pending.Place = _pending.AddLast(pending);
            return null;
        }
    }

    // Its place is free at once, not only when its transport has ended. Called with the lock held.
    private void Leave(PendingConnection pending)
    {
        if (pending.HasLeft)
        {
            return;
        }

        pending.HasLeft = true;
        pending.Place?.List?.Remove(pending.Place);
        _count--;
        if (pending.Counted is { } address && --_byAddress[address] == 0)
        {
            _byAddress.Remove(address);
        }
    }

    // The list is in the order in which they came, and so are their deadlines.
    private void DropLate()
    {
        while (true)
        {
            PendingConnection late;
            lock (_lock)
            {
                if (_pending.First is not { } first || _time.GetElapsedTime(first.Value.Started) < _settings.HandshakeTime)
                {
                    return;
                }

                late = first.Value;
                Leave(late);
            }

            Drop(late, RefusalReason.HandshakeTimeout, $"no request within {_settings.HandshakeTime.TotalSeconds:0} s");
        }
    }

    private void Drop(PendingConnection pending, string reason, string why)
    {
        _refusals.Report(reason, $"connection from {pending.Peer}", why, "closed");
        pending.Connection.Abort(new ConnectionAbortedException(why));
    }

    private sealed record Refusal(int Status, string Why, ReadOnlyMemory<byte> Response)
    {
        public static readonly Refusal TooMany = new(
            503, "all connections are taken (Limits:Connections)", "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 10\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"u8.ToArray());

        public static readonly Refusal TooManyOfAddress = new(
            429, "all connections of its address are taken (Limits:ConnectionsPerAddress)", "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 10\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"u8.ToArray());
    }
}

/// <summary>A connection that has sent no request yet.</summary>
internal sealed class PendingConnection(ConnectionContext connection, IPEndPoint peer, IPAddress? counted, long started)
{
    public ConnectionContext Connection => connection;

    public IPEndPoint Peer => peer;

    /// <summary>What address it counts for; null for none.</summary>
    public IPAddress? Counted => counted;

    public long Started => started;

    /// <summary>Whether it no longer counts.</summary>
    public bool HasLeft { get; set; }

    /// <summary>Where it stands among those that wait; of no list once it no longer does.</summary>
    public LinkedListNode<PendingConnection>? Place { get; set; }
}
