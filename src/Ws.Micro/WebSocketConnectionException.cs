using System;
using Ws.Micro.Handshake;

namespace Ws.Micro;

/// <summary>A connection could not be made, or a message not sent. Says at which step, and what an HTTP answer said.</summary>
public sealed partial class WebSocketConnectionException : Exception
{
    /// <summary>A failure at <paramref name="step"/>.</summary>
    public WebSocketConnectionException(ConnectionStep step, string message, Exception? innerException = null)
        : base(message, innerException) => Step = step;

    /// <summary>A refused opening handshake.</summary>
    public WebSocketConnectionException(HandshakeError error, int statusCode, string? retryAfter)
        : this(Describe(error, statusCode))
    {
        HandshakeError = error;
        StatusCode = statusCode;
        RetryAfter = retryAfter;
    }

    // An opening handshake that could not be finished.
    internal WebSocketConnectionException(string why)
        : base("The opening handshake failed: " + why) => Step = ConnectionStep.Handshake;

    /// <summary>Where it failed.</summary>
    public readonly ConnectionStep Step;

    /// <summary>What was wrong with the opening handshake, where that is what failed.</summary>
    public readonly HandshakeError HandshakeError;

    /// <summary>The HTTP status of the answer; 0 where there was none.</summary>
    public readonly int StatusCode;

    /// <summary>The answer's Retry-After header (RFC 9110 §10.2.3) as sent, or null.</summary>
    public readonly string? RetryAfter;

    private static string Describe(HandshakeError error, int statusCode)
    {
        string text = error switch
        {
            HandshakeError.HeadTooLarge => "the peer's head is larger than HandshakeBufferSize",
            HandshakeError.TooManyHeaders => "the peer sent more than 64 headers",
            HandshakeError.MalformedHead or HandshakeError.BadStartLine => "the peer does not speak HTTP/1.1",
            HandshakeError.NotAnUpgrade => "the peer does not upgrade to websocket",
            HandshakeError.OriginNotAllowed => "origin not allowed",
            HandshakeError.UnexpectedStatus => "HTTP status " + statusCode.ToString() + " instead of 101",
            HandshakeError.BadAccept => "wrong Sec-WebSocket-Accept",
            HandshakeError.SubprotocolNotOffered => "subprotocol not offered",
            HandshakeError.ExtensionNotOffered => "extension not offered",
            _ => "error " + ((int)error).ToString(),
        };
        DescribeDeflate(error, ref text);
        return text;
    }

    static partial void DescribeDeflate(HandshakeError error, ref string text);
}
