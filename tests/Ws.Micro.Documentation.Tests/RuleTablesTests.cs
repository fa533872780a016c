using System.Collections.Generic;
using System.Linq;

namespace Ws.Micro.Documentation.Tests;

/// <summary>That the check finds what is wrong, and only that.</summary>
public sealed class RuleTablesTests
{
    private const string Heading = "| § | code | tests |\n| --- | --- | --- |\n";

    private static readonly SourceIndex Sources = new(
    [
        ("src/A/Reader.cs", "class Reader { int _count; int Count => _count; Reader() { } void Read() { int local; } enum Step { First } }"),
        ("tests/A.Tests/ReaderTests.cs", "class ReaderTests { [Fact] public void Reads() { } [Theory, InlineData(1)] public void Counts(int n) { } void Helper() { } }"),
    ]);

    [Theory]
    [InlineData("`src/A/Reader.cs: Read`", "`A.Tests: ReaderTests.Reads`")]
    [InlineData("in words; `src/A/Reader.cs: _count`, `src/A/Reader.cs: Count`", "`A.Tests: ReaderTests.Counts`<br>`A.Tests: ReaderTests.Reads`")]
    [InlineData("`src/A/Reader.cs: Reader`", "`Conformance: 1.2.1`")]
    [InlineData("`src/A/Reader.cs: First`", "`Conformance: 1.2.*` `Conformance: 1.*`")]
    [InlineData("not kept: why", "none")]
    public void Names_of_the_sources_are_let_through(string code, string tests) => Assert.Empty(Problems(code, tests));

    [Theory]
    [InlineData("`src/A/Writer.cs: Read`", "none", "line 3: there is no file 'src/A/Writer.cs'")]
    [InlineData("`src/A/Reader.cs: Write`", "none", "line 3: 'src/A/Reader.cs' declares no 'Write'")]
    [InlineData("`src/A/Reader.cs: local`", "none", "line 3: 'src/A/Reader.cs' declares no 'local'")]
    [InlineData("`Reader.Read`", "none", "line 3: 'Reader.Read' is not 'file: member'")]
    [InlineData("none", "`A.Tests: ReaderTests.Writes`", "line 3: there is no test 'A.Tests: ReaderTests.Writes'")]
    [InlineData("none", "`A.Tests: WriterTests.Reads`", "line 3: there is no test 'A.Tests: WriterTests.Reads'")]
    [InlineData("none", "`B.Tests: ReaderTests.Reads`", "line 3: there is no test 'B.Tests: ReaderTests.Reads'")]
    [InlineData("none", "`A.Tests: ReaderTests.Helper`", "line 3: there is no test 'A.Tests: ReaderTests.Helper'")]
    [InlineData("none", "`Conformance: 1.3`", "line 3: there is no conformance case '1.3'")]
    [InlineData("none", "`Conformance: 1.2`", "line 3: there is no conformance case '1.2'")]
    [InlineData("none", "`Conformance: 2.*`", "line 3: there is no conformance case '2.*'")]
    [InlineData("", "none", "line 3: under 'code' stands no name; say why under 'code', and 'none' under 'tests'")]
    [InlineData("none", "", "line 3: under 'tests' stands no name; say why under 'code', and 'none' under 'tests'")]
    [InlineData("none", "ReaderTests.Reads", "line 3: under 'tests' stands no name; say why under 'code', and 'none' under 'tests'")]
    public void A_planted_wrong_name_is_found_with_its_line(string code, string tests, string problem) =>
        Assert.Equal([problem], Problems(code, tests));

    [Fact]
    public void Every_row_of_every_table_with_tests_is_read_and_no_other()
    {
        string document = "text\n\n" + Heading + "| 1 | a | b |\n| 2 | c | d |\n\n| code | why |\n| --- | --- |\n| `x` | y |\n\n" + Heading + "| 3 | e | f |\n";

        Assert.Equal(["5 1 a b", "6 2 c d", "14 3 e f"], RuleTables.Rows(document).Select(row => $"{row.Line} {string.Join(' ', row.Cells.Values)}"));
    }

    private static IEnumerable<string> Problems(string code, string tests) =>
        new RuleTables(Sources, ["1.2.1", "1.2.2"]).Problems($"{Heading}| 5.1 | {code} | {tests} |\n");
}
