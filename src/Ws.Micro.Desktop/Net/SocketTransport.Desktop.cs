using System;
using System.Net.Sockets;

namespace Ws.Micro.Net;

// The device cannot close one direction alone.
internal partial class SocketTransport
{
    public override bool EndWrite()
    {
        try
        {
            Socket.Shutdown(SocketShutdown.Send);
            return true;
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return false;
        }
    }
}
