using System;
using System.IO;
using System.Threading;
using System.Threading.Tasks;

namespace Ws.Micro.Benchmarks.Deflate;

/// <summary>A stream that gives what was written to its other end, or to itself, at once. A read with nothing to give waits for ever.</summary>
internal sealed class MemoryPipe : Stream
{
    private readonly byte[] _bytes;
    private readonly MemoryPipe _source;
    private int _start;
    private int _end;

    private MemoryPipe(int size, MemoryPipe? source)
    {
        _bytes = new byte[size];
        _source = source ?? this;
    }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Two ends in one direction: what is written to the first is read from the second. So many bytes fit in between.</summary>
    public static (MemoryPipe Sender, MemoryPipe Receiver) OneWay(int size)
    {
        MemoryPipe sender = new(size, null);
        return (sender, new MemoryPipe(0, sender));
    }

    /// <summary>An end that gives these bytes and takes others, up to so many.</summary>
    public static MemoryPipe Holding(byte[] bytes, int size)
    {
        MemoryPipe source = new(bytes.Length, null);
        source.Put(bytes);
        return new MemoryPipe(size, source);
    }

    /// <summary>What was written and not yet read.</summary>
    public byte[] Written => _bytes[_start.._end];

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        Put(buffer.Span);
        return default;
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        _source._start == _source._end ? new(new TaskCompletionSource<int>().Task) : new(_source.Take(buffer.Span));

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    private void Put(ReadOnlySpan<byte> bytes)
    {
        if (_start == _end)
        {
            _start = _end = 0;
        }

        bytes.CopyTo(_bytes.AsSpan(_end));
        _end += bytes.Length;
    }

    private int Take(Span<byte> buffer)
    {
        int count = Math.Min(buffer.Length, _end - _start);
        _bytes.AsSpan(_start, count).CopyTo(buffer);
        _start += count;
        return count;
    }
}
