namespace Ws.Micro;

/// <summary>The step at which a connection failed.</summary>
public enum ConnectionStep : byte
{
    /// <summary>None: it did not fail.</summary>
    None = 0,

    /// <summary>Finding the address of the host.</summary>
    Resolve = 1,

    /// <summary>Connecting by TCP.</summary>
    Connect = 2,

    /// <summary>The TLS handshake, certificates included.</summary>
    Tls = 3,

    /// <summary>The opening handshake of the WebSocket.</summary>
    Handshake = 4,

    /// <summary>Sending: the peer is gone, or took nothing within the send timeout.</summary>
    Send = 5,

    /// <summary>Waiting for a sign of life: the peer was silent for longer than keep-alive allows.</summary>
    KeepAlive = 6,

    /// <summary>The closing handshake.</summary>
    Close = 7,

    /// <summary>Receiving: the peer ended or reset the connection without a close frame.</summary>
    Receive = 8,

    /// <summary>Asking an HTTP proxy for a tunnel, which .NET's asynchronous client alone does.</summary>
    Proxy = 9,
}
