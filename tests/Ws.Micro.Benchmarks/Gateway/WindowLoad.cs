using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Text;
using Ws.Micro.Benchmarks.Bridge;
using Ws.Micro.Benchmarks.Servers;

namespace Ws.Micro.Benchmarks.Gateway;

/// <summary>
/// Senders that send as fast as they are acknowledged, and one subscriber that hears what comes out, on one thread with epoll: what is measured is to be
/// the broker and the gateway, not their clients.
/// </summary>
internal sealed class WindowLoad : IDisposable
{
    private static readonly byte[] Reading = Encoding.ASCII.GetBytes(
        """{"id":"attic","boot":77,"seq":1234,"ts":1790000000000,"clock":"sntp","temperature":21.53,"humidity":45.2,"pressure":1013.25,"battery":3.71,"rssi":-61}""");

    private readonly Epoll _epoll = new();
    private readonly LoadSubscriber _subscriber;
    private readonly LoadSubscriber.Take _take;
    private readonly List<ILoadSender> _senders = [];
    private readonly List<int> _left = [];
    private int _missing;

    /// <summary>A load without senders.</summary>
    public WindowLoad(Uri broker)
    {
        _subscriber = LoadSubscriber.Open(broker, "sensors/+/telemetry");
        _epoll.Watch(_subscriber.Socket, -1);
        _take = Arrive;
    }

    /// <summary>Bytes of a reading.</summary>
    public static int ReadingSize => Reading.Length;

    /// <summary>Adds a sender, which is closed with this.</summary>
    /// <returns>Its number.</returns>
    public int Add(ILoadSender sender)
    {
        _epoll.Watch(sender.Socket, _senders.Count);
        _senders.Add(sender);
        _left.Add(0);
        return _left.Count - 1;
    }

    /// <summary>Has each of the senders send so many readings, and waits until all are heard and acknowledged.</summary>
    /// <param name="senders">Their numbers.</param>
    /// <param name="count">Readings each.</param>
    /// <param name="window">How many of a sender's may be not acknowledged.</param>
    /// <returns>Readings a second, to the last heard.</returns>
    /// <exception cref="IOException">For 30 s nothing came, or something that was not sent.</exception>
    public double Run(IReadOnlyCollection<int> senders, int count, int window)
    {
        long started = Stopwatch.GetTimestamp();
        _missing = senders.Count * count;
        double rate = 0;
        foreach (int sender in senders)
        {
            _left[sender] = count;
            Fill(sender, window);
        }

        while (rate == 0 || senders.Any(sender => _senders[sender].Waiting > 0))
        {
            int events = _epoll.Wait(30_000_000_000);
            if (events == 0)
            {
                throw new IOException($"For 30 s nothing came, and {_missing} readings have not arrived.");
            }

            for (int i = 0; i < events; i++)
            {
                int index = _epoll.Tag(i);
                if (index < 0)
                {
                    _subscriber.Hear(_take);
                }
                else
                {
                    _senders[index].Continue();
                    Fill(index, window);
                }
            }

            if (rate == 0 && _missing == 0)
            {
                rate = senders.Count * count / Stopwatch.GetElapsedTime(started).TotalSeconds;
            }
        }

        return rate;
    }

    public void Dispose()
    {
        _senders.ForEach(static sender => sender.Dispose());
        _subscriber.Dispose();
        _epoll.Dispose();
    }

    private void Fill(int index, int window)
    {
        ILoadSender sender = _senders[index];
        for (; _left[index] > 0 && sender.Waiting < window; _left[index]--)
        {
            sender.Send(Reading);
        }
    }

    private void Arrive(ReadOnlySpan<byte> reading)
    {
        if (!reading.SequenceEqual(Reading) || --_missing < 0)
        {
            throw new IOException($"This arrived, and was not sent, or arrived before: {Encoding.UTF8.GetString(reading)}");
        }
    }
}
