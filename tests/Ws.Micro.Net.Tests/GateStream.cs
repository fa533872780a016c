using System.IO;
using Ws.Micro.Testing;

namespace Ws.Micro.Net.Tests;

/// <summary>Holds back what is written to it, so that a test can let it through piece by piece.</summary>
internal sealed class GateStream(Stream inner) : TestStream
{
    private MemoryStream? _held;

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

    protected override void Dispose(bool disposing) => inner.Dispose();
}
