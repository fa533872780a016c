using System.Linq;
using Ws.Micro.Testing;

namespace Ws.Micro.Benchmarks.Deflate;

/// <summary>Sizes of long messages, against zlib.</summary>
internal static class TextFigures
{
    private const int Size = 16 * 1024, WindowBits = 15;
    private const double Goal = 1.03;

    public static void Run(Report report)
    {
        report.Begin("Size of 16 KB of text in one message");
        report.Say("Windows of 15 bits, .NET's settings, dynamic codes. zlib: level 6, memLevel 8.");
        report.Table("text", "zlib, B", "ours, B", "ratio", "goal", "reached");
        foreach ((string name, byte[] text) in new[]
        {
            ("readings, JSON", Texts.Readings(Size)),
            ("records, JSON", Texts.Records(Size)),
            ("prose", Texts.Prose(Size)),
            ("C#", Texts.Sources(Size)),
        })
        {
            double zlib = Zlib.Deflate([text], WindowBits).Single().Length - 4;
            double ours = TelemetryFigures.Size(Sockets.Codecs(false, WindowBits, Sockets.OnDotnet), [text]);
            report.Row(name, $"{zlib:N0}", $"{ours:N0}", $"{ours / zlib:F3}", $"at most {Goal:F2}", Report.Reached(ours / zlib <= Goal));
        }

        report.End();
    }
}
