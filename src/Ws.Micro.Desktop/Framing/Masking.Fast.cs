using System;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Ws.Micro.Framing;

// The key repeated over a vector, or over the widest word that fits.
public static partial class Masking
{
    // From here on aligned stores win back what finding the border costs.
    private const int MinAligned = 2048;

    static partial void ApplyFast(byte[] buffer, ref int offset, int end, int key)
    {
        if (!BitConverter.IsLittleEndian)
        {
            return;
        }

        Span<byte> bytes = buffer.AsSpan(offset, (end - offset) & ~3);
        ref byte first = ref MemoryMarshal.GetReference(bytes);
        int count = bytes.Length;
        offset += count;
        int at = 0;
        if (Vector256.IsHardwareAccelerated)
        {
            if (count >= MinAligned)
            {
                ApplyAligned(ref first, count, key);
                return;
            }

            ApplyVectors(ref first, ref at, count, Vector256.Create(key).AsByte());
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
    }

    // With stores that are aligned, so that none is in two cache lines. The first and the last vector may overlap those between, and are read before
    // anything is written.
    private static void ApplyAligned(ref byte first, int count, int key)
    {
        Vector256<byte> keys = Vector256.Create(key).AsByte();
        int last = count - Vector256<byte>.Count;
        Vector256<byte> head = Vector256.LoadUnsafe(ref first) ^ keys;
        Vector256<byte> tail = Vector256.LoadUnsafe(ref first, (nuint)last) ^ keys;

        int address = (int)Unsafe.ByteOffset(ref Unsafe.NullRef<byte>(), ref first);
        int at = Vector256<byte>.Count - (address & (Vector256<byte>.Count - 1));
        ApplyVectors(ref first, ref at, count, Vector256.Create(BitOperations.RotateRight((uint)key, 8 * at)).AsByte());
        head.StoreUnsafe(ref first);
        tail.StoreUnsafe(ref first, (nuint)last);
    }

    // From a byte on, as many as fit.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void ApplyVectors(ref byte first, ref int at, int count, Vector256<byte> keys)
    {
        // Four at a time, because a loop of one store costs more than the store.
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
}
