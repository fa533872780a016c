using System;
using System.IO;

namespace Ws.Micro.Net.Tests;

/// <summary>Holds back what is written to it, so that a test can let it through piece by piece.</summary>
internal sealed class GateStream(Stream inner) : Stream
{
    private MemoryStream? _held;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    internal void Hold() => _held = new MemoryStream();

    /// <summary>What was held. From now on writes go through.</summary>
    internal byte[] Release()
    {
        byte[] held = _held!.ToArray();
        _held = null;
        return held;
    }

    public override int Read(byte[] buffer, int offset, int count) => inner.Read(buffer, offset, count);

    public override void Write(byte[] buffer, int offset, int count) => (_held ?? inner).Write(buffer, offset, count);

    public override void Flush() => inner.Flush();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing) => inner.Dispose();
}
