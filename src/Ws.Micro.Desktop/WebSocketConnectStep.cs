namespace Ws.Micro.Desktop;

/// <summary>The step at which a connection could not be made.</summary>
public enum WebSocketConnectStep
{
    /// <summary>Finding the address of the host and connecting by TCP.</summary>
    Connect,

    /// <summary>Asking the proxy for a tunnel.</summary>
    Proxy,

    /// <summary>The TLS handshake, certificates included.</summary>
    Tls,

    /// <summary>The opening handshake of the WebSocket.</summary>
    Handshake,
}
