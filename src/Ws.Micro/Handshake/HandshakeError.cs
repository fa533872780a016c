namespace Ws.Micro.Handshake;

/// <summary>Why an opening handshake failed. The numbers are stable: the device shows enums as numbers.</summary>
public enum HandshakeError : byte
{
    /// <summary>It did not.</summary>
    None = 0,

    /// <summary>The head is larger than its buffer.</summary>
    HeadTooLarge = 1,

    /// <summary>More header lines than <see cref="HttpHead.MaxHeaders"/>.</summary>
    TooManyHeaders = 2,

    /// <summary>A line without CR LF, a folded line, a name that is not a token, or a control character in a value (RFC 9112 §2.2, §5).</summary>
    MalformedHead = 3,

    /// <summary>The first line is not what the role calls for, or not HTTP/1.1 (RFC 6455 §4.1, §4.2.1).</summary>
    BadStartLine = 4,

    /// <summary>The method is not GET (§4.2.1).</summary>
    NotGet = 5,

    /// <summary>Host is absent, empty or repeated (§4.2.1).</summary>
    BadHost = 6,

    /// <summary>Upgrade does not name websocket, or Connection does not name Upgrade (§4.2.1, §4.2.2).</summary>
    NotAnUpgrade = 7,

    /// <summary>Sec-WebSocket-Version is not 13 (§4.4).</summary>
    BadVersion = 8,

    /// <summary>Sec-WebSocket-Key is absent, repeated or not the base64 form of 16 bytes (§4.2.1).</summary>
    BadKey = 9,

    /// <summary>Content-Length or Transfer-Encoding on an upgrade.</summary>
    BodyNotAllowed = 10,

    /// <summary>Origin is not on the list of those allowed (§10.2).</summary>
    OriginNotAllowed = 11,

    /// <summary>Sec-WebSocket-Protocol is not a list of tokens (§11.3.4).</summary>
    BadSubprotocol = 12,

    /// <summary>Sec-WebSocket-Extensions is not a list of extensions (§9.1).</summary>
    BadExtension = 13,

    /// <summary>The server answered with a status other than 101.</summary>
    UnexpectedStatus = 14,

    /// <summary>Sec-WebSocket-Accept is absent, repeated or not the answer to our key (§4.2.2).</summary>
    BadAccept = 15,

    /// <summary>The server chose a subprotocol that was not offered, or more than one (§4.1).</summary>
    SubprotocolNotOffered = 16,

    /// <summary>The server chose an extension that was not offered (§4.1).</summary>
    ExtensionNotOffered = 17,

    /// <summary>The server's parameters for permessage-deflate break a rule, or are not an answer to what was offered (RFC 7692 §7.1).</summary>
    DeflateNotAsOffered = 18,
}
