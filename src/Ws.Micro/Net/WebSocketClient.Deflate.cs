using Ws.Micro.Handshake;

namespace Ws.Micro.Net;

public static partial class WebSocketClient
{
    static partial void OfferDeflate(byte[] buffer, byte[] nonce, WebSocketClientOptions options, ref ClientHandshake? handshake) =>
        handshake = new ClientHandshake(buffer, nonce, options.Subprotocols, options.Deflate?.Fit());

    static partial void UseDeflate(ClientHandshake handshake, WebSocketClientOptions options, ref WebSocketEngine? engine)
    {
        if (handshake.Deflate != null)
        {
            engine = new WebSocketEngine(false, options.MaxMessageSize, new PerMessageDeflate(false, handshake.Deflate, options.Deflate!));
        }
    }
}
