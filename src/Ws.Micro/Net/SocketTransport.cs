using System;
using System.Net.Sockets;

namespace Ws.Micro.Net;

// TCP without TLS. Waits with Poll, so that a time-out costs no exception.
internal partial class SocketTransport : Transport
{
    // Poll promises that there is room, not how much; a longer piece could block the call beyond its deadline.
    private const int MaxPiece = 2048;

    internal SocketTransport(Socket socket) => Socket = socket;

    protected readonly Socket Socket;

    public override int Read(byte[] buffer, int offset, int count, int timeout)
    {
        try
        {
            return Platform.Poll(Socket, timeout, SelectMode.SelectRead)
                ? Socket.Receive(buffer, offset, count, SocketFlags.None)
                : TimedOut;
        }
        catch (Exception)
        {
            return 0;
        }
    }

    public override bool Write(byte[] buffer, int offset, int count, int timeout)
    {
        try
        {
            long deadline = Environment.TickCount64 + timeout;
            while (count > 0)
            {
                if (!Platform.Poll(Socket, TimeLeft(deadline), SelectMode.SelectWrite))
                {
                    return false;
                }

                int sent = Socket.Send(buffer, offset, count < MaxPiece ? count : MaxPiece, SocketFlags.None);
                offset += sent;
                count -= sent;
            }

            return true;
        }
        catch (Exception)
        {
            return false;
        }
    }

    public override void Close() => Platform.Close(Socket);
}
