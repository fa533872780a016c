using System;
using System.Threading;
using System.Threading.Tasks;

namespace RpiGateway.Access;

/// <summary>
/// How many messages of a sensor are read in a second: a token bucket that holds those of one second. A sensor that sends more is not read until it may
/// go on, and TCP holds it back; it loses nothing. For one caller at a time.
/// </summary>
internal sealed class MessagePace(int messagesPerSecond, TimeProvider time)
{
    private long _filled = time.GetTimestamp();
    private double _left = messagesPerSecond;

    /// <summary>Waits until one more may be read.</summary>
    public async ValueTask WaitAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            long now = time.GetTimestamp();
            _left = Math.Min(messagesPerSecond, _left + (time.GetElapsedTime(_filled, now).TotalSeconds * messagesPerSecond));
            _filled = now;
            if (_left >= 1)
            {
                _left--;
                return;
            }

            await Task.Delay(TimeSpan.FromSeconds((1 - _left) / messagesPerSecond), time, cancellationToken);
        }
    }
}
