using System;
using System.Text;

namespace Ws.Micro.Handshake;

// Header text, which is ASCII.
internal static class Ascii
{
    internal const string TokenMarks = "!#$%&'*+-.^_`|~";

    internal static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    // Writes a text at a place of a fixed buffer, and returns the place behind it. What does not fit is passed over but not written, so that
    // the caller learns the size needed.
    internal static int Write(string text, byte[] output, int at)
    {
        int end = at + text.Length;
        if (end <= output.Length)
        {
            Encoding.UTF8.GetBytes(text, 0, text.Length, output, at);
        }

        return end;
    }

    // ignoreCase: without regard to the case of A to Z, which differs in one bit.
    internal static bool Equals(byte[] text, int offset, int count, string other, bool ignoreCase)
    {
        if (count != other.Length)
        {
            return false;
        }

        for (int i = 0; i < count; i++)
        {
            int b = text[offset + i];
            int difference = b ^ other[i];
            b |= 0x20;
            if (difference != 0 && (!ignoreCase || difference != 0x20 || b < 'a' || b > 'z'))
            {
                return false;
            }
        }

        return true;
    }

    // Which of the words a text is; -1 for none.
    internal static int IndexOf(string[] words, byte[] text, int start, int end, bool ignoreCase)
    {
        int i = words.Length - 1;
        while (i >= 0 && !Equals(text, start, end - start, words[i], ignoreCase))
        {
            i--;
        }

        return i;
    }

    // RFC 9110 §5.6.2: the characters of a token, which header names, subprotocols and extension names are made of.
    internal static bool IsTokenChar(int b) =>
        (b >= 'a' && b <= 'z') || (b >= 'A' && b <= 'Z') || (b >= '0' && b <= '9')
        || TokenMarks.IndexOf((char)b) >= 0;

    // Whether all characters are visible ones, or from least on: a space.
    internal static bool AreVisible(byte[] text, int start, int end, int least)
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

    // least: "!" for visible characters, at least one; " " for spaces too, perhaps none.
    internal static void Check(string text, string name, string least)
    {
        byte[] bytes = Bytes(text);
        if ((bytes.Length == 0 && least != " ") || !AreVisible(bytes, 0, bytes.Length, least[0]))
        {
            throw new ArgumentException(name + " must hold ASCII characters from '" + least + "' to '~' only.", name);
        }
    }

    internal static bool IsToken(byte[] text, int start, int end)
    {
        for (int i = start; i < end; i++)
        {
            if (!IsTokenChar(text[i]))
            {
                return false;
            }
        }

        return start < end;
    }
}
