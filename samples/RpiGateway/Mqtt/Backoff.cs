using System;

namespace RpiGateway.Mqtt;

/// <summary>Waits between tries, each drawn evenly from zero up to a ceiling (full jitter) that doubles from 0.5 s to 30 s.</summary>
internal sealed class Backoff
{
    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private TimeSpan _ceiling = First;

    /// <summary>The time to wait before the next try.</summary>
    public TimeSpan Next()
    {
        TimeSpan wait = _ceiling * Random.Shared.NextDouble();
        _ceiling = _ceiling * 2 < Limit ? _ceiling * 2 : Limit;
        return wait;
    }

    /// <summary>Begins again at the first wait.</summary>
    public void Reset() => _ceiling = First;
}
