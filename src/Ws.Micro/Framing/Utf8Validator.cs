namespace Ws.Micro.Framing;

/// <summary>
/// Validates UTF-8 as it streams by and stops at the first byte that no valid text can have there (RFC 3629 §4, RFC 6455 §8.1).
/// </summary>
public static partial class Utf8Validator
{
    /// <summary>The state before any byte and after each whole code point: text may end here.</summary>
    public const int Complete = 0;

    /// <summary>The state after a byte that cannot be: the text is not UTF-8.</summary>
    public const int Invalid = -1;

    // A state inside a code point packs what the next byte must be: bits 0-7 continuation bytes still to come, 8-15 the lowest
    // and 16-23 the highest value allowed next. Overlong forms, surrogates and values above U+10FFFF differ only in those bounds.
    private const int AnyContinuation = (0x80 << 8) | (0xBF << 16);

    /// <summary>
    /// Goes on from <paramref name="state"/> over <paramref name="count"/> bytes and returns the new state:
    /// <see cref="Complete"/>, <see cref="Invalid"/>, or inside a code point.
    /// </summary>
    public static int Validate(byte[] buffer, int offset, int count, int state)
    {
        int end = offset + count;
        int i = offset;
        ValidateFast(buffer, ref i, end, ref state);
        while (i < end)
        {
            int b;
            if (state == Complete)
            {
                i = SkipWhole(buffer, i, end);
                if (i == end)
                {
                    return Complete;
                }

                b = buffer[i++];
                if (b < 0x80)
                {
                    continue;
                }

                if (b < 0xC2 || b > 0xF4)
                {
                    return Invalid;
                }

                if (b < 0xE0)
                {
                    state = 1 | AnyContinuation;
                }
                else if (b < 0xF0)
                {
                    state = b == 0xE0 ? 2 | (0xA0 << 8) | (0xBF << 16)
                        : b == 0xED ? 2 | (0x80 << 8) | (0x9F << 16)
                        : 2 | AnyContinuation;
                }
                else
                {
                    state = b == 0xF0 ? 3 | (0x90 << 8) | (0xBF << 16)
                        : b == 0xF4 ? 3 | (0x80 << 8) | (0x8F << 16)
                        : 3 | AnyContinuation;
                }

                continue;
            }

            b = buffer[i++];
            if (b < ((state >> 8) & 0xFF) || b > (state >> 16))
            {
                return Invalid;
            }

            int left = (state & 0xFF) - 1;
            state = left == 0 ? Complete : left | AnyContinuation;
        }

        return state;
    }

    /// <summary>
    /// Passes over whole code points of one to three bytes, and stops before one that needs a closer look: of four bytes, near the end, or not
    /// valid.
    /// </summary>
    private static int SkipWhole(byte[] buffer, int i, int end)
    {
        int lastEight = end - 8;
        while (i <= lastEight)
        {
            if ((buffer[i] | buffer[i + 1] | buffer[i + 2] | buffer[i + 3]) < 0x80)
            {
                i += 4;
                if ((buffer[i] | buffer[i + 1] | buffer[i + 2] | buffer[i + 3]) < 0x80)
                {
                    i += 4;
                    continue;
                }
            }

            int b = buffer[i];
            while (b < 0x80)
            {
                b = buffer[++i];
            }

            do
            {
                if (i > lastEight || b < 0xC2)
                {
                    return i;
                }

                if (b < 0xE0)
                {
                    if ((buffer[i + 1] & 0xC0) != 0x80)
                    {
                        return i;
                    }

                    i += 2;
                }
                else
                {
                    int second = buffer[i + 1];
                    if (b > 0xEF || ((second ^ 0x80) | (buffer[i + 2] ^ 0x80)) > 0x3F || (b == 0xE0 && second < 0xA0) || (b == 0xED && second > 0x9F))
                    {
                        return i;
                    }

                    i += 3;
                }

                b = buffer[i];
                if (b < 0x80)
                {
                    // A space between words.
                    b = buffer[++i];
                }
            }
            while (b > 0x7F);
        }

        while (i < end && buffer[i] < 0x80)
        {
            i++;
        }

        return i;
    }

    // .NET's body passes over whole code points, or over nothing.
    static partial void ValidateFast(byte[] buffer, ref int i, int end, ref int state);
}
