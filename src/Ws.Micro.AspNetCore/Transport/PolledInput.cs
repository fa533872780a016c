using System;
using System.Buffers;
using System.IO;
using System.IO.Pipelines;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.AspNetCore.Connections;
using Ws.Micro.Desktop.Polling;

namespace Ws.Micro.AspNetCore.Transport;

/// <summary>What Kestrel reads of a connection. It reads from the socket only when it is asked for more, and while it waits it holds no buffer.</summary>
internal sealed class PolledInput(PolledStream stream) : PipeReader
{
    private const int BufferSize = 4096, MinRoom = 1024;

    // Read and not consumed: _buffer[_start.._end]. Rented only while there is some.
    private byte[]? _buffer;
    private int _start;
    private int _end;
    private bool _isExamined = true;
    private bool _hasEnded;

    private ReadOnlySequence<byte> Available => new(_buffer ?? [], _start, _end - _start);

    public override bool TryRead(out ReadResult result)
    {
        bool isCancelled = stream.TakeCancellation();
        result = new ReadResult(Available, isCancelled, _hasEnded);
        return isCancelled || _hasEnded || !_isExamined;
    }

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default) =>
        TryRead(out ReadResult result) ? new ValueTask<ReadResult>(result) : ReadOnAsync(cancellationToken);

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        ReadOnlySequence<byte> available = Available;
        _isExamined = available.GetOffset(examined) - available.GetOffset(available.Start) == available.Length;
        _start += (int)(available.GetOffset(consumed) - available.GetOffset(available.Start));
        if (_start == _end)
        {
            ReturnBuffer();
        }
    }

    public override void CancelPendingRead() => stream.CancelRead();

    public override void Complete(Exception? exception = null) => ReturnBuffer();

    /// <summary>Consumes all that was read.</summary>
    public byte[] TakeRest()
    {
        byte[] rest = Available.ToArray();
        ReturnBuffer();
        return rest;
    }

    /// <summary>Drops what the system has: the connection's end would be a reset otherwise, which could overtake what was sent.</summary>
    public void DropAvailable()
    {
        Span<byte> dropped = stackalloc byte[BufferSize];
        try
        {
            while (stream.Socket.Receive(dropped, SocketFlags.None, out SocketError error) > 0 && error == SocketError.Success)
            {
            }
        }
        catch (ObjectDisposedException)
        {
            // It is over already.
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<ReadResult> ReadOnAsync(CancellationToken cancellationToken)
    {
        bool isCancelled = false;
        try
        {
            if (_buffer == null)
            {
                _ = await stream.ReadAsync(Memory<byte>.Empty, cancellationToken);
            }

            MakeRoom();
            int count = await stream.ReadAsync(_buffer.AsMemory(_end), cancellationToken);
            _end += count;
            _hasEnded = count == 0;
            _isExamined = false;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            isCancelled = true;
        }
        catch (SocketException e)
        {
            throw e.SocketErrorCode == SocketError.ConnectionReset ? new ConnectionResetException(e.Message, e) : new IOException(e.Message, e);
        }
        catch (ObjectDisposedException e)
        {
            throw new ConnectionAbortedException("The connection was ended.", e);
        }

        if (_start == _end)
        {
            ReturnBuffer();
        }

        return new ReadResult(Available, isCancelled, _hasEnded);
    }

    private void MakeRoom()
    {
        if (_buffer == null)
        {
            _buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        }
        else if (_buffer.Length - _end < MinRoom)
        {
            int count = _end - _start;
            byte[] buffer = ArrayPool<byte>.Shared.Rent(Math.Max(BufferSize, 2 * count));
            _buffer.AsSpan(_start, count).CopyTo(buffer);
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = buffer;
            _start = 0;
            _end = count;
        }
    }

    private void ReturnBuffer()
    {
        if (_buffer != null)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = null;
            _start = _end = 0;
            _isExamined = true;
        }
    }
}
