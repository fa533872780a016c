using System;
using Ws.Micro.Handshake;

namespace Ws.Micro.Desktop;

/// <summary>A connection could not be made. Says at which step and why, and what an HTTP answer said.</summary>
public sealed class WebSocketConnectException : Exception
{
    internal WebSocketConnectException(WebSocketConnectStep step, string message, Exception? innerException = null)
        : base(message, innerException) => Step = step;

    /// <summary>Where it failed.</summary>
    public WebSocketConnectStep Step { get; }

    /// <summary>What was wrong with the opening handshake, where that is what failed.</summary>
    public HandshakeError HandshakeError { get; internal init; }

    /// <summary>The HTTP status of the server's, or the proxy's, answer; 0 where there was none.</summary>
    public int StatusCode { get; internal init; }

    /// <summary>The answer's Retry-After header (RFC 9110 §10.2.3) as sent, or null.</summary>
    public string? RetryAfter { get; internal init; }
}
