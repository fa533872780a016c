using System;
using System.IO;
using System.Linq;
using System.Text;
using Ws.Micro.Deflate.Tests;

namespace Ws.Micro.Benchmarks.Deflate;

/// <summary>Longer texts, the same each time; but for the library's own sources, which grow.</summary>
internal static class Texts
{
    public static byte[] Readings(int size) => First(size, [.. Telemetry.Messages((size / 120) + 1, 8).SelectMany(message => (byte[])[.. message, (byte)'\n'])]);

    /// <summary>An array of records as a web service gives, each with some text.</summary>
    public static byte[] Records(int size)
    {
        Random random = new(8259);
        string[] words = Words(random);
        StringBuilder text = new("[");
        for (int id = 1; text.Length < size; id++)
        {
            text.Append($$"""{"id":{{id}},"name":"{{Some(2)}}","mail":"{{Some(1)}}{{random.Next(100)}}@example.org","active":{{(random.Next(2) == 0 ? "true" : "false")}},"score":{{random.NextDouble() * 100:F3}},"tags":["{{Some(1)}}","{{Some(1)}}"],"text":"{{Some(random.Next(3, 25))}}"},""");
        }

        return First(size, Encoding.ASCII.GetBytes(text.ToString()));

        string Some(int count) => string.Join(' ', Enumerable.Range(0, count).Select(_ => Word(words, random)));
    }

    public static byte[] Prose(int size)
    {
        Random random = new(1951);
        string[] words = Words(random);
        return First(size, Encoding.ASCII.GetBytes(string.Join(' ', Enumerable.Range(0, size / 2).Select(_ => Word(words, random)))));
    }

    public static byte[] Sources(int size)
    {
        string folder = Path.Combine(Path.GetDirectoryName(Document.Path)!, "..", "src", "Ws.Micro", "Handshake");
        return First(size, [.. Directory.GetFiles(folder, "*.cs").Order(StringComparer.Ordinal).SelectMany(File.ReadAllBytes)]);
    }

    private static byte[] First(int size, byte[] bytes) => bytes[..size];

    private static string[] Words(Random random) => [.. Enumerable.Range(0, 2000).Select(_ => string.Concat(
        Enumerable.Range(0, random.Next(1, 5)).Select(_ => "bcdfghklmnprstvw"[random.Next(16)].ToString() + "aeiou"[random.Next(5)])))];

    // As in a language: few words often, most of them seldom.
    private static string Word(string[] words, Random random) => words[(int)(words.Length * Math.Pow(random.NextDouble(), 3))];
}
