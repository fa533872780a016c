using System;

namespace Ws.Micro.Net;

internal sealed partial class TlsTransport
{
    private const int GoodbyeTimeout = 500;

    // Says goodbye in TLS's own way, so that the peer does not take the end for an attack (RFC 8446 §6.1).
    public override bool EndWrite()
    {
        try
        {
            _stream.ShutdownAsync().Wait(GoodbyeTimeout);
        }
        catch (Exception)
        {
            // The peer is gone, or another thread has closed the socket: there is nobody to say it to.
        }

        return base.EndWrite();
    }
}
