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

    // A text in ASCII.
    internal void Write(string text)
    {
        if (Size + text.Length <= _buffer.Length)
        {
            System.Text.Encoding.UTF8.GetBytes(text, 0, text.Length, _buffer, Size);
        }

        Size += text.Length;
    }

    internal void Write(byte[] text)
    {
        if (Size + text.Length <= _buffer.Length)
        {
            Array.Copy(text, 0, _buffer, Size, text.Length);
        }

        Size += text.Length;
    }

    // A decimal number of three digits.
    internal void WriteStatus(int status)
    {
        Size += 3;
        if (Size <= _buffer.Length)
        {
            for (int i = 1; i <= 3; i++)
            {
                _buffer[Size - i] = (byte)('0' + (status % 10));
                status /= 10;
            }
        }
    }
}
