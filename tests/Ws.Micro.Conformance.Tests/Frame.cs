using System;
using System.Buffers.Binary;
using System.Text;

namespace Ws.Micro.Conformance.Tests;

/// <summary>A frame to send, legal or not (RFC 6455 §5.2).</summary>
internal sealed record Frame(int Opcode, byte[] Payload, bool Fin = true, int Rsv = 0)
{
    public const int ContinuationOpcode = 0, TextOpcode = 1, BinaryOpcode = 2, CloseOpcode = 8, PingOpcode = 9, PongOpcode = 10;

    public static Frame Text(string text, bool fin = true, int rsv = 0) => Text(Encoding.UTF8.GetBytes(text), fin, rsv);

    public static Frame Text(byte[] payload, bool fin = true, int rsv = 0) => new(TextOpcode, payload, fin, rsv);

    public static Frame Binary(byte[] payload, bool fin = true, int rsv = 0) => new(BinaryOpcode, payload, fin, rsv);

    public static Frame Continuation(string text, bool fin = true) => Continuation(Encoding.UTF8.GetBytes(text), fin);

    public static Frame Continuation(byte[] payload, bool fin = true) => new(ContinuationOpcode, payload, fin);

    public static Frame Ping(string text = "", bool fin = true) => new(PingOpcode, Encoding.UTF8.GetBytes(text), fin);

    public static Frame Pong(string text = "", bool fin = true) => new(PongOpcode, Encoding.UTF8.GetBytes(text), fin);

    public static Frame Close(int code, string reason = "") => Close(code, Encoding.UTF8.GetBytes(reason));

    public static Frame Close(int code, byte[] reason) => new(CloseOpcode, [(byte)(code >> 8), (byte)code, .. reason]);

    /// <summary>A message in fragments; one whose length is no multiple of the size ends with a shorter one.</summary>
    public static Frame[] Fragments(int opcode, byte[] payload, int size)
    {
        Frame[] frames = new Frame[(payload.Length + size - 1) / size];
        for (int i = 0; i < frames.Length; i++)
        {
            int end = Math.Min(payload.Length, (i + 1) * size);
            frames[i] = new Frame(i == 0 ? opcode : ContinuationOpcode, payload[(i * size)..end], i == frames.Length - 1);
        }
        return frames;
    }

    /// <summary>The bytes on the wire, masked when a key of 4 bytes is given.</summary>
    public byte[] Encode(byte[]? maskKey)
    {
        int extended = Payload.Length < 126 ? 0 : Payload.Length < 65536 ? 2 : 8;
        byte[] wire = new byte[HeaderLength(maskKey) + Payload.Length];
        wire[0] = (byte)((Fin ? 0x80 : 0) | (Rsv << 4) | Opcode);
        wire[1] = (byte)((maskKey is null ? 0 : 0x80) | extended switch { 0 => Payload.Length, 2 => 126, _ => 127 });
        if (extended == 2)
        {
            BinaryPrimitives.WriteUInt16BigEndian(wire.AsSpan(2), (ushort)Payload.Length);
        }
        else if (extended == 8)
        {
            BinaryPrimitives.WriteUInt64BigEndian(wire.AsSpan(2), (ulong)Payload.Length);
        }

        maskKey?.CopyTo(wire, 2 + extended);
        Span<byte> body = wire.AsSpan(HeaderLength(maskKey));
        Payload.CopyTo(body);
        for (int i = 0; maskKey is not null && i < body.Length; i++)
        {
            body[i] ^= maskKey[i % 4];
        }

        return wire;
    }

    public int HeaderLength(byte[]? maskKey) =>
        2 + (Payload.Length < 126 ? 0 : Payload.Length < 65536 ? 2 : 8) + (maskKey is null ? 0 : 4);
}
