using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Net;
using Ws.Micro.Benchmarks.Measuring;

namespace Ws.Micro.Benchmarks.Servers;

/// <summary>Connections to one server, on one thread, with epoll, so that the load is not what holds the servers up.</summary>
internal sealed class Load : IDisposable
{
    private const long Second = 1_000_000_000;

    // How long echoes may be late before the server counts as stuck.
    private const long Patience = 30 * Second;
    private readonly Epoll _epoll = new();
    private readonly LoadConnection[] _connections;

    // For each connection, when its messages that are on their way were due.
    private readonly Queue<long>[] _due;

    private Load(LoadConnection[] connections)
    {
        _connections = connections;
        _due = [.. connections.Select(_ => new Queue<long>())];
        for (int i = 0; i < connections.Length; i++)
        {
            _epoll.Watch(connections[i].Socket, i);
        }
    }

    /// <summary>Connects so many times, one after the other.</summary>
    public static Load Open(IPEndPoint server, Traffic traffic, int connections)
    {
        LoadConnection[] opened = new LoadConnection[connections];
        for (int i = 0; i < connections; i++)
        {
            opened[i] = LoadConnection.Open(server, traffic);
        }

        return new Load(opened);
    }

    /// <summary>Sends so many messages on each connection, one at a time, and waits for their echoes.</summary>
    public void Exchange(int messages)
    {
        for (int message = 0; message < messages; message++)
        {
            for (int i = 0; i < _connections.Length; i++)
            {
                Send(i, Now, 1);

                // Not all at once: no server is meant to meet so many in the same instant.
                while (_due[i].Count > 0)
                {
                    Serve(Patience, null);
                }
            }
        }
    }

    /// <summary>Sends at a rate over all connections in turns, whatever comes back when.</summary>
    /// <param name="rate">Messages a second.</param>
    /// <param name="seconds">For how long.</param>
    /// <param name="latencies">Gets microseconds from when a message was due to its echo.</param>
    /// <returns>How many messages were sent and came back.</returns>
    public long Pace(int rate, double seconds, List<double> latencies)
    {
        long start = Now;
        long count = (long)(rate * seconds);
        for (long i = 0; i < count;)
        {
            long due = start + (i * Second / rate);
            long wait = due - Now;
            if (wait <= 0)
            {
                Send((int)(i++ % _connections.Length), due, 1);
            }

            Serve(Math.Max(wait, 0), latencies);
        }

        Settle(latencies);
        return count;
    }

    /// <summary>Keeps so many messages on their way on each connection.</summary>
    /// <returns>How many came back, and in how many seconds.</returns>
    public (long Messages, double Seconds) Saturate(int inFlight, double seconds)
    {
        long start = Now;
        long end = start + (long)(seconds * Second);
        long before = _connections.Sum(connection => connection.Echoed);
        for (int i = 0; i < _connections.Length; i++)
        {
            Send(i, start, inFlight);
        }

        while (Now < end)
        {
            Serve(Patience, null, refill: true);
        }

        Settle(null);
        return (_connections.Sum(connection => connection.Echoed) - before, (double)(Now - start) / Second);
    }

    public void Dispose()
    {
        foreach (LoadConnection connection in _connections)
        {
            connection.Dispose();
        }

        _epoll.Dispose();
    }

    private static long Now => (long)Stopwatch.GetElapsedTime(0).TotalNanoseconds;

    private void Send(int connection, long due, int messages)
    {
        for (int i = 0; i < messages; i++)
        {
            _due[connection].Enqueue(due);
        }

        _connections[connection].Send(messages);
    }

    private void Settle(List<double>? latencies)
    {
        while (_due.Any(queue => queue.Count > 0))
        {
            Serve(Patience, latencies);
        }
    }

    private void Serve(long wait, List<double>? latencies, bool refill = false)
    {
        int events = _epoll.Wait(wait);
        if (events == 0 && wait == Patience)
        {
            throw new IOException("The server sent nothing for 30 s, though messages were on their way.");
        }

        for (int i = 0; i < events; i++)
        {
            int index = _epoll.Tag(i);
            LoadConnection connection = _connections[index];
            connection.Continue();
            int echoed = connection.Receive();
            long now = Now;
            for (int message = 0; message < echoed; message++)
            {
                latencies?.Add((now - _due[index].Dequeue()) / 1000.0);
                if (latencies == null)
                {
                    _due[index].Dequeue();
                }
            }

            if (refill && echoed > 0)
            {
                Send(index, now, echoed);
            }
        }
    }
}
