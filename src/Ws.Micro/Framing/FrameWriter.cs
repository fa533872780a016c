namespace Ws.Micro.Framing;

/// <summary>Writes frame headers (RFC 6455 §5.2). Knows one frame at a time, and nothing of messages or connections.</summary>
public static class FrameWriter
{
    /// <summary>The FIN bit of the first byte: the last frame of its message.</summary>
    public const int Fin = 0x80;

    /// <summary>The RSV1 bit of the first byte, which an extension may give a meaning.</summary>
    public const int Rsv1 = 0x40;

    /// <summary>The size in bytes, 2 to 14, of the header for a payload of <paramref name="payloadLength"/> bytes.</summary>
    public static int HeaderSize(long payloadLength, bool masked)
    {
        int size = payloadLength < 126 ? 2 : payloadLength < 65536 ? 4 : 10;
        return masked ? size + 4 : size;
    }

    /// <summary>
    /// Writes a header at <paramref name="offset"/>, its length in the fewest bytes, and returns its size.
    /// <paramref name="firstByte"/> is an <see cref="Opcode"/> with <see cref="Fin"/> and <see cref="Rsv1"/> as wanted.
    /// A <paramref name="maskKey"/> goes on the wire lowest 8 bits first, as <see cref="Masking"/> takes it.
    /// </summary>
    public static int WriteHeader(byte[] buffer, int offset, int firstByte, long payloadLength, bool masked, int maskKey)
    {
        int maskBit = masked ? 0x80 : 0;
        int i = offset;
        buffer[i++] = (byte)firstByte;
        if (payloadLength < 126)
        {
            buffer[i++] = (byte)(maskBit | (int)payloadLength);
        }
        else if (payloadLength < 65536)
        {
            buffer[i++] = (byte)(maskBit | 126);
            buffer[i++] = (byte)(payloadLength >> 8);
            buffer[i++] = (byte)payloadLength;
        }
        else
        {
            buffer[i++] = (byte)(maskBit | 127);
            for (int shift = 56; shift >= 0; shift -= 8)
            {
                buffer[i++] = (byte)(payloadLength >> shift);
            }
        }

        if (masked)
        {
            buffer[i++] = (byte)maskKey;
            buffer[i++] = (byte)(maskKey >> 8);
            buffer[i++] = (byte)(maskKey >> 16);
            buffer[i++] = (byte)(maskKey >> 24);
        }

        return i - offset;
    }
}
