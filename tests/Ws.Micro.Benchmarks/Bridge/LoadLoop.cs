using System;
using System.Collections.Generic;
using System.IO;
using Ws.Micro.Benchmarks.Servers;

namespace Ws.Micro.Benchmarks.Bridge;

/// <summary>
/// Senders, and one subscriber that hears what comes of their readings, on one thread with epoll: what is measured is to be the broker and what is between,
/// not their clients.
/// </summary>
internal sealed class LoadLoop : IDisposable
{
    /// <summary>How long readings may be late, in nanoseconds, before they count as lost.</summary>
    public const long Patience = 30_000_000_000;

    private readonly Epoll _epoll = new();
    private readonly LoadSubscriber _subscriber;
    private readonly LoadSubscriber.Take _take;
    private readonly List<ILoadSender> _senders = [];

    /// <summary>A loop without senders.</summary>
    /// <param name="broker">Where readings are heard.</param>
    /// <param name="take">Takes each.</param>
    public LoadLoop(Uri broker, LoadSubscriber.Take take)
    {
        _subscriber = LoadSubscriber.Open(broker, "sensors/+/telemetry");
        _epoll.Watch(_subscriber.Socket, -1);
        _take = take;
    }

    /// <summary>How many readings have not arrived, as whoever takes them counts.</summary>
    public int Missing { get; set; }

    /// <summary>The sender of that number.</summary>
    public ILoadSender this[int number] => _senders[number];

    /// <summary>Adds a sender, which is closed with this.</summary>
    /// <returns>Its number.</returns>
    public int Add(ILoadSender sender)
    {
        _epoll.Watch(sender.Socket, _senders.Count);
        _senders.Add(sender);
        return _senders.Count - 1;
    }

    /// <summary>Takes what has come, or comes first within so many nanoseconds.</summary>
    /// <param name="wait">Nanoseconds.</param>
    /// <param name="continued">Is given the number of each sender for which something came, or which has room again.</param>
    /// <exception cref="IOException">Nothing came within <see cref="Patience"/>.</exception>
    public void Serve(long wait, Action<int>? continued = null)
    {
        int events = _epoll.Wait(wait);
        if (events == 0 && wait == Patience)
        {
            throw new IOException($"For 30 s nothing came, and {Missing} readings have not arrived.");
        }

        for (int i = 0; i < events; i++)
        {
            int number = _epoll.Tag(i);
            if (number < 0)
            {
                _subscriber.Hear(_take);
            }
            else
            {
                _senders[number].Continue();
                continued?.Invoke(number);
            }
        }
    }

    public void Dispose()
    {
        _senders.ForEach(static sender => sender.Dispose());
        _subscriber.Dispose();
        _epoll.Dispose();
    }
}
