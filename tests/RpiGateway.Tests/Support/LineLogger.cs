using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Threading.Channels;
using System.Threading.Tasks;
using Microsoft.Extensions.Logging;

namespace RpiGateway.Tests;

/// <summary>A log whose lines a test can wait for.</summary>
internal sealed class LineLogger : ILogger
{
    private readonly Channel<string> _next = Channel.CreateUnbounded<string>();
    private readonly ConcurrentQueue<string> _lines = [];

    /// <summary>All so far.</summary>
    public IReadOnlyCollection<string> Lines => _lines;

    /// <summary>The next line that contains the text.</summary>
    public Task<string> LineAsync(string text) => FindAsync(text).InTime();

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        string line = formatter(state, exception);
        _lines.Enqueue(line);
        _next.Writer.TryWrite(line);
    }

    public bool IsEnabled(LogLevel logLevel) => true;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    private async Task<string> FindAsync(string text)
    {
        while (true)
        {
            string line = await _next.Reader.ReadAsync();
            if (line.Contains(text, StringComparison.Ordinal))
            {
                return line;
            }
        }
    }
}
