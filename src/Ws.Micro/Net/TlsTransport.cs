using System;
using System.Net.Security;
using System.Net.Sockets;

namespace Ws.Micro.Net;

// TLS over TCP. Only the stream knows whether it holds decrypted bytes, so waiting is left to the socket's own time-outs.
internal sealed class TlsTransport : Transport
{
    private const int GoodbyeTimeout = 500;

    private readonly Socket _socket;
    private readonly SslStream _stream;

    internal TlsTransport(Socket socket, SslStream stream)
    {
        _socket = socket;
        _stream = stream;
    }

    public override int Read(byte[] buffer, int offset, int count, int timeout)
    {
        try
        {
            // A time-out of 0 would mean for ever.
            Platform.SetReadTimeout(_socket, _stream, timeout > 0 ? timeout : 1);
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
            int wait = timeout > 0 ? timeout : 1;
            if (_socket.SendTimeout != wait)
            {
                _socket.SendTimeout = wait;
            }

            _stream.Write(buffer, offset, count);
            return true;
        }
        catch (Exception)
        {
            return false;
        }
    }

    public override bool EndWrite()
    {
        Platform.EndTls(_stream, GoodbyeTimeout);
        return Platform.ShutdownSend(_socket);
    }

    public override void Close()
    {
        Platform.Close(_socket);
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
