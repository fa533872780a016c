using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Text;
using Ws.Micro.Benchmarks.Bridge;

namespace Ws.Micro.Benchmarks.Gateway;

/// <summary>Senders that send as fast as they are acknowledged.</summary>
internal sealed class WindowLoad : IDisposable
{
    private static readonly byte[] Reading = Encoding.ASCII.GetBytes(
        """{"id":"attic","boot":77,"seq":1234,"ts":1790000000000,"clock":"sntp","temperature":21.53,"humidity":45.2,"pressure":1013.25,"battery":3.71,"rssi":-61}""");

    private readonly LoadLoop _loop;
    private readonly Action<int> _fill;
    private readonly List<int> _left = [];
    private int _window;

    /// <summary>A load without senders.</summary>
    public WindowLoad(Uri broker)
    {
        _loop = new LoadLoop(broker, Arrive);
        _fill = Fill;
    }

    /// <summary>Bytes of a reading.</summary>
    public static int ReadingSize => Reading.Length;

    /// <summary>Adds a sender, which is closed with this.</summary>
    /// <returns>Its number.</returns>
    public int Add(ILoadSender sender)
    {
        _left.Add(0);
        return _loop.Add(sender);
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
        _loop.Missing = senders.Count * count;
        _window = window;
        double rate = 0;
        foreach (int sender in senders)
        {
            _left[sender] = count;
            Fill(sender);
        }

        while (rate == 0 || senders.Any(sender => _loop[sender].Waiting > 0))
        {
            _loop.Serve(LoadLoop.Patience, _fill);
            if (rate == 0 && _loop.Missing == 0)
            {
                rate = senders.Count * count / Stopwatch.GetElapsedTime(started).TotalSeconds;
            }
        }

        return rate;
    }

    public void Dispose() => _loop.Dispose();

    private void Fill(int index)
    {
        ILoadSender sender = _loop[index];
        for (; _left[index] > 0 && sender.Waiting < _window; _left[index]--)
        {
            sender.Send(Reading);
        }
    }

    private void Arrive(ReadOnlySpan<byte> reading)
    {
        if (!reading.SequenceEqual(Reading) || --_loop.Missing < 0)
        {
            throw new IOException($"This arrived, and was not sent, or arrived before: {Encoding.UTF8.GetString(reading)}");
        }
    }
}
