using Ws.Micro.Handshake;

namespace Ws.Micro;

// From the asynchronous client, which has words of its own for an HTTP answer, a proxy's too.
public sealed partial class WebSocketConnectionException
{
    internal WebSocketConnectionException(
        ConnectionStep step, string message, int statusCode, HandshakeError error = HandshakeError.None, string? retryAfter = null)
        : this(step, message)
    {
        StatusCode = statusCode;
        HandshakeError = error;
        RetryAfter = retryAfter;
    }
}
