namespace Ws.Micro.Handshake;

// Names of the headers that a handshake is made of, and what they hold (RFC 6455 §11.3), as numbers: a constant takes no flash.
internal static class Tokens
{
    internal const int Host = 0, Upgrade = 1, Connection = 2, ContentLength = 3, TransferEncoding = 4, Origin = 5,
        SecWebSocketKey = 6, SecWebSocketAccept = 7, SecWebSocketVersion = 8, SecWebSocketProtocol = 9, SecWebSocketExtensions = 10,
        WebSocket = 11;

    private static readonly string[] All = (
        "host upgrade connection content-length transfer-encoding origin "
        + "sec-websocket-key sec-websocket-accept sec-websocket-version sec-websocket-protocol sec-websocket-extensions "
        + "websocket").Split(' ');

    // Which of them a text is, in any letter case; -1 for none.
    internal static int IndexOf(byte[] text, int start, int end) => Ascii.IndexOf(All, text, start, end, true);
}
