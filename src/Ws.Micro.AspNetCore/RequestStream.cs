using System;
using System.IO;
using System.Net.WebSockets;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.AspNetCore.Http;
using Ws.Micro.Desktop;
using Ws.Micro.Framing;

namespace Ws.Micro.AspNetCore;

/// <summary>
/// The request's stream, whose disposal ends the request: by an aborted socket, at once. Otherwise what has been written still has to go out, so
/// the connection ends when the endpoint returns, and at the latest after the close timeout. The server's own stream ignores disposal.
/// <para>
/// Output goes through the server's stream, which holds slow readers to the server's limits.
/// </para>
/// </summary>
/// <param name="context">The request.</param>
/// <param name="inner">The server's stream.</param>
/// <param name="sendsEachWrite">Whether that sends what is written at once, as Kestrel's does over HTTP/1.1; a flush would only wake it up once more.</param>
/// <param name="closeTimeout">How long the endpoint may still run after the socket is disposed of.</param>
internal sealed class RequestStream(HttpContext context, Stream inner, bool sendsEachWrite, TimeSpan closeTimeout) : Stream
{
    private CancellationTokenSource? _deadline;
    private bool _requestEnded;

    public MicroWebSocket? Socket { get; set; }

    public override bool CanRead => true;
    public override bool CanWrite => true;
    public override bool CanSeek => false;
    public override long Length => throw new NotSupportedException();
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        => inner.ReadAsync(buffer, cancellationToken);
    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
        => inner.ReadAsync(buffer, offset, count, cancellationToken);
    public override int Read(byte[] buffer, int offset, int count) => inner.Read(buffer, offset, count);

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        => inner.WriteAsync(buffer, cancellationToken);
    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
        => inner.WriteAsync(buffer, offset, count, cancellationToken);
    public override void Write(byte[] buffer, int offset, int count) => inner.Write(buffer, offset, count);

    public override Task FlushAsync(CancellationToken cancellationToken) => sendsEachWrite ? Task.CompletedTask : inner.FlushAsync(cancellationToken);
    public override void Flush() => inner.Flush();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <summary>The endpoint has returned: the server ends the connection, and may use the context for another request.</summary>
    public void EndRequest()
    {
        lock (this)
        {
            _requestEnded = true;
            _deadline?.Dispose();
        }
        Socket?.Dispose();
    }

    protected override void Dispose(bool disposing)
    {
        lock (this)
        {
            if (_requestEnded)
            {
                return;
            }
            // A socket that failed because the peer broke a rule has its close frame on the way, which an abort would overtake.
            if (Socket is { State: WebSocketState.Aborted, ProtocolError: ProtocolError.None })
            {
                context.Abort();
                return;
            }
            _deadline = new CancellationTokenSource(closeTimeout);
            _deadline.Token.UnsafeRegister(static aborted => ((HttpContext)aborted!).Abort(), context);
        }
    }
}
