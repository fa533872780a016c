using System;
using System.IO;
using System.Net.Sockets;

namespace Ws.Micro.Net;

// What TLS of the blocking shell reads from. A read from TLS has one deadline for all the reads from the socket that it takes, so that a peer
// that sends a record byte by byte cannot hold it.
internal sealed class DeadlineStream(Socket socket) : NetworkStream(socket, ownsSocket: false)
{
    private long _deadline = long.MaxValue;

    // In milliseconds, from when it is set.
    public override int ReadTimeout
    {
        get => Transport.TimeLeft(_deadline);
        set => _deadline = Environment.TickCount64 + value;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override int Read(Span<byte> buffer) =>
        _deadline == long.MaxValue || Platform.Poll(Socket, Transport.TimeLeft(_deadline), SelectMode.SelectRead)
            ? Socket.Receive(buffer, SocketFlags.None)
            : throw new IOException(null, new SocketException((int)SocketError.TimedOut));
}
