using System;
using System.Collections.Generic;
using Microsoft.Extensions.Logging;

namespace RpiGateway.Tests.Access;

public sealed class RefusalsTests
{
    private readonly Lines _lines = new();

    [Fact]
    public void ManyRefusalsAreFewLinesAndANumber()
    {
        ManualTime time = new();
        using GatewayMetrics metrics = new();
        using Refusals refusals = new(metrics, _lines, time);
        for (int i = 0; i < 1000; i++)
        {
            refusals.Report(RefusalReason.Unauthorized, $"peer {i}", "wrong", "HTTP 401");
        }

        refusals.Report(RefusalReason.BadRequest, "another", "wrong", "HTTP 400");
        Assert.Equal(Refusals.MaxLines + 1, _lines.All.Count);
        Assert.Equal("Refused peer 0: wrong (HTTP 401)", _lines.All[0]);
        Assert.Equal("Refused another: wrong (HTTP 400)", _lines.All[^1]);

        _lines.All.Clear();
        time.FireTimers();
        Assert.Equal($"Refused {1000 - Refusals.MaxLines} more within a minute: unauthorized", Assert.Single(_lines.All));
        time.FireTimers();
        Assert.Single(_lines.All);
        refusals.Report(RefusalReason.Unauthorized, "peer 0", "wrong", "HTTP 401");
        Assert.Equal(2, _lines.All.Count);
    }

    private sealed class Lines : ILogger
    {
        public List<string> All { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            All.Add(formatter(state, exception));
    }
}
