using System;
using System.Linq;
using System.Text;

namespace Ws.Micro.Conformance.Tests;

/// <summary>What messages are cut from, of five kinds; the same in each run.</summary>
/// <param name="Name">For people.</param>
/// <param name="IsText">Whether its messages are text.</param>
/// <param name="Bytes">All of it.</param>
/// <param name="Ratio">The part of its size that it takes at most when it is compressed, by a simple encoder with a window of 9 bits, in messages of 1 KiB and more.</param>
internal sealed record Document(string Name, bool IsText, byte[] Bytes, double Ratio)
{
    private const int Size = 200_000;

    private static readonly string[] Words = MakeWords();

    /// <summary>In the order of Autobahn's groups 12.1 to 12.5.</summary>
    public static Document[] All { get; } =
    [
        new("readings as JSON", true, Repeat(Reading), 0.3),
        new("a bitmap", false, Bitmap(), 0.8),
        new("prose", false, Repeat(Sentence), 0.5),
        new("a page of HTML", true, Repeat(Element), 0.3),
        new("compressed streams between few words", false, Streams(), 1.07),
    ];

    public static Document Json => All[0];

    /// <summary>Messages of a size, each from where the last one ended, and again from the start. Text is not cut inside a character, and so may have up to 3 bytes less.</summary>
    public byte[][] Cut(int count, int size)
    {
        byte[][] messages = new byte[count][];
        int at = 0;
        for (int i = 0; i < count; i++)
        {
            at = at + size <= Bytes.Length ? at : 0;
            int end = at + size;
            while (IsText && end < Bytes.Length && (Bytes[end] & 0xC0) == 0x80)
            {
                end--;
            }

            messages[i] = Bytes[at..end];
            at = end;
        }

        return messages;
    }

    private static byte[] Repeat(Action<StringBuilder, Random> write)
    {
        Random random = new(1);
        StringBuilder text = new();
        while (text.Length < Size)
        {
            write(text, random);
        }

        return Encoding.UTF8.GetBytes(text.ToString());
    }

    private static void Reading(StringBuilder text, Random random) => text.Append(
        $$"""{"id":"sensor-{{random.Next(40):d2}}","seq":{{text.Length / 100}},"temperature":{{random.Next(1800, 2400) / 100.0}},"unit":"°C","humidity":{{random.Next(300, 700) / 10.0}},"ok":{{(random.Next(20) > 0 ? "true" : "false")}}},""");

    private static void Sentence(StringBuilder text, Random random)
    {
        text.Append(Word(random).ToUpperInvariant());
        for (int rest = random.Next(3, 20); rest > 0; rest--)
        {
            text.Append(random.Next(8) == 0 ? ", " : " ").Append(Word(random));
        }

        text.Append(random.Next(6) == 0 ? ".\n" : ". ");
    }

    private static void Element(StringBuilder text, Random random) => text.Append(
        $"<tr class=\"{Word(random)}\"><td><a href=\"/{Word(random)}/{random.Next(1000)}\">{Word(random)} {Word(random)}</a></td><td>{random.Next(100)} €</td></tr>\n");

    // Few words often, many seldom.
    private static string Word(Random random) => Words[(int)(Words.Length * Math.Pow(random.NextDouble(), 3))];

    private static string[] MakeWords()
    {
        string[] syllables = ["ba", "der", "en", "fö", "ge", "hin", "ich", "ka", "lem", "mi", "no", "per", "qui", "ro", "sch", "tan", "um", "ver", "wei", "zu"];
        Random random = new(2);
        return [.. Enumerable.Range(0, 2000).Select(_ => string.Concat(Enumerable.Range(0, random.Next(1, 5)).Select(_ => syllables[random.Next(syllables.Length)])))];
    }

    // Dark grey, 512 wide: smooth, with a little noise.
    private static byte[] Bitmap()
    {
        Random random = new(3);
        byte[] pixels = new byte[Size];
        for (int i = 0; i < Size; i++)
        {
            int x = i % 512, y = i / 512;
            pixels[i] = (byte)(70 + (35 * Math.Sin(x / 40.0)) + (30 * Math.Cos(y / 30.0)) + (random.Next(4) == 0 ? 1 : 0));
        }

        return pixels;
    }

    private static byte[] Streams()
    {
        Random random = new(4);
        byte[] bytes = new byte[Size];
        random.NextBytes(bytes);
        for (int at = 0, number = 1; at + 100 < Size; at += random.Next(2000, 8000), number++)
        {
            Encoding.ASCII.GetBytes($"\nendstream\nendobj\n{number} 0 obj\n<< /Length {random.Next(8000)} /Filter /FlateDecode >>\nstream\n").CopyTo(bytes, at);
        }

        return bytes;
    }
}
