using System;
using System.IO;
using System.Text;

namespace Ws.Micro.Net.Tests;

/// <summary>A message put together from its parts.</summary>
internal sealed class Message
{
    private readonly MemoryStream _bytes = new();

    internal bool IsText { get; private set; }

    internal int Parts { get; private set; }

    internal byte[] Bytes => _bytes.ToArray();

    internal string Text => Encoding.UTF8.GetString(Bytes);

    /// <summary>What may be asked of every stack: every length form, and payloads around the sizes of buffers.</summary>
    internal static int[] Sizes => [0, 1, 125, 126, 127, 511, 512, 65535, 65536, 1024 * 1024];

    internal void Append(WebSocketConnection connection)
    {
        IsText = connection.IsText;
        Parts++;
        _bytes.Write(connection.Data, connection.DataOffset, connection.DataCount);
    }

    /// <summary>Bytes of every value.</summary>
    internal static byte[] Binary(int size)
    {
        byte[] bytes = new byte[size];
        new Random(size).NextBytes(bytes);
        return bytes;
    }

    /// <summary>UTF-8 of code points of one to four bytes.</summary>
    internal static byte[] Utf8(int size)
    {
        const string Repeated = "aé€😀";
        StringBuilder text = new();
        int step = Encoding.UTF8.GetByteCount(Repeated);
        for (int left = size; left > 0; left -= step)
        {
            text.Append(left >= step ? Repeated : new string('z', left));
        }

        return Encoding.UTF8.GetBytes(text.ToString());
    }

    /// <summary>Where to cut a message of that size: an empty fragment at its beginning, then uneven ones, then an empty last one.</summary>
    internal static int[] Fragments(int size)
    {
        int third = size / 3;
        int rest = size - third - third;
        return [0, third, rest / 5, third + rest - (rest / 5), 0];
    }
}
