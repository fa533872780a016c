using System;
using System.Threading;
using System.Threading.Tasks;
using System.Threading.Tasks.Sources;

namespace Ws.Micro.Testing;

/// <summary>
/// One end of a connection in memory, for use by one thread. A write always completes at once, and so does a read where there is something to
/// read; another completes within the write that brings it. Allocates nothing but its buffer.
/// </summary>
internal sealed class DuplexPipe : TestStream, IValueTaskSource<int>
{
    private byte[] _inbox;
    private DuplexPipe _peer;
    private int _start;
    private int _end;
    private bool _waits;
    private Memory<byte> _target;
    private ManualResetValueTaskSourceCore<int> _read;

    private DuplexPipe(int size)
    {
        _inbox = new byte[size];
        _peer = this;
    }

    /// <summary>Two ends; so many bytes fit in between, each way.</summary>
    public static (DuplexPipe Client, DuplexPipe Server) Pair(int size)
    {
        DuplexPipe client = new(size);
        DuplexPipe server = new(size) { _peer = client };
        client._peer = server;
        return (client, server);
    }

    /// <summary>Bytes that wait to be read at this end.</summary>
    public ReadOnlySpan<byte> Waiting => _inbox.AsSpan(_start.._end);

    /// <summary>Where the read that waits at this end will put its bytes; null where none waits.</summary>
    public Memory<byte>? Target => _waits ? _target : null;

    /// <summary>Drops the bytes that wait.</summary>
    public void Drop() => _start = _end = 0;

    /// <summary>Makes bytes wait here as though they had come, or gives them to the read that waits. They are not copied before they are read.</summary>
    public void Bring(byte[] bytes)
    {
        _inbox = bytes;
        _start = 0;
        _end = bytes.Length;
        EndRead();
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        _peer.Accept(buffer.Span);
        return default;
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_start < _end)
        {
            return new ValueTask<int>(Take(buffer.Span));
        }

        _read.Reset();
        _target = buffer;
        _waits = true;
        return new ValueTask<int>(this, _read.Version);
    }

    int IValueTaskSource<int>.GetResult(short token) => _read.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<int>.GetStatus(short token) => _read.GetStatus(token);

    void IValueTaskSource<int>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _read.OnCompleted(continuation, state, token, flags);

    private void Accept(ReadOnlySpan<byte> bytes)
    {
        if (_start == _end)
        {
            Drop();
        }

        bytes.CopyTo(_inbox.AsSpan(_end));
        _end += bytes.Length;
        EndRead();
    }

    private void EndRead()
    {
        if (_waits)
        {
            _waits = false;
            _read.SetResult(Take(_target.Span));
        }
    }

    private int Take(Span<byte> buffer)
    {
        int count = Math.Min(buffer.Length, _end - _start);
        _inbox.AsSpan(_start, count).CopyTo(buffer);
        _start += count;
        return count;
    }
}
