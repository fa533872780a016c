using System;
using System.IO;
using System.Threading;
using System.Threading.Tasks;

namespace RpiGateway.Mqtt;

/// <summary>
/// A transport that writes together what was written while it was held, or while it was writing: a hundred packets take one call of the system, and
/// not a hundred. What is written is gathered up to 16 KB, then it is written out, or waited for. A write that fails shows in the next, and
/// ends the transport, so that it shows in a read too. For one reader and any writers.
/// </summary>
internal sealed class GatheringStream : Stream
{
    /// <summary>The most that is gathered, in bytes.</summary>
    public const int Capacity = 16 * 1024;

    private static readonly TimeSpan CloseTimeout = TimeSpan.FromSeconds(2);

    private readonly Lock _lock = new();
    private Stream? _inner;
    private byte[] _gathered = [];
    private byte[] _leaving = [];
    private int _count;
    private bool _isHeld;
    private bool _isWriting;
    private Task _writing = Task.CompletedTask;
    private Exception? _failure;

    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Goes over a transport, which it owns from then on; once.</summary>
    public GatheringStream Over(Stream inner)
    {
        _inner = inner;
        _gathered = new byte[Capacity];
        _leaving = new byte[Capacity];
        return this;
    }

    /// <summary>From now on what is written waits for <see cref="Release"/>, as far as there is room.</summary>
    public void Hold()
    {
        lock (_lock)
        {
            _isHeld = true;
        }
    }

    /// <summary>Writes out what has waited, and no longer holds what comes. Does not wait for it.</summary>
    public void Release()
    {
        lock (_lock)
        {
            _isHeld = false;
            BeginWriting();
        }
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (true)
        {
            Task room;
            lock (_lock)
            {
                if (_failure is not null)
                {
                    throw new IOException(_failure.Message, _failure);
                }

                int count = Math.Min(buffer.Length, Capacity - _count);
                buffer.Span[..count].CopyTo(_gathered.AsSpan(_count));
                buffer = buffer[count..];
                _count += count;
                if (!_isHeld || !buffer.IsEmpty)
                {
                    BeginWriting();
                }

                room = _writing;
            }

            if (buffer.IsEmpty)
            {
                return;
            }

            await room.WaitAsync(cancellationToken);
        }
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => _inner!.ReadAsync(buffer, cancellationToken);

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        _inner!.ReadAsync(buffer, offset, count, cancellationToken);

    /// <summary>Does nothing: what is written goes out without it.</summary>
    public override void Flush()
    {
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    /// <summary>Waits a while until what was written is out, and ends the transport.</summary>
    public override async ValueTask DisposeAsync()
    {
        Release();
        await _writing.WaitAsync(CloseTimeout).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await base.DisposeAsync();
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _inner?.Dispose();
        }

        base.Dispose(disposing);
    }

    // Under the lock.
    private void BeginWriting()
    {
        if (!_isWriting && _count > 0)
        {
            _isWriting = true;
            _writing = WriteOutAsync();
        }
    }

    // Never throws. One at a time.
    private async Task WriteOutAsync()
    {
        try
        {
            do
            {
                await _inner!.WriteAsync(Swap(), CancellationToken.None);
            }
            while (IsMore());
        }
        catch (Exception error)
        {
            lock (_lock)
            {
                _failure = error;
                _isWriting = false;
            }

            _inner!.Dispose();
        }
    }

    private ReadOnlyMemory<byte> Swap()
    {
        lock (_lock)
        {
            (_gathered, _leaving) = (_leaving, _gathered);
            int count = _count;
            _count = 0;
            return _leaving.AsMemory(0, count);
        }
    }

    private bool IsMore()
    {
        lock (_lock)
        {
            return _isWriting = _count > 0 && !_isHeld;
        }
    }
}
