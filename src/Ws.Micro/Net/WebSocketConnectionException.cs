using System;
using Ws.Micro.Handshake;

namespace Ws.Micro.Net;

/// <summary>A connection could not be made, or a message not sent. Says at which step, and what an HTTP answer said.</summary>
public sealed class WebSocketConnectionException : Exception
{
    /// <summary>A failure at <paramref name="step"/>.</summary>
    public WebSocketConnectionException(ConnectionStep step, string message, Exception? innerException = null)
        : base(message, innerException) => Step = step;

    /// <summary>A refused opening handshake.</summary>
    public WebSocketConnectionException(HandshakeError error, int statusCode, string? retryAfter)
        : base("The opening handshake failed: " + Describe(error, statusCode) + ".")
    {
        Step = ConnectionStep.Handshake;
        HandshakeError = error;
        StatusCode = statusCode;
        RetryAfter = retryAfter;
    }

    /// <summary>Where it failed.</summary>
    public readonly ConnectionStep Step;

    /// <summary>What was wrong with the opening handshake, where that is what failed.</summary>
    public readonly HandshakeError HandshakeError;

    /// <summary>The HTTP status of the answer; 0 where there was none.</summary>
    public readonly int StatusCode;

    /// <summary>The answer's Retry-After header (RFC 9110 §10.2.3) as sent, or null.</summary>
    public readonly string? RetryAfter;

    private static string Describe(HandshakeError error, int statusCode) => error switch
    {
        HandshakeError.UnexpectedStatus => "the server answered with HTTP status " + statusCode.ToString() + " instead of 101",
        HandshakeError.HeadTooLarge => "the peer's head is larger than the handshake buffer",
        HandshakeError.TooManyHeaders => "the peer sent more than 64 headers",
        HandshakeError.MalformedHead or HandshakeError.BadStartLine => "the peer's answer is not HTTP/1.1",
        HandshakeError.NotAnUpgrade => "the peer does not upgrade to websocket",
        HandshakeError.BadAccept => "Sec-WebSocket-Accept does not answer our key",
        HandshakeError.SubprotocolNotOffered => "the server chose a subprotocol that was not offered",
        HandshakeError.ExtensionNotOffered => "the server chose an extension that was not offered",
        HandshakeError.DeflateNotAsOffered => "permessage-deflate is not as it was offered",
        HandshakeError.OriginNotAllowed => "the origin is not allowed",
        _ => "handshake error " + ((int)error).ToString(),
    };
}
