using System.Collections.Generic;
using System.IO;
using System.Linq;
using Ws.Micro.Conformance.Tests;

namespace Ws.Micro.Documentation.Tests;

/// <summary>docs/rfc6455.md names only code and tests that exist, for every section and every pitfall.</summary>
public sealed class Rfc6455Tests
{
    private static readonly string Document = File.ReadAllText(Path.Combine(SourceIndex.Root, "docs", "rfc6455.md"));

    [Fact]
    public void Every_name_is_of_code_or_a_test_that_exists()
    {
        RuleTables tables = new(SourceIndex.OfRepository(), [.. ConformanceCase.Ids.Select(row => row.Data)]);
        string[] problems = [.. tables.Problems(Document)];

        Assert.True(problems.Length == 0, string.Join('\n', problems));
    }

    [Theory]
    [InlineData("3 4.1 4.2.1 4.2.2 4.3 4.4 5.1 5.2 5.3 5.4 5.5 5.5.1 5.5.2 5.5.3 5.6 5.7 5.8 6.1 6.2 7.1.1 7.1.2 7.1.4 7.1.5 7.1.6 7.1.7 "
        + "7.2.1 7.2.2 7.2.3 7.3 7.4 7.4.1 7.4.2 8.1 9 9.1 9.2 10.1 10.2 10.3 10.4 10.5 10.6 10.7 10.8 11.3.1 11.3.2 11.3.3 11.3.4 11.3.5")]
    public void Every_section_with_rules_has_rows(string sections) =>
        Assert.Empty(sections.Split(' ').Except(RuleTables.Rows(Document).Select(row => row.Cells.GetValueOrDefault("§", ""))));

    [Fact]
    public void Every_pitfall_has_one_row() => Assert.Equal(
        [.. Enumerable.Range(1, 12).Select(i => $"F{i}"), .. Enumerable.Range(1, 7).Select(i => $"C{i}"), .. Enumerable.Range(1, 13).Select(i => $"H{i}")],
        RuleTables.Rows(Document).Select(row => row.Cells.GetValueOrDefault("pitfall", "")).Where(pitfall => pitfall.Length > 0));
}
