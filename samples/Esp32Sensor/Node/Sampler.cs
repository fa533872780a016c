namespace Esp32Sensor.Node;

/// <summary>Measures at an interval, and puts each reading into the ring with its number and time. Used by one thread.</summary>
internal sealed class Sampler
{
    private readonly NodeBoard _board;
    private readonly NodeClock _clock;
    private readonly ReadingRing _ring;
    private readonly Reading _reading = new();
    private int _interval;

    /// <summary>One that measures at once.</summary>
    internal Sampler(NodeBoard board, NodeClock clock, ReadingRing ring, int interval)
    {
        _board = board;
        _clock = clock;
        _ring = ring;
        _interval = interval;
        Due = board.Milliseconds;
    }

    /// <summary>When to measure next, on <see cref="NodeBoard.Milliseconds"/>.</summary>
    internal long Due { get; private set; }

    /// <summary>From one measurement to the next, in milliseconds. A new one holds from now on.</summary>
    internal int Interval
    {
        get => _interval;
        set
        {
            _interval = value;
            long next = _board.Milliseconds + value;
            Due = next < Due ? next : Due;
        }
    }

    /// <summary>Measures.</summary>
    internal void Measure()
    {
        Reading reading = _reading;
        reading.Values.Clear();
        _board.Measure(reading.Values);
        reading.Sequence = _ring.LastSequence + 1;
        reading.Source = _clock.Source;
        reading.Time = _clock.Source == TimeSource.None ? _clock.Uptime : _clock.UnixTime;
        _ring.Add(reading);

        // A node held up for longer than an interval does not make up for what it missed.
        long now = _board.Milliseconds;
        Due += _interval;
        if (Due <= now)
        {
            Due = now + _interval;
        }
    }
}
