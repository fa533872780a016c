using System.Collections.Generic;
using System.Text;

namespace Ws.Micro.Tests.Support;

/// <summary>A frame as a test writes it down, right or wrong, and its bytes; written from RFC 6455 §5.2 alone, without the library.</summary>
internal sealed record Frame(int FirstByte, byte[] Payload)
{
    /// <summary>What the header claims, where that is not the payload's length.</summary>
    public long? DeclaredLength { get; init; }

    /// <summary>Bytes of extended length, 0, 2 or 8, where that is not the fewest.</summary>
    public int? LengthSize { get; init; }

    /// <summary>Whether the frame is masked where it must not be, or not masked where it must.</summary>
    public bool WrongMask { get; init; }

    /// <summary>A frame whose payload is written one character a byte.</summary>
    public static Frame Of(int firstByte, string payload = "") => new(firstByte, Encoding.Latin1.GetBytes(payload));

    public static Frame Of(int firstByte, params byte[] payload) => new(firstByte, payload);

    /// <summary>A close frame with a code and perhaps a reason.</summary>
    public static Frame Close(int code, string reason = "") =>
        Of(0x88, (char)(code >> 8) + ((char)(code & 0xFF) + reason));

    /// <summary>The bytes on the wire, each frame masked with a key of its own where the sender is a client.</summary>
    public static byte[] Encode(bool fromClient, params Frame[] frames)
    {
        List<byte> wire = new();
        uint key = 0x12345678;
        foreach (Frame frame in frames)
        {
            key = (key * 1664525) + 1013904223;
            frame.Encode(fromClient != frame.WrongMask, new[] { (byte)(key >> 24), (byte)(key >> 16), (byte)(key >> 8), (byte)key }, wire);
        }

        return wire.ToArray();
    }

    private void Encode(bool masked, byte[] key, List<byte> wire)
    {
        long length = DeclaredLength ?? Payload.Length;
        int lengthSize = LengthSize ?? (length is >= 0 and <= 125 ? 0 : length is >= 0 and <= 0xFFFF ? 2 : 8);
        wire.Add((byte)FirstByte);
        wire.Add((byte)((masked ? 128 : 0) + (lengthSize == 0 ? (int)length : lengthSize == 2 ? 126 : 127)));
        for (int i = lengthSize - 1; i >= 0; i--)
        {
            wire.Add((byte)((ulong)length >> (8 * i)));
        }

        if (masked)
        {
            wire.AddRange(key);
        }

        for (int i = 0; i < Payload.Length; i++)
        {
            wire.Add(masked ? (byte)(Payload[i] ^ key[i % 4]) : Payload[i]);
        }
    }
}
