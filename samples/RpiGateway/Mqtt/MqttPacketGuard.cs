using System;
using System.Net.WebSockets;
using System.Threading;
using System.Threading.Tasks;
using RpiGateway.Access;

namespace RpiGateway.Mqtt;

/// <summary>Why a connection is ended: the close code for the peer, and one line for the log and the close reason.</summary>
internal readonly record struct Refusal(WebSocketCloseStatus Code, string Reason);

/// <summary>
/// Follows the packets in the bytes an MQTT peer sends, however they are cut, and refuses one by its fixed header: before
/// the length it claims reaches MQTTnet, which allocates what a length claims. Not thread-safe: one for each connection.
/// </summary>
/// <param name="firstHeader">The fixed header of the peer's first packet.</param>
/// <param name="pace">How many packets of the peer may be read in a second; null: any.</param>
internal sealed class MqttPacketGuard(byte firstHeader, MessagePace? pace = null)
{
    /// <summary>The fixed header of CONNECT, which must come first from a client [MQTT-3.1.0-1].</summary>
    public const byte Connect = 0x10;

    /// <summary>The fixed header of CONNACK, which must come first from a broker [MQTT-3.2.0-1].</summary>
    public const byte ConnectAcknowledgement = 0x20;

    /// <summary>The largest packet in bytes, its fixed header included (MQTT 5, 3.1.2.11.4).</summary>
    public const int MaxPacketSize = 256 * 1024;

    /// <summary>
    /// The largest first packet in bytes. Nobody is known yet, so it holds no more than a client id, a user name, a token
    /// and a short will need: a thousand unknown peers can make the gateway hold 4 MB at most.
    /// </summary>
    public const int MaxFirstPacketSize = 4 * 1024;

    private const int MaxLengthBytes = 4;

    // Where in the body of CONNACK the reason code stands (MQTT 3.1.1, 3.2.2.3; 5, 3.2.2.2).
    private const int ReasonCodeIndex = 1;

    private bool _inLength;
    private int _lengthBytes;
    private int _length;
    private int _remaining;
    private int _uncounted;

    /// <summary>
    /// True once all of the first packet has passed. MQTTnet reads no second packet before it has accepted the first, so
    /// from there on the peer is one the broker let in.
    /// </summary>
    public bool FirstPacketPassed { get; private set; }

    /// <summary>With CONNACK the reason code in it, once it has passed.</summary>
    public byte? ReasonCode { get; private set; }

    /// <summary>Waits until the peer may be read again, whose packets so far may have been more than its pace allows.</summary>
    public ValueTask PaceAsync(CancellationToken cancellationToken)
    {
        int packets = _uncounted;
        _uncounted = 0;
        return pace is null || packets == 0 ? ValueTask.CompletedTask : pace.WaitAsync(packets, cancellationToken);
    }

    /// <summary>Looks at the next bytes; a refusal is final, and its bytes must not be passed on.</summary>
    public Refusal? Inspect(ReadOnlySpan<byte> bytes)
    {
        int at = 0;
        while (at < bytes.Length)
        {
            if (_remaining > 0)
            {
                int body = Math.Min(_remaining, bytes.Length - at);
                int reasonCode = ReasonCodeIndex - (_length - _remaining);
                if (!FirstPacketPassed && firstHeader == ConnectAcknowledgement && reasonCode >= 0 && reasonCode < body)
                {
                    ReasonCode = bytes[at + reasonCode];
                }

                at += body;
                _remaining -= body;
                FirstPacketPassed |= _remaining == 0;
                continue;
            }

            byte value = bytes[at++];
            if (!_inLength)
            {
                if (!FirstPacketPassed && value != firstHeader)
                {
                    return new(WebSocketCloseStatus.ProtocolError, $"the first MQTT packet must start with 0x{firstHeader:X2}, not 0x{value:X2}");
                }

                // Of PUBACK, PUBREC and PUBCOMP there are as many as the peer is sent messages: who hears much is not held back for it.
                if ((value >> 4) is not (4 or 5 or 7))
                {
                    _uncounted++;
                }

                _inLength = true;
                _lengthBytes = 0;
                _length = 0;
                continue;
            }

            // MQTT 2.2.3 (5: 1.5.5): seven bits a byte, the top bit says that more follow, four bytes at most.
            _length |= (value & 0x7F) << (7 * _lengthBytes++);
            bool more = (value & 0x80) != 0;
            if (more && _lengthBytes == MaxLengthBytes)
            {
                return new(WebSocketCloseStatus.ProtocolError, "an MQTT Remaining Length has at most 4 bytes");
            }

            int limit = FirstPacketPassed ? MaxPacketSize : MaxFirstPacketSize;
            if (1 + _lengthBytes + _length > limit)
            {
                return new(WebSocketCloseStatus.MessageTooBig, $"an MQTT packet may have at most {limit} bytes here");
            }

            if (!more)
            {
                _inLength = false;
                _remaining = _length;
                FirstPacketPassed |= _remaining == 0;
            }
        }

        return null;
    }
}
