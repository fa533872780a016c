namespace Ws.Micro.Handshake;

// Names of the headers that a handshake is made of, in lower case for comparison (RFC 6455 §11.3).
internal static class HeaderNames
{
    internal static readonly byte[] Host = Ascii.Bytes("host");
    internal static readonly byte[] Upgrade = Ascii.Bytes("upgrade");
    internal static readonly byte[] Connection = Ascii.Bytes("connection");
    internal static readonly byte[] Origin = Ascii.Bytes("origin");
    internal static readonly byte[] SecWebSocket = Ascii.Bytes("sec-websocket-");
    internal static readonly byte[] SecWebSocketKey = Ascii.Bytes("sec-websocket-key");
    internal static readonly byte[] SecWebSocketAccept = Ascii.Bytes("sec-websocket-accept");
    internal static readonly byte[] SecWebSocketVersion = Ascii.Bytes("sec-websocket-version");
    internal static readonly byte[] SecWebSocketProtocol = Ascii.Bytes("sec-websocket-protocol");
    internal static readonly byte[] SecWebSocketExtensions = Ascii.Bytes("sec-websocket-extensions");
    internal static readonly byte[] ContentLength = Ascii.Bytes("content-length");
    internal static readonly byte[] TransferEncoding = Ascii.Bytes("transfer-encoding");
}
