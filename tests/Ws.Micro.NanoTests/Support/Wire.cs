using System;

namespace Ws.Micro.NanoTests.Support;

/// <summary>Frames on their way, right or wrong, written from RFC 6455 §5.2 alone, without the library.</summary>
internal sealed class Wire
{
    private bool _masked;
    private uint _key = 0x3D21FA37;

    /// <param name="fromClient">Whether the sender masks.</param>
    /// <param name="capacity">The most bytes that it will hold.</param>
    public Wire(bool fromClient, int capacity)
    {
        _masked = fromClient;
        Buffer = new byte[capacity];
    }

    /// <summary>Holds the bytes, from index 0.</summary>
    public byte[] Buffer { get; }

    /// <summary>How many there are.</summary>
    public int Count { get; private set; }

    /// <summary>A frame for <see cref="Add(byte[])"/>: its first byte, then its payload.</summary>
    public static byte[] Frame(int firstByte, byte[] payload)
    {
        byte[] frame = new byte[1 + payload.Length];
        frame[0] = (byte)firstByte;
        Array.Copy(payload, 0, frame, 1, payload.Length);
        return frame;
    }

    /// <summary>Likewise, with a payload of text.</summary>
    public static byte[] Frame(int firstByte, string payload) => Frame(firstByte, Bytes.Of(payload));

    /// <summary>Likewise, with a payload in hexadecimal.</summary>
    public static byte[] FrameHex(int firstByte, string payload) => Frame(firstByte, Bytes.Hex(payload));

    /// <summary>Begins anew.</summary>
    public void Clear(bool fromClient)
    {
        _masked = fromClient;
        Count = 0;
    }

    /// <summary>Adds a frame, its length in the fewest bytes, masked with a key of its own where the sender is a client.</summary>
    public void Add(byte[] frame)
    {
        int length = frame.Length - 1;
        AddHeader(frame[0], length < 126 ? length : 126, length < 126 ? 0 : 2, length);
        for (int i = 0; i < length; i++)
        {
            Put(frame[1 + i] ^ (_masked ? (int)(_key >> (8 * (i & 3))) : 0));
        }
    }

    /// <summary>Adds a header whose length may be in any form.</summary>
    /// <param name="firstByte">FIN, RSV1 to 3 and the opcode.</param>
    /// <param name="shortLength">The seven bits of the second byte.</param>
    /// <param name="lengthSize">Bytes of extended length: 0, 2 or 8.</param>
    /// <param name="length">What they hold.</param>
    public void AddHeader(int firstByte, int shortLength, int lengthSize, long length)
    {
        Put(firstByte);
        Put((_masked ? 0x80 : 0) | shortLength);
        for (int i = lengthSize - 1; i >= 0; i--)
        {
            Put((int)(length >> (8 * i)));
        }

        if (_masked)
        {
            _key = (_key * 1664525) + 1013904223;
            for (int i = 0; i < 4; i++)
            {
                Put((int)(_key >> (8 * i)));
            }
        }
    }

    private void Put(int value) => Buffer[Count++] = (byte)value;
}
