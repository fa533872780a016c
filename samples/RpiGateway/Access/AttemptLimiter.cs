using System;
using System.Collections.Generic;
using System.Net;
using System.Net.Sockets;
using System.Threading;

namespace RpiGateway.Access;

/// <summary>
/// How many attempts with wrong credentials each address has left: a token bucket that holds <c>attempts</c> and fills up in a minute. Addresses of
/// IPv6 count by /64, which is what one subscriber has. Those not heard for longest are forgotten first. For any thread.
/// </summary>
internal sealed class AttemptLimiter(int attempts, TimeProvider time)
{
    /// <summary>The most addresses remembered, some 200 bytes each.</summary>
    public const int MaxAddresses = 10_000;

    private static readonly TimeSpan FillTime = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private readonly Dictionary<IPAddress, LinkedListNode<Bucket>> _buckets = [];
    private readonly LinkedList<Bucket> _byUse = [];

    /// <summary>How many addresses are remembered.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _buckets.Count;
            }
        }
    }

    /// <summary>What an address counts as: the network of an IPv6 one, an IPv4 one however it is written.</summary>
    public static IPAddress KeyOf(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
        {
            return address.MapToIPv4();
        }

        if (address.AddressFamily != AddressFamily.InterNetworkV6)
        {
            return address;
        }

        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out _);
        bytes[8..].Clear();
        return new IPAddress(bytes);
    }

    /// <summary>Takes one attempt; zero, or how long to wait for one.</summary>
    public TimeSpan Take(IPAddress address)
    {
        lock (_lock)
        {
            Bucket bucket = FindOrAdd(KeyOf(address));
            long now = time.GetTimestamp();
            bucket.Left = Math.Min(attempts, bucket.Left + (time.GetElapsedTime(bucket.Filled, now) / FillTime * attempts));
            bucket.Filled = now;
            if (bucket.Left < 1)
            {
                return FillTime * ((1 - bucket.Left) / attempts);
            }

            bucket.Left--;
            return TimeSpan.Zero;
        }
    }

    /// <summary>Gives it back: the credentials were right.</summary>
    public void GiveBack(IPAddress address)
    {
        lock (_lock)
        {
            if (_buckets.TryGetValue(KeyOf(address), out LinkedListNode<Bucket>? bucket))
            {
                bucket.Value.Left = Math.Min(attempts, bucket.Value.Left + 1);
            }
        }
    }

    private Bucket FindOrAdd(IPAddress key)
    {
        if (_buckets.TryGetValue(key, out LinkedListNode<Bucket>? node))
        {
            _byUse.Remove(node);
        }
        else
        {
            if (_buckets.Count == MaxAddresses)
            {
                _buckets.Remove(_byUse.First!.Value.Key);
                _byUse.RemoveFirst();
            }

            node = new LinkedListNode<Bucket>(new Bucket { Key = key, Left = attempts, Filled = time.GetTimestamp() });
            _buckets.Add(key, node);
        }

        _byUse.AddLast(node);
        return node.Value;
    }

    private sealed class Bucket
    {
        public required IPAddress Key { get; init; }

        public required double Left { get; set; }

        public required long Filled { get; set; }
    }
}
