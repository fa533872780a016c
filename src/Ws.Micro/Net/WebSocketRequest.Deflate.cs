using Ws.Micro.Handshake;

namespace Ws.Micro.Net;

public sealed partial class WebSocketRequest
{
    partial void SelectDeflate(ref MessageExtension? extension, ref byte[]? extensions)
    {
        DeflateParameters? agreed = _options.Deflate == null ? null : _handshake.SelectDeflate(_options.Deflate.Fit());
        if (agreed != null)
        {
            extension = new PerMessageDeflate(true, agreed, _options.Deflate!);
            extensions = DeflateNegotiation.WriteResponse(agreed);
        }
    }
}
