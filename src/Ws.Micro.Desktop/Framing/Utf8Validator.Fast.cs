using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using System.Text;
using System.Text.Unicode;

namespace Ws.Micro.Framing;

// Checks a vector at a time, and leaves a code point that is cut off at either end to the states. Where there is no AVX2, by the framework.
public static partial class Utf8Validator
{
    // Below it the call costs more than it spares. No code point has as many bytes.
    private const int MinFast = 8;

    // Each byte is looked at with the three before it.
    private const int Before = 3;
    private static readonly int MinVectors = Vector256<byte>.Count + Before;

    // Where all of so many bytes are ASCII, no vector of them is looked at alone.
    private static readonly int Block = 4 * Vector256<byte>.Count;

    // Whether a byte and the one before are a wrong pair is seen from three half bytes, by a table for each. A pair is wrong in one of these ways
    // where all three tables say so; TwoContinuations is right as the end of a longer code point.
    private const byte TooShort = 0x01, TooLong = 0x02, Overlong3 = 0x04, TooLarge = 0x08, Surrogate = 0x10, Overlong2 = 0x20;
    private const byte Overlong4OrTooLarge = 0x40, TwoContinuations = 0x80, AnyLow = TooShort | TooLong | TwoContinuations;

    static partial void ValidateFast(byte[] buffer, ref int i, int end, ref int state)
    {
        if (end - i < MinFast || state == Invalid)
        {
            return;
        }

        if (state != Complete)
        {
            int rest = state & 0xFF;
            state = Validate(buffer, i, rest, state);
            i += rest;
        }

        ReadOnlySpan<byte> text = buffer.AsSpan(i, end - i);
        if (state != Complete)
        {
            return;
        }

        if (!Avx2.IsSupported || text.Length < MinVectors)
        {
            int whole = text.Length - CutOff(text);
            i += Ascii.IsValid(text) || Utf8.IsValid(text[..whole]) ? whole : 0;
        }
        else if (!HasError(text))
        {
            i = end - CutOff(text);
        }
    }

    // Bytes at the end that begin a code point of more bytes.
    private static int CutOff(ReadOnlySpan<byte> text)
    {
        for (int n = 1; n <= Before; n++)
        {
            int b = text[^n];
            if (b >= 0xC0)
            {
                int size = b < 0xE0 ? 2 : b < 0xF0 ? 3 : 4;
                return size > n ? n : 0;
            }

            if (b < 0x80)
            {
                break;
            }
        }

        return 0;
    }

    // Whether a byte cannot follow those before it. Before the first there is ASCII, and the last vector may overlap the one before.
    private static bool HasError(ReadOnlySpan<byte> text)
    {
        ref byte start = ref MemoryMarshal.GetReference(text);
        Vector256<byte> bytes = Vector256.LoadUnsafe(ref start);
        Vector256<byte> error = Vector256<byte>.Zero;
        if (!IsAscii(bytes))
        {
            Vector256<byte> lower = Avx2.Permute2x128(bytes, bytes, 0x08);
            error = Errors(bytes, Avx2.AlignRight(bytes, lower, 15), Avx2.AlignRight(bytes, lower, 14), Avx2.AlignRight(bytes, lower, 13));
        }

        int i = Vector256<byte>.Count;
        for (; i <= text.Length - Block; i += Block)
        {
            ref byte block = ref Unsafe.Add(ref start, i);
            bytes = Vector256.LoadUnsafe(ref block) | Vector256.LoadUnsafe(ref block, (nuint)Vector256<byte>.Count)
                | Vector256.LoadUnsafe(ref block, 2 * (nuint)Vector256<byte>.Count) | Vector256.LoadUnsafe(ref block, 3 * (nuint)Vector256<byte>.Count);
            if (!IsAscii(bytes | Vector256.LoadUnsafe(ref Unsafe.Subtract(ref block, Before))))
            {
                for (int at = 0; at < Block; at += Vector256<byte>.Count)
                {
                    error |= Errors(ref Unsafe.Add(ref block, at));
                }
            }
        }

        int last = text.Length - Vector256<byte>.Count;
        for (; i < last; i += Vector256<byte>.Count)
        {
            error |= ErrorsUnlessAscii(ref Unsafe.Add(ref start, i));
        }

        return (error | ErrorsUnlessAscii(ref Unsafe.Add(ref start, last))) != Vector256<byte>.Zero;
    }

