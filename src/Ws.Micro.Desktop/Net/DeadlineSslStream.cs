using System;
using System.IO;
using System.Net.Security;
using System.Net.Sockets;

namespace Ws.Micro.Net;

// TLS for the blocking shell. A read has one deadline for all the reads from the socket that it takes, so that a peer that sends a record byte
// by byte cannot hold it.
internal sealed class DeadlineSslStream : SslStream
{
    private readonly DeadlineStream _inner;

    internal DeadlineSslStream(Socket socket)
        : this(new DeadlineStream(socket))
    {
    }

    private DeadlineSslStream(DeadlineStream inner)
        : base(inner) => _inner = inner;

    // In milliseconds, from now.
    internal void SetReadTimeout(int timeout) => _inner.Deadline = Environment.TickCount64 + timeout;

    private sealed class DeadlineStream(Socket socket) : NetworkStream(socket, ownsSocket: false)
    {
        internal long Deadline { get; set; } = long.MaxValue;

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override int Read(Span<byte> buffer) =>
            Deadline == long.MaxValue || Platform.Poll(Socket, Transport.TimeLeft(Deadline), SelectMode.SelectRead)
                ? Socket.Receive(buffer, SocketFlags.None)
                : throw new IOException(null, new SocketException((int)SocketError.TimedOut));
    }
}
