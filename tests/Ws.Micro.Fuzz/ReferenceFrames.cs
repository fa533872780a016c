using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using Ws.Micro.Framing;

namespace Ws.Micro.Fuzz;

/// <summary>A frame, with what has arrived of its payload, unmasked.</summary>
internal readonly record struct ReferenceFrame(int FirstByte, long Length, byte[] Payload)
{
    public int Opcode => FirstByte & 15;

    public bool IsFinal => FirstByte >= 128;

    public bool IsWhole => Payload.Length == Length;
}

/// <summary>The frames of a stream that is given whole, by RFC 6455 §5.2 and §5.5 alone: what the library's reader is held against.</summary>
internal static class ReferenceFrames
{
    /// <summary>Reads up to the end, or to the frame whose header breaks a rule.</summary>
    public static List<ReferenceFrame> Read(byte[] wire, bool masked, bool rsv1Defined, out ProtocolError error)
    {
        List<ReferenceFrame> frames = new();
        error = ProtocolError.None;
        for (int at = 0; wire.Length - at >= 2;)
        {
            int first = wire[at], second = wire[at + 1];
            error = CheckStart(first, second, masked, rsv1Defined);
            int lengthSize = (second & 127) switch { 126 => 2, 127 => 8, _ => 0 };
            int payload = at + 2 + lengthSize + (masked ? 4 : 0);
            if (error != ProtocolError.None || payload > wire.Length)
            {
                break;
            }

            ulong length = lengthSize switch
            {
                0 => (ulong)second & 127,
                2 => BinaryPrimitives.ReadUInt16BigEndian(wire.AsSpan(at + 2)),
                _ => BinaryPrimitives.ReadUInt64BigEndian(wire.AsSpan(at + 2)),
            };
            error = length > long.MaxValue ? ProtocolError.LengthTooLarge
                : length < lengthSize switch { 0 => 0, 2 => 126, _ => 65536ul } ? ProtocolError.LengthNotMinimal
                : ProtocolError.None;
            if (error != ProtocolError.None)
            {
                break;
            }

            byte[] plain = wire[payload..(int)Math.Min((ulong)wire.Length, (ulong)payload + length)];
            for (int i = 0; masked && i < plain.Length; i++)
            {
                plain[i] ^= wire[payload - 4 + (i % 4)];
            }

            frames.Add(new ReferenceFrame(first, (long)length, plain));
            at = payload + plain.Length;
        }

        return frames;
    }

    private static ProtocolError CheckStart(int first, int second, bool masked, bool rsv1Defined)
    {
        int opcode = first & 15;
        bool control = opcode >= 8;
        return (first & (rsv1Defined && !control ? 0x30 : 0x70)) != 0 ? ProtocolError.ReservedBit
            : opcode is (> 2 and < 8) or > 10 ? ProtocolError.ReservedOpcode
            : control && first < 128 ? ProtocolError.FragmentedControlFrame
            : control && (second & 127) > 125 ? ProtocolError.ControlFrameTooLong
            : masked && second < 128 ? ProtocolError.MaskMissing
            : !masked && second >= 128 ? ProtocolError.MaskForbidden
            : ProtocolError.None;
    }
}
