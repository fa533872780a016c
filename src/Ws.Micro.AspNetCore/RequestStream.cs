using System;
using System.Buffers;
using System.IO;
using System.IO.Pipelines;
using System.Net.WebSockets;
using System.Runtime.CompilerServices;
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
/// Input comes straight from the connection's pipe where there is one, as with Kestrel's HTTP/1.1: what the server's stream has in between costs
/// time for each message and memory while it waits. Output goes through that stream, which holds slow readers to the server's limits.
/// </para>
/// </summary>
internal sealed class RequestStream(HttpContext context, Stream inner, PipeReader? input, TimeSpan closeTimeout) : Stream
{
    private readonly Lock _ending = new();
    private CancellationTokenSource? _deadline;
    private bool _requestEnded;

    public MicroWebSocket? Socket { get; set; }

    public override bool CanRead => true;
    public override bool CanWrite => true;
    public override bool CanSeek => false;
    public override long Length => throw new NotSupportedException();
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (input is null)
        {
            return inner.ReadAsync(buffer, cancellationToken);
        }

        ValueTask<ReadResult> read = input.ReadAsync(cancellationToken);
        return read.IsCompletedSuccessfully ? new ValueTask<int>(Take(read.Result, buffer.Span)) : TakeAsync(read, buffer);
    }
    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
        => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();
    public override int Read(byte[] buffer, int offset, int count)
        => ReadAsync(buffer.AsMemory(offset, count)).AsTask().GetAwaiter().GetResult();

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        => inner.WriteAsync(buffer, cancellationToken);
    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
        => inner.WriteAsync(buffer, offset, count, cancellationToken);
    public override void Write(byte[] buffer, int offset, int count) => inner.Write(buffer, offset, count);

    // Kestrel sends with each write; a flush would only wake it up once more.
    public override Task FlushAsync(CancellationToken cancellationToken) => input is null ? inner.FlushAsync(cancellationToken) : Task.CompletedTask;
    public override void Flush() => inner.Flush();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <summary>The endpoint has returned: the server ends the connection, and may use the context for another request.</summary>
    public void EndRequest()
    {
        lock (_ending)
        {
            _requestEnded = true;
            _deadline?.Dispose();
        }
        Socket?.Dispose();
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<int> TakeAsync(ValueTask<ReadResult> read, Memory<byte> buffer)
        => Take(await read.ConfigureAwait(false), buffer.Span);

    // What fits into the buffer; into an empty one nothing, as soon as there is something.
    private int Take(ReadResult read, Span<byte> buffer)
    {
        ReadOnlySequence<byte> available = read.Buffer;
        int count = (int)Math.Min(available.Length, buffer.Length);
        SequencePosition taken = available.GetPosition(count);
        available.Slice(0, taken).CopyTo(buffer);
        input!.AdvanceTo(taken);
        return read.IsCanceled ? throw new OperationCanceledException("The server stops.") : count;
    }

    protected override void Dispose(bool disposing)
    {
        lock (_ending)
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
