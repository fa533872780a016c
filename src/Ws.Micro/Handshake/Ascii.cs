using System.Text;

namespace Ws.Micro.Handshake;

// Bytes of header text. Strings cost O(n) an index on the device, so what is compared or copied often is kept as bytes.
internal static class Ascii
{
    internal static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    internal static byte[] LowerBytes(string text)
    {
        byte[] bytes = Bytes(text);
        for (int i = 0; i < bytes.Length; i++)
        {
            bytes[i] = (byte)ToLower(bytes[i]);
        }

        return bytes;
    }

    // Compares without regard to the case of A to Z. lower holds lower-case letters only.
    internal static bool EqualsIgnoreCase(byte[] text, int offset, int count, byte[] lower)
    {
        if (count != lower.Length)
        {
            return false;
        }

        for (int i = 0; i < count; i++)
        {
            if (ToLower(text[offset + i]) != lower[i])
            {
                return false;
            }
        }

        return true;
    }

    // For texts of a few characters, in ASCII, that are compared once.
    internal static bool Equals(byte[] text, int offset, int count, string other)
    {
        if (count != other.Length)
        {
            return false;
        }

        for (int i = 0; i < count; i++)
        {
            if (text[offset + i] != other[i])
            {
                return false;
            }
        }

        return true;
    }

    internal static byte[][] Bytes(string[] words)
    {
        byte[][] bytes = new byte[words.Length][];
        for (int i = 0; i < words.Length; i++)
        {
            bytes[i] = Bytes(words[i]);
        }

        return bytes;
    }

    // Which of the words, in lower case, the text is without regard to the case of A to Z; -1 for none.
    internal static int IndexOf(byte[][] words, byte[] text, int offset, int count)
    {
        int i = words.Length - 1;
        while (i >= 0 && (words[i].Length != count || !EqualsIgnoreCase(text, offset, count, words[i])))
        {
            i--;
        }

        return i;
    }

    internal static int ToLower(int b) => b >= 'A' && b <= 'Z' ? b + 32 : b;

    // RFC 9110 §5.6.2: the characters of a token, which header names, subprotocols and extension names are made of.
    internal static bool IsTokenChar(int b) =>
        (b >= 'a' && b <= 'z') || (b >= 'A' && b <= 'Z') || (b >= '0' && b <= '9')
        || b == '!' || (b >= '#' && b <= '\'') || b == '*' || b == '+' || b == '-' || b == '.' || b == '^' || b == '_' || b == '`'
        || b == '|' || b == '~';

    // Whether all characters are visible ones, or from least on: a space.
    internal static bool AreVisible(byte[] text, int start, int end, int least = '!')
    {
        for (int i = start; i < end; i++)
        {
            if (text[i] < least || text[i] > '~')
            {
                return false;
            }
        }

        return true;
    }

    internal static bool IsToken(byte[] text, int offset, int count)
    {
        for (int i = offset; i < offset + count; i++)
        {
            if (!IsTokenChar(text[i]))
            {
                return false;
            }
        }

        return count > 0;
    }
}
