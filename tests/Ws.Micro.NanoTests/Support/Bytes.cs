using System.Text;

namespace Ws.Micro.NanoTests.Support;

/// <summary>Bytes as a test writes them down.</summary>
internal static class Bytes
{
    /// <summary>The UTF-8 form of a text without NUL.</summary>
    public static byte[] Of(string text) => Encoding.UTF8.GetBytes(text);

    /// <summary>From pairs of hexadecimal digits, 0-9 and A-F, with spaces wherever they help.</summary>
    public static byte[] Hex(string digits)
    {
        // As bytes, because a string's index costs its length on the device.
        byte[] text = Encoding.UTF8.GetBytes(digits);
        int count = 0;
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] != ' ')
            {
                int digit = text[i] <= '9' ? text[i] - '0' : text[i] - 'A' + 10;
                text[count >> 1] = (byte)((count & 1) == 0 ? digit : (text[count >> 1] << 4) | digit);
                count++;
            }
        }

        return Part(text, 0, count / 2);
    }

    /// <summary>A copy of a part.</summary>
    public static byte[] Part(byte[] bytes, int offset, int count)
    {
        byte[] part = new byte[count];
        System.Array.Copy(bytes, offset, part, 0, count);
        return part;
    }

    /// <summary>The byte at a place of a long message: no two stretches of it are alike within 64 KB.</summary>
    public static byte At(int place) => (byte)(place ^ (place >> 8));

    /// <summary>A message of such bytes.</summary>
    public static byte[] Counting(int count)
    {
        byte[] bytes = new byte[count];
        for (int i = 0; i < count; i++)
        {
            bytes[i] = At(i);
        }

        return bytes;
    }

    /// <summary>Bytes that do not compress: the same for the same seed.</summary>
    public static byte[] Noise(int count, int seed)
    {
        byte[] bytes = new byte[count];
        uint state = (uint)seed;
        for (int i = 0; i < count; i++)
        {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            bytes[i] = (byte)(state >> 11);
        }

        return bytes;
    }

    /// <summary>A sensor's message in JSON, about 100 bytes, that differs a little from one sequence number to the next.</summary>
    public static byte[] Reading(int sequence) => Of(
        "{\"id\":\"attic\",\"seq\":" + sequence.ToString() + ",\"temperature\":" + (20 + (sequence % 7)).ToString() + "."
        + (sequence % 10).ToString() + ",\"humidity\":" + (40 + (sequence % 13)).ToString() + ",\"pressure\":1013,\"battery\":3712}");
}