    private static bool IsAscii(Vector256<byte> bytes) => bytes.ExtractMostSignificantBits() == 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> ErrorsUnlessAscii(ref byte at) =>
        IsAscii(Vector256.LoadUnsafe(ref at) | Vector256.LoadUnsafe(ref Unsafe.Subtract(ref at, Before))) ? Vector256<byte>.Zero : Errors(ref at);

    // The three bytes before are read too.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> Errors(ref byte at) => Errors(
        Vector256.LoadUnsafe(ref at),
        Vector256.LoadUnsafe(ref Unsafe.Subtract(ref at, 1)),
        Vector256.LoadUnsafe(ref Unsafe.Subtract(ref at, 2)),
        Vector256.LoadUnsafe(ref Unsafe.Subtract(ref at, 3)));

    // Not zero where one of the bytes cannot stand after the one before it, the second and the third before.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> Errors(Vector256<byte> bytes, Vector256<byte> before, Vector256<byte> second, Vector256<byte> third)
    {
        Vector256<byte> low = Vector256.Create((byte)0x0F);
        Vector256<byte> wrong =
            Avx2.Shuffle(BeforeHigh(), (before.AsUInt16() >>> 4).AsByte() & low)
            & Avx2.Shuffle(BeforeLow(), before & low)
            & Avx2.Shuffle(High(), (bytes.AsUInt16() >>> 4).AsByte() & low);

        // A continuation must follow a continuation, and may only, where a code point of three or four bytes began so far before.
        Vector256<byte> continued = Avx2.SubtractSaturate(second, Vector256.Create((byte)(0xE0 - 0x80)))
            | Avx2.SubtractSaturate(third, Vector256.Create((byte)(0xF0 - 0x80)));
        return (continued & Vector256.Create(TwoContinuations)) ^ wrong;
    }

    // By the high half of the byte before.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> BeforeHigh() => Twice(Vector128.Create(
        TooLong, TooLong, TooLong, TooLong, TooLong, TooLong, TooLong, TooLong,
        TwoContinuations, TwoContinuations, TwoContinuations, TwoContinuations,
        TooShort | Overlong2, TooShort, TooShort | Overlong3 | Surrogate, TooShort | TooLarge | Overlong4OrTooLarge));

    // By the low half of the byte before.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> BeforeLow() => Twice(Vector128.Create(
        AnyLow | Overlong2 | Overlong3 | Overlong4OrTooLarge, AnyLow | Overlong2, AnyLow, AnyLow, AnyLow | TooLarge,
        AnyLow | TooLarge | Overlong4OrTooLarge, AnyLow | TooLarge | Overlong4OrTooLarge, AnyLow | TooLarge | Overlong4OrTooLarge,
        AnyLow | TooLarge | Overlong4OrTooLarge, AnyLow | TooLarge | Overlong4OrTooLarge, AnyLow | TooLarge | Overlong4OrTooLarge,
        AnyLow | TooLarge | Overlong4OrTooLarge, AnyLow | TooLarge | Overlong4OrTooLarge,
        AnyLow | TooLarge | Overlong4OrTooLarge | Surrogate, AnyLow | TooLarge | Overlong4OrTooLarge, AnyLow | TooLarge | Overlong4OrTooLarge));

    // By the high half of the byte itself.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> High() => Twice(Vector128.Create(
        TooShort, TooShort, TooShort, TooShort, TooShort, TooShort, TooShort, TooShort,
        TooLong | TwoContinuations | Overlong2 | Overlong3 | Overlong4OrTooLarge,
        TooLong | TwoContinuations | Overlong2 | Overlong3 | TooLarge,
        TooLong | TwoContinuations | Overlong2 | Surrogate | TooLarge,
        TooLong | TwoContinuations | Overlong2 | Surrogate | TooLarge,
        TooShort, TooShort, TooShort, TooShort));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> Twice(Vector128<byte> table) => Vector256.Create(table, table);
}
