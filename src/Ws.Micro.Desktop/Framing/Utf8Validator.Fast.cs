using System;
using System.Text.Unicode;

namespace Ws.Micro.Framing;

// The framework's vectorised check, which knows only whole texts: what a split leaves at the ends is for the states.
public static partial class Utf8Validator
{
    // Below it the call costs more than it spares. No code point has as many bytes.
    private const int MinFast = 8;

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

        int whole = end - CutOff(buffer.AsSpan(i, end - i));
        if (state == Complete && Utf8.IsValid(buffer.AsSpan(i, whole - i)))
        {
            i = whole;
        }
    }

    // Bytes at the end that begin a code point of more bytes.
    private static int CutOff(ReadOnlySpan<byte> text)
    {
        for (int n = 1; n <= 3; n++)
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
}
