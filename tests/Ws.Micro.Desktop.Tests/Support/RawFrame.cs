using System;
using System.Buffers.Binary;
using System.Text;

namespace Ws.Micro.Desktop.Tests.Support;

/// <summary>A frame as it stood on the wire, its payload unmasked (RFC 6455 §5.2).</summary>
internal sealed record RawFrame(int FirstByte, int? MaskKey, byte[] Payload)
{
    internal const int Fin = 0x80, Continuation = 0, Text = 1, Binary = 2, Close = 8, Ping = 9, Pong = 10;

    internal int Opcode => FirstByte & 0x0F;

    internal bool IsFinal => (FirstByte & Fin) != 0;

    internal int CloseCode => BinaryPrimitives.ReadUInt16BigEndian(Payload);

    internal string PayloadText => Encoding.UTF8.GetString(Payload);

    internal static byte[] ClosePayload(int code, string reason = "")
    {
        byte[] payload = new byte[2 + Encoding.UTF8.GetByteCount(reason)];
        BinaryPrimitives.WriteUInt16BigEndian(payload, (ushort)code);
        Encoding.UTF8.GetBytes(reason, payload.AsSpan(2));
        return payload;
    }

    internal static byte[] Bytes(int firstByte, ReadOnlySpan<byte> payload, bool isMasked)
    {
        byte[] header = new byte[10];
        header[0] = (byte)firstByte;
        int size = 2;
        if (payload.Length < 126)
        {
            header[1] = (byte)payload.Length;
        }
        else if (payload.Length < 65536)
        {
            header[1] = 126;
            BinaryPrimitives.WriteUInt16BigEndian(header.AsSpan(2), (ushort)payload.Length);
            size = 4;
        }
        else
        {
            header[1] = 127;
            BinaryPrimitives.WriteInt64BigEndian(header.AsSpan(2), payload.Length);
            size = 10;
        }

        if (!isMasked)
        {
            return [.. header.AsSpan(0, size), .. payload];
        }

        header[1] |= 0x80;
        byte[] key = [0x37, 0xFA, 0x21, 0x3D];
        byte[] masked = payload.ToArray();
        for (int i = 0; i < masked.Length; i++)
        {
            masked[i] ^= key[i % 4];
        }

        return [.. header.AsSpan(0, size), .. key, .. masked];
    }
}
