using System;
using System.Buffers.Binary;
using Ws.Micro.Framing;

namespace Ws.Micro.Fuzz;

/// <summary>What was read of a stream of frames, as bytes. Allocates nothing after construction.</summary>
internal sealed class FrameLog
{
    // A frame is at least 2 bytes on the wire and at most 11 bytes here besides its payload.
    private readonly byte[] _bytes = new byte[(6 * Input.MaxWire) + 16];
    private int _count;

    public void Clear() => _count = 0;

    public void Header(int firstByte, long length)
    {
        _bytes[_count++] = (byte)'H';
        _bytes[_count++] = (byte)firstByte;
        BinaryPrimitives.WriteInt64BigEndian(_bytes.AsSpan(_count), length);
        _count += sizeof(long);
    }

    public void Payload(ReadOnlySpan<byte> part)
    {
        part.CopyTo(_bytes.AsSpan(_count));
        _count += part.Length;
    }

    public void EndOfFrame() => _bytes[_count++] = (byte)'E';

    public void Error(ProtocolError error)
    {
        _bytes[_count++] = (byte)'X';
        _bytes[_count++] = (byte)error;
    }

    public override string ToString() => Convert.ToHexString(_bytes, 0, _count);
}
