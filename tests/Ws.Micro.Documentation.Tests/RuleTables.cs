using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.RegularExpressions;

namespace Ws.Micro.Documentation.Tests;

/// <summary>
/// Holds a document's tables to the sources. A table's columns are told by its heading: under "code" stands `src/File.cs: Member`, under "tests"
/// `Project: Class.Method` or `Conformance: 1.2.*`, and nothing else stands in backticks there. Where there is no test, it says `none`; where there is no code, why.
/// </summary>
internal sealed partial class RuleTables(SourceIndex sources, IReadOnlyCollection<string> conformanceCases)
{
    private const string Conformance = "Conformance: ";

    [GeneratedRegex("`([^`]*)`")]
    private static partial Regex Quoted { get; }

    /// <summary>The rows of every table that has a column "tests": the line's number, from 1, and the cells by their column's name.</summary>
    public static IEnumerable<(int Line, Dictionary<string, string> Cells)> Rows(string document)
    {
        string[]? columns = null;
        string[] lines = document.Split('\n');
        for (int i = 0; i < lines.Length; i++)
        {
            string line = lines[i].Trim();
            if (!line.StartsWith('|'))
            {
                columns = null;
                continue;
            }

            string[] cells = [.. line.Trim('|').Split('|').Select(cell => cell.Trim())];
            if (columns is null)
            {
                columns = cells;
            }
            else if (columns.Contains("tests") && cells.Any(cell => cell.Trim('-', ':').Length > 0))
            {
                yield return (i + 1, columns.Zip(cells).ToDictionary(pair => pair.First, pair => pair.Second));
            }
        }
    }

    /// <summary>Every name that is wrong, with its line. None: the document is true to the sources.</summary>
    public IEnumerable<string> Problems(string document)
    {
        foreach ((int line, Dictionary<string, string> cells) in Rows(document))
        {
            foreach ((string column, string cell) in cells.Where(pair => pair.Key is "code" or "tests"))
            {
                string[] names = [.. Quoted.Matches(cell).Select(match => match.Groups[1].Value)];
                if (names.Length == 0 && (column == "tests" ? cell != "none" : cell.Length == 0))
                {
                    yield return $"line {line}: under '{column}' stands no name; say why under 'code', and 'none' under 'tests'";
                }

                foreach (string name in names)
                {
                    string? problem = column == "code" ? ProblemOfCode(name) : ProblemOfTest(name);
                    if (problem is not null)
                    {
                        yield return $"line {line}: {problem}";
                    }
                }
            }
        }
    }

    private string? ProblemOfCode(string name)
    {
        string[] parts = name.Split(": ");
        return parts.Length != 2 ? $"'{name}' is not 'file: member'"
            : !sources.HasFile(parts[0]) ? $"there is no file '{parts[0]}'"
            : !sources.HasMember(parts[0], parts[1]) ? $"'{parts[0]}' declares no '{parts[1]}'"
            : null;
    }

    private string? ProblemOfTest(string name)
    {
        if (!name.StartsWith(Conformance, StringComparison.Ordinal))
        {
            return sources.HasTest(name) ? null : $"there is no test '{name}'";
        }

        string pattern = name[Conformance.Length..];
        Regex cases = new("^" + Regex.Escape(pattern).Replace("\\*", ".*", StringComparison.Ordinal) + "$");
        return conformanceCases.Any(cases.IsMatch) ? null : $"there is no conformance case '{pattern}'";
    }
}
