namespace RpiGateway.Access;

/// <summary>Why somebody is refused: the few words that the metric's label has.</summary>
internal static class RefusalReason
{
    /// <summary>A request that cannot be served: an address, method or header that is wrong.</summary>
    public const string BadRequest = "bad_request";

    /// <summary>Credentials that are missing, wrong or revoked.</summary>
    public const string Unauthorized = "unauthorized";

    /// <summary>An MQTT topic that is not the client's to publish or subscribe to.</summary>
    public const string NotAuthorized = "not_authorized";

    /// <summary>Too many wrong credentials from one address.</summary>
    public const string TooManyAttempts = "too_many_attempts";

    /// <summary>Too many connections in all, of one address or of one device.</summary>
    public const string TooManyConnections = "too_many_connections";

    /// <summary>A connection without a request in time.</summary>
    public const string HandshakeTimeout = "handshake_timeout";

    /// <summary>The gateway is stopping.</summary>
    public const string Unavailable = "unavailable";

    /// <summary>A message over the limit.</summary>
    public const string MessageTooBig = "message_too_big";

    /// <summary>A peer that broke a rule of the gateway's, or was told to go.</summary>
    public const string PolicyViolation = "policy_violation";

    /// <summary>A peer that broke a protocol.</summary>
    public const string ProtocolError = "protocol_error";

    /// <summary>An MQTT client that takes what it hears too slowly.</summary>
    public const string TooSlow = "too_slow";

    /// <summary>A message that the embedded broker has no room to retain, or a subscription beyond its limits.</summary>
    public const string QuotaExceeded = "quota_exceeded";

    /// <summary>All of them.</summary>
    public static readonly string[] All =
    [
        BadRequest, Unauthorized, NotAuthorized, TooManyAttempts, TooManyConnections, HandshakeTimeout, Unavailable, MessageTooBig, PolicyViolation, ProtocolError, TooSlow,
        QuotaExceeded,
    ];
}
