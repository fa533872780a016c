using System.Collections.Generic;
using System.IO;
using System.Linq;
using Ws.Micro.Conformance.Tests;

namespace Ws.Micro.Documentation.Tests;

/// <summary>docs/rfc7692.md names only code and tests that exist, for every section and every pitfall.</summary>
public sealed class Rfc7692Tests
{
    private static readonly string Document = File.ReadAllText(Path.Combine(SourceIndex.Root, "docs", "rfc7692.md"));

    [Fact]
    public void Every_name_is_of_code_or_a_test_that_exists()
    {
        RuleTables tables = new(SourceIndex.OfRepository(), [.. ConformanceCase.Ids.Select(row => row.Data)]);
        string[] problems = [.. tables.Problems(Document)];

        Assert.True(problems.Length == 0, string.Join('\n', problems));
    }

    [Theory]
    [InlineData("5 6 6.1 6.2 7 7.1 7.1.1.1 7.1.1.2 7.1.2 7.1.2.1 7.1.2.2 7.2.1 7.2.2 7.2.3.1 7.2.3.2 7.2.3.3 7.2.3.4 7.2.3.5 7.2.3.6 8")]
    public void Every_section_with_rules_has_rows(string sections) =>
        Assert.Empty(sections.Split(' ').Except(RuleTables.Rows(Document).Select(row => row.Cells.GetValueOrDefault("§", ""))));

    [Fact]
    public void Every_pitfall_has_one_row() => Assert.Equal(
        [.. Enumerable.Range(1, 14).Select(i => $"D{i}")],
        RuleTables.Rows(Document).Select(row => row.Cells.GetValueOrDefault("pitfall", "")).Where(pitfall => pitfall.Length > 0));
}
