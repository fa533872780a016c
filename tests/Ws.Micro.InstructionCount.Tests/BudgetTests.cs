using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;

namespace Ws.Micro.InstructionCount.Tests;

/// <summary>docs/instruction-count.md states what the library costs on the device, and is kept.</summary>
public sealed class BudgetTests
{
    private static readonly string Document = Path.Combine(Sources.Root, "docs", "instruction-count.md");

    [Fact]
    public void Every_scenario_costs_what_its_line_says()
    {
        // The first time it also counts what a type costs when it is first used.
        List<Figure[]> figures = CountedScenarios.Run(times: 3);
        Assert.All(figures, times => Assert.Equal(times[1], times[2]));

        Figure[] steady = [.. figures.Select(times => times[^1])];
        if (Environment.GetEnvironmentVariable(Budget.Variable) == "1")
        {
            File.WriteAllText(Document, Budget.Write(File.ReadAllText(Document), steady));
        }

        List<string> findings = Budget.Compare(File.ReadAllText(Document), steady);
        Assert.True(findings.Count == 0, $"{string.Join('\n', findings)}\nWhere that is as it should be: {Budget.Command}");
    }

    [Theory]
    [InlineData("mask or unmask 1 KB", 13 * 1024)]
    [InlineData("validate 1 KB of UTF-8: ASCII", 10 * 1024)]
    [InlineData("engine: receive 1 KB of text as client", 25 * 1024)]
    [InlineData("engine: receive 1 KB of text as server", 25 * 1024)]
    [InlineData("WebSocketConnection: echo 16 B as client", 1_200)]
    [InlineData("WebSocketConnection: echo 1,024 B as client", 25_000)]
    public void The_budget_itself_keeps_to_its_limits(string scenario, long limit) =>
        Assert.InRange(Budget.Read(File.ReadAllText(Document))[scenario], 1, limit);

    [Theory]
    [InlineData(1000, 1020, true)]
    [InlineData(1000, 1021, false)]
    [InlineData(1000, 980, true)]
    [InlineData(1000, 979, false)]
    public void Two_percent_either_way_is_let_through(long line, long counted, bool passes)
    {
        List<string> findings = Budget.Compare(Table(new Figure("a thing", line, 0, 0)), [new Figure("a thing", counted, 0, 0)]);

        Assert.Equal(passes, findings.Count == 0);
    }

    [Fact]
    public void A_raised_cost_is_caught()
    {
        string document = Table(Count("sum += i;"));

        Assert.Empty(Budget.Compare(document, [Count("sum += i;")]));
        Assert.Equal(["'Run' costs 1,310 instructions, +18.0 % to the table's 1,110"], Budget.Compare(document, [Count("sum += i & 127;")]));
    }

    [Fact]
    public void A_line_too_many_or_too_few_is_caught() => Assert.Equal(
        ["'before' is in the table, but is not counted", "'after' is not in the table: 7 instructions"],
        Budget.Compare(Table(new Figure("before", 7, 0, 0)), [new Figure("after", 7, 0, 0)]));

    [Fact]
    public void What_is_written_can_be_read_and_the_rest_stays()
    {
        string document = Table(new Figure("a thing", 1, 0, 0));

        string written = Budget.Write(document, [new Figure("a thing", 12_345, 1000, 0), new Figure("another", 2_000, 1000, 54_546)]);

        Assert.Equal(new() { ["a thing"] = 12_345, ["another"] = 2_000 }, Budget.Read(written));
        Assert.Equal(
            document.Replace("| a thing | 1 | | | |", "| a thing | 12,345 | 12.3 | | |\n| another | 2,000 | 2.0 | 54,546 | 54.5 |", StringComparison.Ordinal),
            written);
    }

    private static string Table(Figure figure) => Budget.Write("# Text\n\n| scenario | IL |\n| --- | --- |\n\nMore.\n\n| other | table |\n", [figure]);

    private static Figure Count(string statement)
    {
        CountedBuild build = new(DeviceBuild.Compile("Planted", [("Sample.cs", $$"""
            public static class Sample
            {
                public static int Run(int n)
                {
                    int sum = 0;
                    for (int i = 0; i < n; i++)
                    {
                        {{statement}}
                    }

                    return sum;
                }
            }
            """)]));
        Func<int, int> run = build.Assembly.GetType("Sample")!.GetMethod("Run")!.CreateDelegate<Func<int, int>>();
        return new Figure("Run", build.Count(() => run(100)), 0, 0);
    }
}
