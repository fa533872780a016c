using System;
using System.IO;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Threading;
using System.Threading.Tasks;
using System.Threading.Tasks.Sources;

namespace Ws.Micro.Desktop.Polling;

/// <summary>
/// A connection whose waiting reads and writes a <see cref="Poller"/> completes, on its own thread or on one of the thread pool. One read and one
/// write at a time. It owns the socket. While it waits it holds no buffer but the one it was given, and it allocates nothing.
/// </summary>
internal sealed partial class PolledStream : Stream, IValueTaskSource<int>, IValueTaskSource, IThreadPoolWorkItem
{
    // Reads that complete at once in a turn, before the poller's other connections have theirs.
    private const int MaxInTurn = 32;

    // Of turns in a row that were too long: the thread pool gets 1, 2, 4 and so on to 1024 others before the poller tries again.
    private const int MaxDoublings = 10;

    private readonly Socket _socket;
    private readonly int _descriptor;
    private readonly Poller _poller;
    private readonly Lock _gate = new();

    // Whether the socket was found empty, or full, and no event has said otherwise. Of an ended one there is no further event.
    private bool _isEmpty;
    private bool _isFull;
    private bool _hasEnded;
    private bool _isDisposed;

    // In a turn: the id of the thread that has it, and how many reads it has done.
    private int _runner;
    private int _inTurn;

    // Of the poller's leader alone: turns in a row that were too long, and those that the thread pool is to have now.
    private int _tooLong;
    private int _forPool;

    private bool _readWaits;
    private bool _isReadCancelled;
    private Memory<byte> _readBuffer;
    private CancellationTokenRegistration _readCancellation;
    private ManualResetValueTaskSourceCore<int> _read;

    /// <param name="socket">Connected, and used by nobody else but to end its directions.</param>
    /// <param name="poller">Completes what waits.</param>
    public PolledStream(Socket socket, Poller poller)
        : this(socket, poller, isConnecting: false)
    {
    }

    private PolledStream(Socket socket, Poller poller, bool isConnecting)
    {
        _socket = socket;
        _poller = poller;
        _isFull = isConnecting;
        socket.Blocking = false;
        _descriptor = (int)socket.Handle;
        poller.Watch(this, socket);
    }

    /// <summary>For ending one direction alone; whoever ends both disposes of the stream.</summary>
    public Socket Socket => _socket;

    /// <summary>Whether the poller may run the application itself, instead of the thread pool.</summary>
    public bool IsInline { get; set; }

    /// <summary>Cancelled, on the thread pool, when a read finds the end or the connection is lost, be there a read or not.</summary>
    public CancellationTokenSource? Ended { get; set; }

