using Ws.Micro.Handshake;

namespace Ws.Micro.Net;

public sealed partial class WebSocketRequest
{
    partial void SelectDeflate(ref WebSocketEngine? engine)
    {
        DeflateParameters? agreed = _options.Deflate == null ? null : _handshake.SelectDeflate(_options.Deflate.Fit());
        if (agreed != null)
        {
            engine = new WebSocketEngine(true, _options.MaxMessageSize, new PerMessageDeflate(true, agreed, _options.Deflate!));
            _handshake.Extensions = DeflateNegotiation.WriteResponse(agreed);
        }
    }
}
