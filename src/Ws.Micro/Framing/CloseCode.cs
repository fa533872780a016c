namespace Ws.Micro.Framing;

/// <summary>Close codes (RFC 6455 §7.4 and its IANA registry). Applications use 4000 to 4999 for their own.</summary>
public static class CloseCode
{
    /// <summary>The purpose of the connection is fulfilled.</summary>
    public const int NormalClosure = 1000;

    /// <summary>The endpoint goes away: a server stops, a browser leaves the page.</summary>
    public const int GoingAway = 1001;

    /// <summary>The peer broke the protocol.</summary>
    public const int ProtocolError = 1002;

    /// <summary>A kind of data that this endpoint cannot accept, such as text where only binary is understood.</summary>
    public const int InvalidMessageType = 1003;

    /// <summary>Reported, never sent: the peer's close frame carried no code.</summary>
    public const int NoStatusReceived = 1005;

    /// <summary>Reported, never sent: the connection ended without a close frame.</summary>
    public const int AbnormalClosure = 1006;

    /// <summary>Data that does not fit its type, such as text that is not UTF-8.</summary>
    public const int InvalidPayloadData = 1007;

    /// <summary>The message breaks this endpoint's policy.</summary>
    public const int PolicyViolation = 1008;

    /// <summary>The message is larger than this endpoint accepts.</summary>
    public const int MessageTooBig = 1009;

    /// <summary>The client expected an extension that the server did not agree to.</summary>
    public const int MandatoryExtension = 1010;

    /// <summary>The server met an unexpected condition.</summary>
    public const int InternalServerError = 1011;

    /// <summary>
    /// Whether a close frame may carry <paramref name="code"/>: 1000 to 1003, 1007 to 1014 and 3000 to 4999
    /// (RFC 6455 §7.4.1, §7.4.2, and the registry for 1012 to 1014).
    /// </summary>
    public static bool IsValidOnWire(int code) =>
        (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
}
