using System;

namespace Ws.Micro.Handshake;

// Writes a head into a fixed buffer. What does not fit is counted but not written, so that the caller learns the size needed.
internal struct HeadWriter
{
    private readonly byte[] _buffer;

    internal HeadWriter(byte[] buffer)
    {
        _buffer = buffer;
        Size = 0;
    }

    // Bytes written, or that there would be.
    internal int Size;

    internal bool Fits => Size <= _buffer.Length;

    internal void Write(byte[] text) => Write(text, 0, text.Length);

    internal void Write(byte[] text, int offset, int count)
    {
        if (Size + count <= _buffer.Length)
        {
            Array.Copy(text, offset, _buffer, Size, count);
        }

        Size += count;
    }

    // A decimal number, 0 to 999, of three digits.
    internal void WriteStatus(int status)
    {
        if (Size + 3 <= _buffer.Length)
        {
            _buffer[Size] = (byte)('0' + (status / 100));
            _buffer[Size + 1] = (byte)('0' + (status / 10 % 10));
            _buffer[Size + 2] = (byte)('0' + (status % 10));
        }

        Size += 3;
    }
}
