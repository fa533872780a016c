using System;

namespace Esp32Sensor.Node;

/// <summary>
/// How long to wait before the next attempt to connect: a random time up to a ceiling ("full jitter"), so that sensors that lost the same
/// gateway do not come back at the same moment. The ceiling doubles with each attempt. Only a connection that lasted brings it back down:
/// a gateway that accepts and drops at once is not one to hurry to.
/// </summary>
public sealed class Backoff
{
    private readonly int _min;
    private readonly int _max;
    private readonly int _stableTime;
    private readonly Random _random;
    private bool _connected;
    private long _connectedAt;

    /// <summary>All times are in milliseconds.</summary>
    /// <param name="min">The first ceiling, at least 1.</param>
    /// <param name="max">The highest ceiling, at least <paramref name="min"/> and less than 2^30.</param>
    /// <param name="stableTime">How long a connection has to last to count as stable.</param>
    /// <param name="random">Where the jitter comes from.</param>
    public Backoff(int min, int max, int stableTime, Random random)
    {
        _min = min;
        _max = max;
        _stableTime = stableTime;
        _random = random;
        Ceiling = min;
    }

    /// <summary>The longest that the next wait can be.</summary>
    public int Ceiling { get; private set; }

    /// <summary>A connection was made at <paramref name="now"/>, on a monotonic clock.</summary>
    public void Connected(long now)
    {
        _connected = true;
        _connectedAt = now;
    }

    /// <summary>The gateway does not know the sensor, and will not so soon: waits become the longest at once.</summary>
    public void Refused() => Ceiling = _max;

    /// <summary>The connection was lost, or could not be made, at <paramref name="now"/>. Returns the milliseconds to wait: 0 to <see cref="Ceiling"/>.</summary>
    public int Next(long now)
    {
        if (_connected && now - _connectedAt >= _stableTime)
        {
            Ceiling = _min;
        }

        _connected = false;
        int wait = _random.Next(Ceiling + 1);
        Ceiling = Ceiling * 2 < _max ? Ceiling * 2 : _max;
        return wait;
    }
}
