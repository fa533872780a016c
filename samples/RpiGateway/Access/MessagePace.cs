using System;
using System.Threading;
using System.Threading.Tasks;

namespace RpiGateway.Access;

/// <summary>
/// How many messages of a sensor or MQTT client are read in a second: a token bucket that holds those of one second. One that sends more is not read until
/// it may go on, and TCP holds it back; it loses nothing. For one caller at a time.
/// </summary>
internal sealed class MessagePace(int messagesPerSecond, TimeProvider time)
{
    private long _filled = time.GetTimestamp();
    private double _left = messagesPerSecond;

    /// <summary>Counts so many more, and waits until they are within the pace.</summary>
    public async ValueTask WaitAsync(int messages, CancellationToken cancellationToken)
    {
        _left -= messages;
        while (true)
        {
            long now = time.GetTimestamp();
            _left = Math.Min(messagesPerSecond, _left + (time.GetElapsedTime(_filled, now).TotalSeconds * messagesPerSecond));
            _filled = now;
            if (_left >= 0)
            {
                return;
            }

            await Task.Delay(TimeSpan.FromSeconds(-_left / messagesPerSecond), time, cancellationToken);
        }
    }
}
