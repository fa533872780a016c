using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using System.Threading.Tasks;

namespace RpiGateway.Tests;

/// <summary>--help and docs/operating.md say all that there is, and nothing else.</summary>
public sealed partial class OperatingTests
{
    private static readonly string Text = File.ReadAllText(Path.Join(AppContext.BaseDirectory, "operating.md"));

    [Fact]
    public async Task HelpAndDocumentNameEachSetting()
    {
        await using Tool gateway = ProgramTests.Start("--help");
        List<string> help = (await gateway.ExitAsync()).Output;

        Assert.True(GatewaySettings.All.Length > 10);

        // What is said stands in one column.
        Assert.Single(help.Where(static line => line.StartsWith("  --", StringComparison.Ordinal)).Select(static line => Meaning().Match(line).Length).Distinct());
        Assert.All(GatewaySettings.All, setting =>
        {
            Assert.Contains(help, line => line.StartsWith($"  --{setting.Name} {setting.Value} ", StringComparison.Ordinal));
            Assert.Contains($"| `{setting.Name}` |", Text);
        });
        Assert.Equal(
            GatewaySettings.All.Select(static setting => setting.Name).Order(StringComparer.Ordinal),
            Row().Matches(Text).Select(static row => row.Groups[1].Value).Where(static name => !name.Contains('_') && !name.StartsWith('/')).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task DocumentNamesEachMetric()
    {
        await using TestGateway gateway = await TestGateway.StartAsync();
        Metrics metrics = await Metrics.ReadUntilAsync(gateway.Address, static metrics => metrics["rpigateway_broker_attached"] == 1);
        IEnumerable<string> names = metrics.Names.Select(static series => series.Split('{')[0]).Where(static name => name.StartsWith("rpigateway_", StringComparison.Ordinal)).Distinct();

        Assert.Equal(
            names.Append("rpigateway_certificate_remaining_days").Append("rpigateway_refused_total").Distinct().Order(StringComparer.Ordinal),
            Row().Matches(Text).Select(static row => row.Groups[1].Value).Where(static name => name.StartsWith("rpigateway_", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
    }

    [GeneratedRegex("^  --[^ ]+( [A-Z]+)? {2,}")]
    private static partial Regex Meaning();

    [GeneratedRegex(@"^\| `([^`]+)` \|", RegexOptions.Multiline)]
    private static partial Regex Row();
}
