namespace Ws.Micro.Framing;

/// <summary>
/// Reads frames out of a byte stream, whatever its split: a header with <see cref="ReadHeader"/>, then its payload with
/// <see cref="ReadPayload"/>, unmasked in place. Checks every rule that one frame can break (RFC 6455 §5.2, §5.5); the order of
/// frames is the engine's concern. Not safe for use by two threads at once.
/// <para>What it tells stands in fields, which it alone writes: on the device each property costs a call, and 40 bytes of flash.</para>
/// </summary>
public sealed class FrameReader
{
    private readonly bool _masked;

    // The bits of a first byte that a header of data without fault has clear, but for the opcode.
    private readonly int _plain;
    private readonly byte[] _head = new byte[Limits.MaxHeaderSize];
    private int _count;
    private int _key;

    /// <param name="masked">Whether every frame must be masked (reading as a server) or none may be (as a client), §5.1.</param>
    /// <param name="rsv1Defined">Whether an agreed extension gives RSV1 a meaning on data frames.</param>
    public FrameReader(bool masked, bool rsv1Defined)
    {
        _masked = masked;
        _plain = rsv1Defined ? 0x3F : 0x7F;
    }

    /// <summary>Whether a header has been read. Whoever reads the frame sets it back to false: then the next byte begins a header.</summary>
    public bool InFrame;

    /// <summary>The first byte of the current frame's header: FIN, RSV1 and the opcode.</summary>
    public int FirstByte;

    /// <summary>Payload bytes of the current frame that have not been read, 0 to 2^63 - 1.</summary>
    public long Remaining;

    /// <summary>The rule that the last header broke. Once set, the reader reads no more.</summary>
    public ProtocolError Error;

    /// <summary>
    /// Reads header bytes and returns how many it took. The header is whole when <see cref="InFrame"/> turns true; it is refused
    /// when <see cref="Error"/> is set: with its second byte, or for a wrong length once it is whole.
    /// </summary>
    public int ReadHeader(byte[] buffer, int offset, int count)
    {
        if (Error != ProtocolError.None)
        {
            return 0;
        }

        if (_count == 0 && count >= 2)
        {
            int first = buffer[offset];
            int second = buffer[offset + 1];
            int size = second < 126 ? 2 : HeaderSize(second);
            if (size <= count)
            {
                // Nearly every frame is one of data, without fault.
                if (((first & _plain) <= 2 && (second > 0x7F) == _masked) || Check(first, second))
                {
                    Parse(buffer, offset);
                }

                return size;
            }
        }

        int used = 0;
        while (used < count)
        {
            _head[_count++] = buffer[offset + used];
            used++;
            if (_count >= 2)
            {
                if (_count == 2 && !Check(_head[0], _head[1]))
                {
                    break;
                }

                int size = HeaderSize(_head[1]);
                if (_count == size)
                {
                    _count = 0;
                    Parse(_head, 0);
                    break;
                }
            }
        }

        return used;
    }

    /// <summary>Takes as many of the <paramref name="count"/> bytes as belong to the current frame, unmasks them in place, and returns their number.</summary>
    public int ReadPayload(byte[] buffer, int offset, int count)
    {
        if (count > Remaining)
        {
            count = (int)Remaining;
        }

        if (_masked && count > 0)
        {
            _key = Masking.Apply(buffer, offset, count, _key);
        }

        Remaining -= count;
        return count;
    }

    private static int HeaderSize(int secondByte)
    {
        int length = secondByte & 0x7F;
        int size = length < 126 ? 2 : length == 126 ? 4 : 10;
        return (secondByte & 0x80) != 0 ? size + 4 : size;
    }

    private bool Check(int first, int second)
    {
        int opcode = first & 0x0F;
        bool control = opcode >= 8;

        // §5.2: RSV1-3 MUST be 0 unless an extension defines them; RFC 7692 §6.1 defines RSV1, and not for control frames.
        // §5.5: control frames MUST NOT be fragmented and MUST have a payload of 125 bytes or less.
        // §5.1: a server closes on an unmasked frame, a client on a masked one.
        Error = (first & (control ? 0x70 : _plain & 0x70)) != 0 ? ProtocolError.ReservedBit
            : (opcode > 2 && opcode < 8) || opcode > 10 ? ProtocolError.ReservedOpcode
            : control && (first & FrameWriter.Fin) == 0 ? ProtocolError.FragmentedControlFrame
            : control && (second & 0x7F) > Limits.MaxControlPayload ? ProtocolError.ControlFrameTooLong
            : (second > 0x7F) == _masked ? ProtocolError.None
            : _masked ? ProtocolError.MaskMissing : ProtocolError.MaskForbidden;
        return Error == ProtocolError.None;
    }

    private void Parse(byte[] header, int offset)
    {
        int i = offset + 2;
        long length = header[offset + 1] & 0x7F;
        if (length == 126)
        {
            length = (header[i] << 8) | header[i + 1];
            i += 2;
            if (length < 126)
            {
                Error = ProtocolError.LengthNotMinimal;
                return;
            }
        }
        else if (length == 127)
        {
            length = 0;
            for (int end = i + 8; i < end; i++)
            {
                length = (length << 8) | header[i];
            }

            if (length < 65536)
            {
                // §5.2: the most significant bit MUST be 0, and the minimal number of bytes MUST be used.
                Error = length < 0 ? ProtocolError.LengthTooLarge : ProtocolError.LengthNotMinimal;
                return;
            }
        }

        if (_masked)
        {
            _key = header[i] | (header[i + 1] << 8) | (header[i + 2] << 16) | (header[i + 3] << 24);
        }

        FirstByte = header[offset];
        Remaining = length;
        InFrame = true;
    }
}
