using System;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
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
        int whole = text.Length - CutOff(text);
        if (state == Complete && (Avx2.IsSupported && text.Length >= MinVectors ? !HasError(text) : Utf8.IsValid(text[..whole])))
        {
            i += whole;
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

    // Whether a byte cannot follow those before it. The last vector may overlap the one before, and the first has ASCII before it.
    private static bool HasError(ReadOnlySpan<byte> text)
    {
        Span<byte> first = stackalloc byte[MinVectors];
        first[..Before].Clear();
        text[..Vector256<byte>.Count].CopyTo(first[Before..]);
        Vector256<byte> error = Errors(ref MemoryMarshal.GetReference(first), Before);

        ref byte start = ref MemoryMarshal.GetReference(text);
        int last = text.Length - Vector256<byte>.Count;
        for (int i = Vector256<byte>.Count; i < last; i += Vector256<byte>.Count)
        {
            error |= Errors(ref start, i);
        }

        return (error | Errors(ref start, last)) != Vector256<byte>.Zero;
    }

    // Not zero where the byte at i or one of the 31 that follow cannot stand there. The three bytes before i are read too.
    private static Vector256<byte> Errors(ref byte text, int i)
    {
        Vector256<byte> bytes = Vector256.LoadUnsafe(ref text, (nuint)i);
        Vector256<byte> third = Vector256.LoadUnsafe(ref text, (nuint)i - 3);
        if ((bytes | third).ExtractMostSignificantBits() == 0)
        {
            return Vector256<byte>.Zero;
        }

        Vector256<byte> second = Vector256.LoadUnsafe(ref text, (nuint)i - 2);
        Vector256<byte> before = Vector256.LoadUnsafe(ref text, (nuint)i - 1);
        Vector256<byte> low = Vector256.Create((byte)0x0F);
        Vector256<byte> wrong =
            Avx2.Shuffle(BeforeHigh, (before.AsUInt16() >>> 4).AsByte() & low)
            & Avx2.Shuffle(BeforeLow, before & low)
            & Avx2.Shuffle(High, (bytes.AsUInt16() >>> 4).AsByte() & low);

        // A continuation must follow a continuation, and may only, where a code point of three or four bytes began so far before.
        Vector256<byte> continued = Avx2.SubtractSaturate(second, Vector256.Create((byte)(0xE0 - 0x80)))
            | Avx2.SubtractSaturate(third, Vector256.Create((byte)(0xF0 - 0x80)));
        return (continued & Vector256.Create(TwoContinuations)) ^ wrong;
    }

    // By the high half of the byte before.
    private static Vector256<byte> BeforeHigh => Twice(Vector128.Create(
        TooLong, TooLong, TooLong, TooLong, TooLong, TooLong, TooLong, TooLong,
        TwoContinuations, TwoContinuations, TwoContinuations, TwoContinuations,
        TooShort | Overlong2, TooShort, TooShort | Overlong3 | Surrogate, TooShort | TooLarge | Overlong4OrTooLarge));

    // By the low half of the byte before.
    private static Vector256<byte> BeforeLow => Twice(Vector128.Create(
        AnyLow | Overlong2 | Overlong3 | Overlong4OrTooLarge, AnyLow | Overlong2, AnyLow, AnyLow, AnyLow | TooLarge,
        AnyLow | TooLarge | Overlong4OrTooLarge, AnyLow | TooLarge | Overlong4OrTooLarge, AnyLow | TooLarge | Overlong4OrTooLarge,
        AnyLow | TooLarge | Overlong4OrTooLarge, AnyLow | TooLarge | Overlong4OrTooLarge, AnyLow | TooLarge | Overlong4OrTooLarge,
        AnyLow | TooLarge | Overlong4OrTooLarge, AnyLow | TooLarge | Overlong4OrTooLarge,
        AnyLow | TooLarge | Overlong4OrTooLarge | Surrogate, AnyLow | TooLarge | Overlong4OrTooLarge, AnyLow | TooLarge | Overlong4OrTooLarge));

    // By the high half of the byte itself.
    private static Vector256<byte> High => Twice(Vector128.Create(
        TooShort, TooShort, TooShort, TooShort, TooShort, TooShort, TooShort, TooShort,
        TooLong | TwoContinuations | Overlong2 | Overlong3 | Overlong4OrTooLarge,
        TooLong | TwoContinuations | Overlong2 | Overlong3 | TooLarge,
        TooLong | TwoContinuations | Overlong2 | Surrogate | TooLarge,
        TooLong | TwoContinuations | Overlong2 | Surrogate | TooLarge,
        TooShort, TooShort, TooShort, TooShort));

    private static Vector256<byte> Twice(Vector128<byte> table) => Vector256.Create(table, table);
}
