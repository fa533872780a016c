using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;

namespace RpiGateway.Tests.Access;

public sealed class RefusalsTests
{
    private readonly LineLogger _log = new();

    [Fact]
    public void ManyRefusalsAreFewLinesAndANumber()
    {
        ManualTime time = new();
        using GatewayMetrics metrics = new();
        using Refusals refusals = new(metrics, _log, time);
        for (int i = 0; i < 1000; i++)
        {
            refusals.Report(RefusalReason.Unauthorized, $"peer {i}", "wrong", "HTTP 401");
        }

        refusals.Report(RefusalReason.BadRequest, "another", "wrong", "HTTP 400");
        Assert.Equal(Refusals.MaxLines + 1, _log.Lines.Count);
        Assert.Equal("Refused peer 0: wrong (HTTP 401)", _log.Lines.First());
        Assert.Equal("Refused another: wrong (HTTP 400)", _log.Lines.Last());

        time.FireTimers();
        Assert.Equal($"Refused {1000 - Refusals.MaxLines} more within a minute: unauthorized", _log.Lines.Last());
        time.FireTimers();
        Assert.Equal(Refusals.MaxLines + 2, _log.Lines.Count);
        refusals.Report(RefusalReason.Unauthorized, "peer 0", "wrong", "HTTP 401");
        Assert.Equal(Refusals.MaxLines + 3, _log.Lines.Count);
    }

    [Fact]
    public void EachReasonIsAmongAllAndInTheDocument()
    {
        string text = File.ReadAllText(Path.Join(AppContext.BaseDirectory, "security.md"));
        IEnumerable<string> reasons = typeof(RefusalReason).GetFields().Where(static field => field.IsLiteral).Select(static field => (string)field.GetRawConstantValue()!);

        Assert.Equal(reasons.Order(), RefusalReason.All.Order());
        Assert.All(RefusalReason.All, reason => Assert.Contains($"| `{reason}` |", text));
    }
}
