using System;
using Microsoft.AspNetCore.Builder;
using Ws.Micro.Desktop;

namespace Ws.Micro.AspNetCore;

/// <summary>
/// ASP.NET Core's <see cref="WebSocketOptions"/> and, beside them, the limits of <see cref="MicroWebSocket"/>.
/// Read once, by <c>UseMicroWebSockets</c>; later changes have no effect.
/// </summary>
public class MicroWebSocketMiddlewareOptions : WebSocketOptions
{
    private static readonly MicroWebSocketOptions Defaults = new();

    /// <summary>The longest message accepted, in bytes, all fragments together. A longer one ends the connection with 1009. Default 16 MiB.</summary>
    public long MaxMessageSize { get; set; } = Defaults.MaxMessageSize;

    /// <summary>
    /// The size of the buffer a connection receives into, in bytes, at least 256. It bounds no message: messages are handed on in pieces.
    /// Default 4096.
    /// </summary>
    public new int ReceiveBufferSize { get; set; } = Defaults.ReceiveBufferSize;

    /// <summary>How long the closing handshake may take before the connection is dropped. Default 5 s.</summary>
    public TimeSpan CloseTimeout { get; set; } = Defaults.CloseTimeout;

    /// <summary>
    /// permessage-deflate (RFC 7692) for every connection; null: only where the application asks for it by
    /// <see cref="Microsoft.AspNetCore.Http.WebSocketAcceptContext.DangerousEnableCompression"/>. The accept context's own settings narrow these.
    /// </summary>
    public PerMessageDeflateOptions? Deflate { get; set; }
}
