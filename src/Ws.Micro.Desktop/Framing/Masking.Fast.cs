using System;
using System.Runtime.CompilerServices;
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
        ref byte first = ref MemoryMarshal.GetReference(bytes);
        int count = bytes.Length;
        int at = 0;
        if (Vector256.IsHardwareAccelerated)
        {
            // Four at a time, because a loop of one store costs more than the store.
            Vector256<byte> keys = Vector256.Create(key).AsByte();
            for (; at <= count - (4 * Vector256<byte>.Count); at += 4 * Vector256<byte>.Count)
            {
                ref byte four = ref Unsafe.Add(ref first, at);
                Vector256<byte> one = Vector256.LoadUnsafe(ref four) ^ keys;
                Vector256<byte> two = Vector256.LoadUnsafe(ref four, (nuint)Vector256<byte>.Count) ^ keys;
                Vector256<byte> three = Vector256.LoadUnsafe(ref four, 2 * (nuint)Vector256<byte>.Count) ^ keys;
                Vector256<byte> last = Vector256.LoadUnsafe(ref four, 3 * (nuint)Vector256<byte>.Count) ^ keys;
                one.StoreUnsafe(ref four);
                two.StoreUnsafe(ref four, (nuint)Vector256<byte>.Count);
                three.StoreUnsafe(ref four, 2 * (nuint)Vector256<byte>.Count);
                last.StoreUnsafe(ref four, 3 * (nuint)Vector256<byte>.Count);
            }

            for (; at <= count - Vector256<byte>.Count; at += Vector256<byte>.Count)
            {
                ref byte next = ref Unsafe.Add(ref first, at);
                (Vector256.LoadUnsafe(ref next) ^ keys).StoreUnsafe(ref next);
            }
        }

        if (Vector128.IsHardwareAccelerated)
        {
            Vector128<byte> keys = Vector128.Create(key).AsByte();
            for (; at <= count - Vector128<byte>.Count; at += Vector128<byte>.Count)
            {
                ref byte next = ref Unsafe.Add(ref first, at);
                (Vector128.LoadUnsafe(ref next) ^ keys).StoreUnsafe(ref next);
            }
        }

        foreach (ref int word in MemoryMarshal.Cast<byte, int>(bytes[at..]))
        {
            word ^= key;
        }

        offset += count;
    }
}
