using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Ws.Micro.Documentation.Tests;

/// <summary>What docs/flashing.md says of this repository is so.</summary>
public sealed partial class FlashingTests
{
    private const string Document = "docs/flashing.md";

    private static string Text => File.ReadAllText(Path.Combine(SourceIndex.Root, Document));

    [Fact]
    public void The_lines_of_the_serial_port_are_those_that_the_firmware_writes()
    {
        HashSet<string> literals = Literals("samples/Esp32Sensor");
        string table = Text.Split("\n## ").Single(section => section.StartsWith("6. ", StringComparison.Ordinal));
        string[] lines = [.. Cell().Matches(table).Select(match => match.Groups["line"].Value)];

        Assert.NotEmpty(lines);
        Assert.All(lines, line => Assert.True(IsWritten(line, literals), $"'{line}' is not made of what samples/Esp32Sensor writes."));
    }

    [Theory]
    [InlineData("Connected to ws://a:1/b; 4 readings to send.", true)]
    [InlineData("Connected to ws://a:1/b; 4 readings.", false)]
    [InlineData("Connected.", false)]
    [InlineData("Hello", false)]
    public void A_line_is_made_of_literals_and_of_what_differs(string line, bool expected) =>
        Assert.Equal(expected, IsWritten(line, ["Connected to ", "; ", " readings to send."]));

    [Fact]
    public void The_version_of_the_network_library_is_the_one_that_the_projects_use()
    {
        string packages = File.ReadAllText(Path.Combine(SourceIndex.Root, "src/Ws.Micro/packages.config"));
        Match version = Regex.Match(packages, "id=\"nanoFramework.System.Net\" version=\"(?<version>[^\"]+)\"");

        Assert.Contains($"nanoFramework.System.Net {version.Groups["version"].Value},", Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Document)]
    [InlineData("README.md")]
    public void Links_into_the_repository_lead_to_a_file_or_folder(string document)
    {
        string folder = Path.GetDirectoryName(Path.Combine(SourceIndex.Root, document))!;
        string[] links = [.. Link().Matches(File.ReadAllText(Path.Combine(SourceIndex.Root, document)))
            .Select(match => match.Groups["target"].Value.Split('#')[0])
            .Where(target => target.Length > 0 && !target.Contains("://", StringComparison.Ordinal))];

        Assert.NotEmpty(links);
        Assert.All(links, link => Assert.True(Path.Exists(Path.Combine(folder, link)), $"{document} links to {link}, which is not there."));
    }

    private static HashSet<string> Literals(string folder) =>
        [.. Directory.EnumerateFiles(Path.Combine(SourceIndex.Root, folder), "*.cs", SearchOption.AllDirectories)
            .Where(file => !file.Split(Path.DirectorySeparatorChar).Any(part => part is "bin" or "obj"))
            .SelectMany(file => CSharpSyntaxTree.ParseText(File.ReadAllText(file)).GetRoot().DescendantTokens())
            .Where(token => token.IsKind(SyntaxKind.StringLiteralToken) && token.ValueText.Length > 1)
            .Select(token => token.ValueText)];

    // Whether the line can be put together from literals and from numbers, addresses, what stands in quotes, names of exceptions and "...".
    private static bool IsWritten(string line, HashSet<string> literals)
    {
        bool[] reached = new bool[line.Length + 1];
        reached[0] = true;
        for (int i = 0; i < line.Length; i++)
        {
            if (!reached[i])
            {
                continue;
            }

            foreach (string literal in literals.Where(literal => string.CompareOrdinal(line, i, literal, 0, literal.Length) == 0))
            {
                reached[i + literal.Length] = true;
            }

            Match differs = Differs().Match(line, i);
            for (int end = i + 1; differs.Success && end <= i + differs.Length; end++)
            {
                reached[end] = true;
            }
        }

        return reached[line.Length];
    }

    [GeneratedRegex("^\\| `(?<line>[^`]+)` \\|", RegexOptions.Multiline)]
    private static partial Regex Cell();

    [GeneratedRegex(@"\]\((?<target>[^)]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"\G([0-9]+|'[^']*'|ws://[^ ;]+|System\.[A-Za-z]+|\.\.\.)")]
    private static partial Regex Differs();
}
