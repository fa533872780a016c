using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;

namespace Ws.Micro.InstructionCount.Tests;

/// <summary>The table of docs/instruction-count.md: a line for each scenario, with what it may cost.</summary>
internal static class Budget
{
    /// <summary>Rewrites the table's lines to what is counted.</summary>
    public const string Command = Variable + "=1 dotnet run --project tests/Ws.Micro.InstructionCount.Tests";

    public const string Variable = "WS_MICRO_WRITE_COUNTS";

    private const double Tolerance = 0.02;
    private const string Header = "| scenario |";

    /// <returns>The instructions that each scenario's line states, by its name.</returns>
    /// <exception cref="FormatException">A line is not of the table's form.</exception>
    public static Dictionary<string, long> Read(string document) => Table(document.Split('\n'), out _, out _)
        .Select(line => line.Split('|', StringSplitOptions.TrimEntries))
        .ToDictionary(cells => cells[1], cells => long.Parse(cells[2], NumberStyles.AllowThousands, CultureInfo.InvariantCulture));

    /// <returns>The document with the table's lines made anew.</returns>
    public static string Write(string document, IEnumerable<Figure> figures)
    {
        string[] lines = document.Split('\n');
        Table(lines, out int start, out int end);
        return string.Join('\n', [.. lines[..start], .. figures.Select(Line), .. lines[end..]]);
    }

    /// <returns>Each figure that is not within 2 % of its line, each that has none, and each line without a figure.</returns>
    public static List<string> Compare(string document, IReadOnlyCollection<Figure> figures)
    {
        Dictionary<string, long> lines = Read(document);
        List<string> findings = [.. lines.Keys.Except(figures.Select(figure => figure.Name)).Select(name => $"'{name}' is in the table, but is not counted")];
        foreach (Figure figure in figures)
        {
            if (!lines.TryGetValue(figure.Name, out long line))
            {
                findings.Add($"'{figure.Name}' is not in the table: {Format(figure.Instructions)} instructions");
            }
            else if (Math.Abs(figure.Instructions - line) > Tolerance * line)
            {
                findings.Add(string.Create(
                    CultureInfo.InvariantCulture,
                    $"'{figure.Name}' costs {figure.Instructions:N0} instructions, {100.0 * figure.Instructions / line - 100:+0.0;-0.0} % to the table's {line:N0}"));
            }
        }

        return findings;
    }

    private static string Line(Figure figure) => string.Concat(
        ((string[])[figure.Name, .. Cells(figure.Instructions, figure.Bytes), .. Cells(figure.Others, figure.Bytes)])
            .Select(cell => cell.Length == 0 ? "| " : $"| {cell} ")) + "|";

    private static string[] Cells(long instructions, int bytes) => instructions == 0 ? ["", ""] : [Format(instructions), PerByte(instructions, bytes)];

    private static string PerByte(long instructions, int bytes) =>
        bytes == 0 ? "" : ((double)instructions / bytes).ToString("F1", CultureInfo.InvariantCulture);

    private static string Format(long number) => number.ToString("N0", CultureInfo.InvariantCulture);

    private static IEnumerable<string> Table(string[] lines, out int start, out int end)
    {
        start = Array.FindIndex(lines, line => line.StartsWith(Header, StringComparison.Ordinal)) + 2;
        if (start < 2)
        {
            throw new FormatException($"No table begins with '{Header}'.");
        }

        end = start;
        while (end < lines.Length && lines[end].StartsWith('|'))
        {
            end++;
        }

        return lines[start..end];
    }
}
