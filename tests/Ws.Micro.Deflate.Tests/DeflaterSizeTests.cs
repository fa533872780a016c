using System;
using System.IO;
using System.Linq;
using System.Text;
using Ws.Micro.Deflate.Tests.Support;

namespace Ws.Micro.Deflate.Tests;

/// <summary>Sizes against zlib, level 6 and memLevel 8, at the same window bits on the same messages.</summary>
public sealed class DeflaterSizeTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(1, 9, 0.95)]
    [InlineData(1, 10, 1.00)]
    [InlineData(1, 11, 0.99)]
    [InlineData(8, 9, 0.88)]
    [InlineData(8, 10, 0.95)]
    [InlineData(8, 11, 1.01)]
    public void Telemetry_with_takeover_is_as_small_as_it_must_be(int devices, int windowBits, double goal)
    {
        Zlib.Require();
        for (int seed = 1; seed <= 3; seed++)
        {
            byte[][] messages = Telemetry.Messages(1000, devices, seed);
            Assert.InRange(messages.Average(message => message.Length), 125, 145);
            double zlib = Zlib.Deflate(messages, windowBits).Average(deflated => deflated.Length - 4);
            foreach ((int bits, int depth) in new[] { (9, 0), (9, 4), (9, 8), (9, 16), (8, 16) })
            {
                double ours = Size(new Deflater(windowBits, bits, depth), messages);
                output.WriteLine($"hash {bits} depth {depth}: {ours:F1} B to zlib's {zlib:F1}: {ours / zlib:F3}");
            }

            Assert.InRange(Size(new Deflater(windowBits, 8, 16), messages) / zlib, 0, goal);
            Assert.InRange(Size(new Deflater(windowBits, 9, 16), messages) / zlib, 0, goal);
        }
    }

    [Fact]
    public void Text_of_16_KB_with_dynamic_codes_is_within_3_percent()
    {
        Zlib.Require();
        foreach ((string name, byte[] text) in Texts())
        {
            double zlib = Zlib.Deflate([text], 15)[0].Length - 4;
            double ours = Size(new Deflater(15, 12, 32, true), [text]);
            output.WriteLine($"{name}: {ours} B to zlib's {zlib}: {ours / zlib:F3}; static {Size(new Deflater(15, 12, 32), [text])}");
            Assert.InRange(ours / zlib, 0, 1.03);
        }
    }

    private static double Size(Deflater deflater, byte[][] messages) => messages.Average(message => deflater.Encode(message).Length);

    internal static (string Name, byte[] Text)[] Texts()
    {
        byte[] readings = [.. Telemetry.Messages(200, 8).SelectMany(message => message)];
        string root = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(root, "Ws.Micro.sln")))
        {
            root = Path.GetDirectoryName(root)!;
        }

        byte[] source = [.. Directory.GetFiles(Path.Combine(root, "src", "Ws.Micro", "Handshake"), "*.cs").Order(StringComparer.Ordinal).SelectMany(File.ReadAllBytes)];
        byte[] prose = Encoding.UTF8.GetBytes(Prose());
        return [("JSON", readings[..16_384]), ("C#", source[..16_384]), ("prose", prose[..16_384])];
    }

    /// <summary>Words drawn as in a language: few of them often, most of them seldom.</summary>
    private static string Prose()
    {
        Random random = new(1951);
        string[] words = [.. Enumerable.Range(0, 2000).Select(_ => string.Concat(
            Enumerable.Range(0, random.Next(1, 5)).Select(_ => "bcdfghklmnprstvw"[random.Next(16)].ToString() + "aeiou"[random.Next(5)])))];
        return string.Join(' ', Enumerable.Range(0, 6000).Select(_ => words[(int)(words.Length * Math.Pow(random.NextDouble(), 3))]));
    }
}
