using System;

namespace Esp32Sensor.Node;

/// <summary>Writes ASCII text into a caller's array, which must be large enough. Allocates nothing once constructed.</summary>
public sealed class AsciiWriter
{
    private byte[] _buffer = new byte[0];

    /// <summary>Where the next character goes: also the number of bytes written, for one that began at 0.</summary>
    public int Position { get; private set; }

    /// <summary>Begins to write into <paramref name="buffer"/> at <paramref name="offset"/>.</summary>
    public void Begin(byte[] buffer, int offset)
    {
        _buffer = buffer;
        Position = offset;
    }

    /// <summary>Writes one character.</summary>
    public void Append(char c) => _buffer[Position++] = (byte)c;

    /// <summary>Writes text that is encoded already.</summary>
    public void Append(byte[] text)
    {
        Array.Copy(text, 0, _buffer, Position, text.Length);
        Position += text.Length;
    }

    /// <summary>Writes a number divided by ten to the power of <paramref name="decimals"/>, with that many places behind the point.</summary>
    /// <param name="value">Any but the lowest of its type.</param>
    /// <param name="decimals">0 for a whole number.</param>
    public void AppendNumber(long value, int decimals = 0)
    {
        byte[] buffer = _buffer;
        if (value < 0)
        {
            buffer[Position++] = (byte)'-';
            value = -value;
        }

        int digits = decimals + 1;
        long rest = value;
        for (int i = 0; i < decimals; i++)
        {
            rest /= 10;
        }

        while (rest >= 10)
        {
            rest /= 10;
            digits++;
        }

        int end = Position + digits + (decimals > 0 ? 1 : 0);
        int point = decimals > 0 ? end - decimals - 1 : -1;
        for (int at = end - 1; at >= Position; at--)
        {
            if (at == point)
            {
                buffer[at] = (byte)'.';
                continue;
            }

            buffer[at] = (byte)('0' + (int)(value % 10));
            value /= 10;
        }

        Position = end;
    }
}
