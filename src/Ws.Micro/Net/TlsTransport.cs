using System;
using System.Net.Security;
using System.Net.Sockets;

namespace Ws.Micro.Net;

// TLS over TCP. Only the stream knows whether it holds decrypted bytes, so waiting is left to the socket's own time-outs.
internal sealed partial class TlsTransport : SocketTransport
{
    private readonly SslStream _stream;

    internal TlsTransport(Socket socket, SslStream stream)
        : base(socket) => _stream = stream;

    public override int Read(byte[] buffer, int offset, int count, int timeout)
    {
        try
        {
            // A time-out of 0 would mean for ever.
            _stream.ReadTimeout = timeout > 0 ? timeout : 1;
            return _stream.Read(buffer, offset, count);
        }
        catch (Exception e)
        {
            return Platform.IsTimeout(e) ? TimedOut : 0;
        }
    }

    public override bool Write(byte[] buffer, int offset, int count, int timeout)
    {
        try
        {
            _stream.WriteTimeout = timeout > 0 ? timeout : 1;
            _stream.Write(buffer, offset, count);
            return true;
        }
        catch (Exception)
        {
            return false;
        }
    }

    public override void Close()
    {
        base.Close();
        try
        {
            _stream.Dispose();
        }
        catch (Exception)
        {
            // The connection is over; there is nobody to tell.
        }
    }
}
