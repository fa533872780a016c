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
        int size = 2;
        buffer[offset] = (byte)firstByte;
        if (payloadLength < 126)
        {
            buffer[offset + 1] = (byte)(maskBit | (int)payloadLength);
        }
        else
        {
            size = payloadLength < 65536 ? 4 : 10;
            buffer[offset + 1] = (byte)(maskBit | (size == 4 ? 126 : 127));
            for (int i = size - 1; i >= 2; i--)
            {
                buffer[offset + i] = (byte)payloadLength;
                payloadLength >>= 8;
            }
        }

        if (masked)
        {
            int i = offset + size;
            buffer[i] = (byte)maskKey;
            buffer[i + 1] = (byte)(maskKey >> 8);
            buffer[i + 2] = (byte)(maskKey >> 16);
            buffer[i + 3] = (byte)(maskKey >> 24);
            size += 4;
        }

        return size;
    }
}
