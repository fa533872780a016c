using Ws.Micro.Handshake;

namespace Ws.Micro;

public sealed partial class WebSocketConnectionException
{
    static partial void DescribeDeflate(HandshakeError error, ref string text)
    {
        if (error == HandshakeError.DeflateNotAsOffered)
        {
            text = "permessage-deflate not as offered";
        }
    }
}
