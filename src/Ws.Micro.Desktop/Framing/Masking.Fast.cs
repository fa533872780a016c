using System;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Ws.Micro.Framing;

// The key repeated over a vector, or over the widest word that fits.
public static partial class Masking
{
    static partial void ApplyFast(byte[] buffer, ref int offset, int end, int key)
    {
        if (!BitConverter.IsLittleEndian)
        {
            return;
        }

        Span<byte> bytes = buffer.AsSpan(offset, (end - offset) & ~3);
        offset += bytes.Length;
        if (Vector256.IsHardwareAccelerated)
        {
            Vector256<byte> keys = Vector256.Create(key).AsByte();
            while (bytes.Length >= Vector256<byte>.Count)
            {
                (Vector256.Create<byte>(bytes) ^ keys).CopyTo(bytes);
                bytes = bytes[Vector256<byte>.Count..];
            }
        }

        if (Vector128.IsHardwareAccelerated)
        {
            Vector128<byte> keys = Vector128.Create(key).AsByte();
            while (bytes.Length >= Vector128<byte>.Count)
            {
                (Vector128.Create<byte>(bytes) ^ keys).CopyTo(bytes);
                bytes = bytes[Vector128<byte>.Count..];
            }
        }

        foreach (ref int word in MemoryMarshal.Cast<byte, int>(bytes))
        {
            word ^= key;
        }
    }
}
