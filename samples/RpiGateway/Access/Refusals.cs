using System;
using System.Collections.Generic;
using System.Net.WebSockets;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using RpiGateway.Monitoring;

namespace RpiGateway.Access;

/// <summary>
/// The one place for all that is refused: one count and one line in the log each. Of one reason 30 in a minute are logged, and the rest as one number, so that
/// nobody can fill the disk. For any thread.
/// </summary>
internal sealed class Refusals : IDisposable
{
    /// <summary>The lines logged of each reason in a minute.</summary>
    public const int MaxLines = 30;

    private static readonly TimeSpan Period = TimeSpan.FromMinutes(1);

    private readonly GatewayMetrics _metrics;
    private readonly ILogger _logger;
    private readonly ITimer _timer;
    private readonly Lock _lock = new();
    private readonly Dictionary<string, int> _counts = [];

    public Refusals(GatewayMetrics metrics, ILogger logger, TimeProvider time)
    {
        _metrics = metrics;
        _logger = logger;
        _timer = time.CreateTimer(_ => Summarise(), null, Period, Period);
    }

    /// <summary>Answers a request that is not let in, with one line that says why.</summary>
    public Task SendAsync(HttpContext context, int status, string why) => SendAsync(context, status, ReasonOf(status), why);

    /// <summary>The same, for a reason that the status does not tell.</summary>
    public Task SendAsync(HttpContext context, int status, string reason, string why)
    {
        ConnectionInfo peer = context.Connection;
        Report(
            reason, $"{LogText.Printable(context.Request.Path)} from {peer.RemoteIpAddress}:{peer.RemotePort}", why, $"HTTP {status}");
        context.Response.StatusCode = status;
        if (status == StatusCodes.Status503ServiceUnavailable)
        {
            context.Response.Headers.RetryAfter = "10";
        }

        context.Response.ContentType = "text/plain; charset=utf-8";
        return context.Response.WriteAsync(why + "\n");
    }

    /// <summary>A WebSocket is closed with that code.</summary>
    /// <param name="code">The close code.</param>
    /// <param name="who">The peer, fit for a log.</param>
    /// <param name="why">What the peer is told.</param>
    public void ReportClose(WebSocketCloseStatus code, string who, string why) => Report(ReasonOf(code), who, why, $"close {(int)code}");

    /// <summary>Counts and logs a refusal.</summary>
    /// <param name="reason">One of <see cref="RefusalReason"/>, never text from outside: each is a series of its own.</param>
    /// <param name="who">What is refused, fit for a log.</param>
    /// <param name="why">In words.</param>
    /// <param name="how">What the peer gets.</param>
    public void Report(string reason, string who, string why, string how)
    {
        _metrics.Refused(reason);
        lock (_lock)
        {
            int count = _counts.GetValueOrDefault(reason) + 1;
            _counts[reason] = count;
            if (count > MaxLines)
            {
                return;
            }
        }

        _logger.LogWarning("Refused {Who}: {Why} ({How})", who, why, how);
    }

    public void Dispose() => _timer.Dispose();

    private static string ReasonOf(int status) => status switch
    {
        StatusCodes.Status401Unauthorized => RefusalReason.Unauthorized,
        StatusCodes.Status429TooManyRequests => RefusalReason.TooManyAttempts,
        StatusCodes.Status503ServiceUnavailable => RefusalReason.Unavailable,
        _ => RefusalReason.BadRequest,
    };

    private static string ReasonOf(WebSocketCloseStatus code) => code switch
    {
        WebSocketCloseStatus.MessageTooBig => RefusalReason.MessageTooBig,
        WebSocketCloseStatus.PolicyViolation => RefusalReason.PolicyViolation,
        _ => RefusalReason.ProtocolError,
    };

    private void Summarise()
    {
        List<(string Reason, int More)> summary = [];
        lock (_lock)
        {
            foreach ((string reason, int count) in _counts)
            {
                if (count > MaxLines)
                {
                    summary.Add((reason, count - MaxLines));
                }
            }

            _counts.Clear();
        }

        foreach ((string reason, int more) in summary)
        {
            _logger.LogWarning("Refused {Count} more within a minute: {Reason}", more, reason);
        }
    }
}
