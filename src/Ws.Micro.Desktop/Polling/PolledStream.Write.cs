using System;
using System.Buffers;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Threading;
using System.Threading.Tasks;
using System.Threading.Tasks.Sources;

namespace Ws.Micro.Desktop.Polling;

// Writing: at once as far as the system takes it, the rest when the poller says so.
internal sealed partial class PolledStream
{
    // What is written in pieces of at most this size in a turn waits for the end of that, and goes out together.
    private const int MaxBatched = 4096, BatchSize = 16 * 1024;

    private bool _writeWaits;
    private ReadOnlyMemory<byte> _writeRest;
    private CancellationTokenRegistration _writeCancellation;
    private ManualResetValueTaskSourceCore<bool> _write;

    // Written and not yet sent: _batch[_batchStart.._batchEnd]. Rented only while there is some.
    private byte[]? _batch;
    private int _batchStart;
    private int _batchEnd;

    /// <summary>
    /// Whether small writes made in a turn go out together, when the application next waits for something. Whoever ends the sending direction has
    /// to call <see cref="SendBatch"/> before.
    /// </summary>
    public bool Batches { get; set; }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled(cancellationToken);
        }

        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            if (Batches && _runner == Environment.CurrentManagedThreadId && buffer.Length <= MaxBatched && TryBatch(buffer.Span))
            {
                return default;
            }

            _writeRest = buffer;
            if (TryWriteRest())
            {
                _writeRest = default;
                return default;
            }

            _write.Reset();
            _writeWaits = true;
            if (cancellationToken.CanBeCanceled)
            {
                _writeCancellation = cancellationToken.UnsafeRegister(static (stream, token) => ((PolledStream)stream!).Fail(false, true, new OperationCanceledException(token)), this);
            }

            return new ValueTask(this, _write.Version);
        }
    }

    /// <summary>Sends what was written and waits to go out together, as far as the system takes it at once.</summary>
    public void SendBatch()
    {
        lock (_gate)
        {
            try
            {
                if (!_isDisposed)
                {
                    TrySendBatch();
                }
            }
            catch (SocketException)
            {
                // A connection lost shows in the read that waits.
                ReturnBatch();
            }
        }
    }

    // Under the lock: the batch, then the rest of the write. False where the system takes no more now.
    private bool TryWriteRest()
    {
        if (_isFull)
        {
            return false;
        }

        if (_batch != null && !_writeRest.IsEmpty)
        {
            SendBoth();
        }

        if (!TrySendBatch())
        {
            return false;
        }

        while (!_writeRest.IsEmpty)
        {
            int count = TrySend(_writeRest.Span);
            if (count < 0)
            {
                return false;
            }

            _writeRest = _writeRest[count..];
        }

        return true;
    }

    // With one call, which spares a quarter of a long message's cost. Whatever that does not take, or why, shows when it is sent as usual.
    private void SendBoth()
    {
        if (_isFull || !MemoryMarshal.TryGetArray(_writeRest, out ArraySegment<byte> rest))
        {
            return;
        }

        int batched = _batchEnd - _batchStart;
        GCHandle batchHandle = GCHandle.Alloc(_batch, GCHandleType.Pinned), restHandle = GCHandle.Alloc(rest.Array, GCHandleType.Pinned);
        TwoPieces pieces = new(
            Marshal.UnsafeAddrOfPinnedArrayElement(_batch!, _batchStart), batched, Marshal.UnsafeAddrOfPinnedArrayElement(rest.Array!, rest.Offset), rest.Count);
        int count = (int)writev(_descriptor, pieces, 2);
        batchHandle.Free();
        restHandle.Free();
        if (count > 0)
        {
            _batchStart += Math.Min(count, batched);
            _writeRest = _writeRest[Math.Max(0, count - batched)..];
        }
    }

    private bool TryBatch(ReadOnlySpan<byte> bytes)
    {
        if (_writeWaits)
        {
            return false;
        }

        if (_batch != null && _batchEnd + bytes.Length > _batch.Length && !TrySendBatch())
        {
            return false;
        }

        _batch ??= ArrayPool<byte>.Shared.Rent(BatchSize);
        bytes.CopyTo(_batch.AsSpan(_batchEnd));
        _batchEnd += bytes.Length;
        return true;
    }

    private bool TrySendBatch()
    {
        while (_batchStart < _batchEnd)
        {
            int count = TrySend(_batch.AsSpan(_batchStart, _batchEnd - _batchStart));
            if (count < 0)
            {
                return false;
            }

            _batchStart += count;
        }

        ReturnBatch();
        return true;
    }

    private void ReturnBatch()
    {
        if (_batch != null)
        {
            ArrayPool<byte>.Shared.Return(_batch);
            _batch = null;
            _batchStart = _batchEnd = 0;
        }
    }

    private int TrySend(ReadOnlySpan<byte> bytes)
    {
        while (!_isFull)
        {
            _isFull = !_hasEnded;
            int count = _socket.Send(bytes, SocketFlags.None, out SocketError error);
            if (error == SocketError.Success)
            {
                _isFull = false;
                return count;
            }

            if (error != SocketError.WouldBlock)
            {
                throw new SocketException((int)error);
            }

            if (_hasEnded)
            {
                // Only one direction has.
                return -1;
            }
        }

        return -1;
    }

    private void EndWrite(Exception? error)
    {
        _writeCancellation.Dispose();
        _writeCancellation = default;
        _writeRest = default;
        if (error == null)
        {
            _write.SetResult(true);
        }
        else
        {
            _write.SetException(error);
        }
    }

    [DllImport("libc")]
    private static extern nint writev(int descriptor, in TwoPieces pieces, int count);

    // Two of struct iovec.
    private readonly record struct TwoPieces(nint First, nint FirstSize, nint Second, nint SecondSize);
}
