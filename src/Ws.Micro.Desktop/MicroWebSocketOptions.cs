using System;
using Ws.Micro.Framing;

namespace Ws.Micro.Desktop;

/// <summary>
/// What a <see cref="MicroWebSocket"/> may cost and how it keeps itself alive. Read once, when the socket is made. Times are 1 ms to 2^31 - 1 ms
/// where nothing else is said.
/// </summary>
public class MicroWebSocketOptions
{
    /// <summary>After this long without a byte from the peer a ping is sent. Default 30 s; <see cref="TimeSpan.Zero"/>: never.</summary>
    public TimeSpan KeepAliveInterval { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How long after that ping the peer may stay silent, while a receive waits, before the connection is aborted. A peer that is taking a
    /// long message counts as alive; one that takes nothing of what is sent for <see cref="KeepAliveInterval"/> and this together, whatever it
    /// sends meanwhile, does not. Default 20 s; <see cref="System.Threading.Timeout.InfiniteTimeSpan"/>: pings only.
    /// </summary>
    public TimeSpan KeepAliveTimeout { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>The largest message accepted, in bytes, at least 0; a larger one is answered with close code 1009. Default 16 MiB; it reserves no memory.</summary>
    public long MaxMessageSize { get; set; } = Limits.DefaultMaxMessageSize;

    /// <summary>
    /// Bytes of the buffer that input is read into, at least 256. It comes from the shared pool while there is input to read, so an idle
    /// connection holds none. Default 4096.
    /// </summary>
    public int ReceiveBufferSize { get; set; } = 4096;

    /// <summary>For the closing handshake and the end of the connection under it. Default 5 s.</summary>
    public TimeSpan CloseTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// permessage-deflate (RFC 7692): what to offer as a client and to accept as a server; null: nothing, messages go as they are. A message that
    /// holds a secret beside text of others goes with <see cref="System.Net.WebSockets.WebSocketMessageFlags.DisableCompression"/>. Default null.
    /// </summary>
    public PerMessageDeflateOptions? Deflate { get; set; }

    /// <summary>Checks that every value is in its range.</summary>
    /// <exception cref="ArgumentOutOfRangeException">One is not; the message says what is allowed.</exception>
    public virtual void Validate()
    {
        CheckTime(KeepAliveInterval, TimeSpan.Zero, nameof(KeepAliveInterval));
        if (KeepAliveTimeout != System.Threading.Timeout.InfiniteTimeSpan)
        {
            CheckTime(KeepAliveTimeout, TimeSpan.FromMilliseconds(1), nameof(KeepAliveTimeout));
        }

        CheckTime(CloseTimeout, TimeSpan.FromMilliseconds(1), nameof(CloseTimeout));
        ArgumentOutOfRangeException.ThrowIfNegative(MaxMessageSize);
        ArgumentOutOfRangeException.ThrowIfLessThan(ReceiveBufferSize, 256);
        Deflate?.Validate();
    }

    private protected static void CheckTime(TimeSpan value, TimeSpan least, string name)
    {
        if (value < least || value.TotalMilliseconds > int.MaxValue)
        {
            throw new ArgumentOutOfRangeException(name, value, $"{name} must be between {least} and {TimeSpan.FromMilliseconds(int.MaxValue)}.");
        }
    }
}
