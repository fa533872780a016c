using System;

namespace RpiGateway.Monitoring;

/// <summary>Makes text from outside fit for one line of a log or a terminal.</summary>
internal static class LogText
{
    private const int MaxLength = 256;

    /// <summary>The first 256 characters, with each control character shown as '?'.</summary>
    public static string Printable(string? text)
    {
        text ??= "";
        return string.Create(Math.Min(text.Length, MaxLength), text, static (line, source) =>
        {
            for (int i = 0; i < line.Length; i++)
            {
                line[i] = char.IsControl(source[i]) ? '?' : source[i];
            }
        });
    }
}
