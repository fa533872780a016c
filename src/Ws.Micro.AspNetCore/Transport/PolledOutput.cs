using System;
using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Threading;
using System.Threading.Tasks;
using Ws.Micro.Desktop.Polling;

namespace Ws.Micro.AspNetCore.Transport;

/// <summary>What Kestrel writes to a connection: kept until it is flushed, and then sent with one call as far as the system takes it at once.</summary>
internal sealed class PolledOutput(PolledStream stream) : PipeWriter
{
    private const int BufferSize = 4096;

    // Rented only while something is written and not yet sent.
    private byte[]? _buffer;
    private int _count;
    private bool _hasFailed;
    private bool _isFlushCancelled;

    public override bool CanGetUnflushedBytes => true;

    public override long UnflushedBytes => _count;

    public override Memory<byte> GetMemory(int sizeHint = 0)
    {
        int needed = _count + Math.Max(sizeHint, 1);
        if (_buffer == null)
        {
            _buffer = ArrayPool<byte>.Shared.Rent(Math.Max(needed, BufferSize));
        }
        else if (_buffer.Length < needed)
        {
            byte[] buffer = ArrayPool<byte>.Shared.Rent(Math.Max(needed, 2 * _buffer.Length));
            _buffer.AsSpan(0, _count).CopyTo(buffer);
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = buffer;
        }

        return _buffer.AsMemory(_count);
    }

    public override Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    public override void Advance(int bytes)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)bytes, (uint)((_buffer?.Length ?? 0) - _count));
        _count += bytes;
    }

    /// <summary>A connection lost is no error here, but a result: nobody reads any more.</summary>
    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        if (_count == 0 || _hasFailed)
        {
            ReturnBuffer();
            return new ValueTask<FlushResult>(Result());
        }

        return SendAsync(cancellationToken);
    }

    /// <summary>Makes the next flush, or the one under way when it ends, say so.</summary>
    public override void CancelPendingFlush() => Volatile.Write(ref _isFlushCancelled, true);

    /// <summary>What is not flushed is for the connection's end to send.</summary>
    public override void Complete(Exception? exception = null)
    {
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<FlushResult> SendAsync(CancellationToken cancellationToken)
    {
        try
        {
            await stream.WriteAsync(_buffer.AsMemory(0, _count), cancellationToken);
        }
        catch (Exception) when (!cancellationToken.IsCancellationRequested)
        {
            _hasFailed = true;
        }
        catch
        {
            // What went out may be a part.
            _hasFailed = true;
            throw;
        }
        finally
        {
            ReturnBuffer();
        }

        return Result();
    }

    private FlushResult Result() => new(Interlocked.Exchange(ref _isFlushCancelled, false), _hasFailed);

    private void ReturnBuffer()
    {
        if (_buffer != null)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = null;
            _count = 0;
        }
    }
}