    /// <summary>
    /// Whether <see cref="Ended"/> is cancelled too when the peer has ended its direction, all that it sent is read, and no further read has found out.
    /// </summary>
    public bool TellsPeerEnded { get; set; }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<int>(cancellationToken);
        }

        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            if (_isReadCancelled)
            {
                _isReadCancelled = false;
                return ValueTask.FromException<int>(new OperationCanceledException());
            }

            bool yields = _runner == Environment.CurrentManagedThreadId && ++_inTurn > MaxInTurn;
            int count = yields ? -1 : TryRead(buffer.Span);
            if (count >= 0)
            {
                return new ValueTask<int>(count);
            }

            _read.Reset();
            _readBuffer = buffer;
            _readWaits = true;
            if (cancellationToken.CanBeCanceled)
            {
                _readCancellation = cancellationToken.UnsafeRegister(static (stream, token) => ((PolledStream)stream!).Fail(true, false, new OperationCanceledException(token)), this);
            }

            if (yields)
            {
                _poller.Again(this);
            }

            return new ValueTask<int>(this, _read.Version);
        }
    }

    /// <summary>The leader's call: the socket may have become ready.</summary>
    /// <returns>Whether something waits for that, so that <see cref="Run"/> has to be called.</returns>
    public bool BecomeReady(bool readable, bool writable, bool peerEnded, bool lost)
    {
        bool ended = peerEnded || lost;
        lock (_gate)
        {
            _isEmpty &= !(readable || ended);
            _isFull &= !(writable || ended);
            _hasEnded |= ended;
            if (Ended != null && (lost || (peerEnded && TellsPeerEnded)) && !_readWaits && !_isDisposed && IsAtEnd())
            {
                Ended.CancelAsync();
            }

            readable |= ended;
            writable |= ended;
            return (readable && _readWaits) || (writable && (_writeWaits || _batch != null));
        }
    }

    /// <summary>Ends the read that waits, or else the next, with an <see cref="OperationCanceledException"/>. No byte is lost by it.</summary>
    public void CancelRead()
    {
        lock (_gate)
        {
            _isReadCancelled = !_readWaits;
        }

        Fail(true, false, new OperationCanceledException());
    }

    /// <summary>Takes back a <see cref="CancelRead"/> that no read has met yet.</summary>
    /// <returns>Whether there was one.</returns>
    public bool TakeCancellation()
    {
        lock (_gate)
        {
            bool isCancelled = _isReadCancelled;
            _isReadCancelled = false;
            return isCancelled;
        }
    }

    /// <summary>The leader's call: it will <see cref="Run"/> the application on this thread.</summary>
    /// <returns>False where the thread pool has to.</returns>
    public bool TryBeginTurn()
    {
        if (!IsInline || _forPool > 0)
        {
            _forPool -= _forPool > 0 ? 1 : 0;
            return false;
        }

        _inTurn = 0;
        Volatile.Write(ref _runner, Environment.CurrentManagedThreadId);
        return true;
    }

    /// <summary>The leader's call: the turn was over in time.</summary>
    public void EndTurn() => _tooLong = 0;

    /// <summary>The call of the leader's successor: the turn was not. What was sent in it must not wait for its end.</summary>
    public void BreakTurn()
    {
        _forPool = 1 << _tooLong;
        _tooLong = Math.Min(_tooLong + 1, MaxDoublings);
        lock (_gate)
        {
            _runner = 0;
            SendBatch();
        }
    }

    /// <summary>Ends what waits and can be ended, and so runs the application.</summary>
    public void Run()
    {
        Exception? readError = null, writeError = null;
        bool endsRead = false, endsWrite = false;
        int count = 0;
        lock (_gate)
        {
            if (!_isDisposed && (_writeWaits || _batch != null))
            {
                try
                {
                    endsWrite = TryWriteRest() && _writeWaits;
                }
                catch (SocketException e)
                {
                    ReturnBatch();
                    writeError = e;
                    endsWrite = _writeWaits;
                }
            }

            if (!_isDisposed && _readWaits)
            {
                try
                {
                    count = TryRead(_readBuffer.Span);
                }
                catch (SocketException e)
                {
                    readError = e;
                }

                endsRead = readError != null || count >= 0;
            }

            _readWaits &= !endsRead;
            _writeWaits &= !endsWrite;
        }

        if (endsWrite)
        {
            EndWrite(writeError);
        }

        if (endsRead)
        {
            EndRead(count, readError);
        }

        lock (_gate)
        {
            if (_runner == Environment.CurrentManagedThreadId)
            {
                _runner = 0;
                SendBatch();
            }
        }
    }

    void IThreadPoolWorkItem.Execute() => Run();

    int IValueTaskSource<int>.GetResult(short token) => _read.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<int>.GetStatus(short token) => _read.GetStatus(token);

    void IValueTaskSource<int>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _read.OnCompleted(continuation, state, token, flags);

    void IValueTaskSource.GetResult(short token) => _write.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _write.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _write.OnCompleted(continuation, state, token, flags);

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        lock (_gate)
        {
            if (_isDisposed)
            {
                return;
            }

            SendBatch();
            _isDisposed = true;
            ReturnBatch();
        }

        _poller.Forget(this, _descriptor);
        _socket.Dispose();
        Fail(true, true, new ObjectDisposedException(GetType().FullName));
    }

    // Under the lock: what there is; below 0 where nothing is. A buffer of 0 bytes gets 0 as soon as there is something.
    private int TryRead(Span<byte> buffer)
    {
        Span<byte> look = stackalloc byte[1];
        while (!_isEmpty)
        {
            // Before the call, so that an event that comes meanwhile counts.
            _isEmpty = !_hasEnded;
            int count = buffer.IsEmpty ? _socket.Receive(look, SocketFlags.Peek, out SocketError error) : _socket.Receive(buffer, SocketFlags.None, out error);
            if (error == SocketError.Success)
            {
                // Less than asked for is all there was, and more will be told.
                _isEmpty &= count < buffer.Length;
                if (count == 0 && !buffer.IsEmpty)
                {
                    Ended?.CancelAsync();
                }

                return buffer.IsEmpty ? 0 : count;
            }

            if (error != SocketError.WouldBlock)
            {
                Ended?.CancelAsync();
                throw new SocketException((int)error);
            }

            if (_hasEnded)
            {
                // The event was for the socket that had the descriptor before.
                return -1;
            }
        }

        return -1;
    }

    // Under the lock: whether there will be nothing more to read. Looks for itself, because the event may have been for the socket that had the
    // descriptor before.
    private bool IsAtEnd()
    {
        Span<byte> look = stackalloc byte[1];
        int count = _socket.Receive(look, SocketFlags.Peek, out SocketError error);
        return count == 0 && error != SocketError.WouldBlock;
    }

    // Ends what waits, on another thread, because this one may be in the middle of something.
    private void Fail(bool read, bool write, Exception error)
    {
        bool endsRead, endsWrite;
        lock (_gate)
        {
            endsRead = read && _readWaits;
            endsWrite = write && _writeWaits;
            _readWaits &= !endsRead;
            _writeWaits &= !endsWrite;
        }

        if (endsRead || endsWrite)
        {
            ThreadPool.UnsafeQueueUserWorkItem(
                static failed =>
                {
                    if (failed.EndsWrite)
                    {
                        failed.Stream.EndWrite(failed.Error);
                    }

                    if (failed.EndsRead)
                    {
                        failed.Stream.EndRead(0, failed.Error);
                    }
                },
                (Stream: this, EndsRead: endsRead, EndsWrite: endsWrite, Error: error),
                preferLocal: false);
        }
    }

    private void EndRead(int count, Exception? error)
    {
        _readCancellation.Dispose();
        _readCancellation = default;
        _readBuffer = default;
        if (error == null)
        {
            _read.SetResult(count);
        }
        else
        {
            _read.SetException(error);
        }
    }
}
