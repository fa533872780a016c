using System.Collections.Generic;
using System.Threading.Tasks;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using RpiGateway.Access;

namespace RpiGateway.Monitoring;

/// <summary>
/// What the gateway looks like from outside: <c>/healthz</c> and <c>/readyz</c> for anyone, 200 or 503 with one line for each fault; <c>/metrics</c>
/// in the Prometheus text format, for users, and for those on this machine that are trusted.
/// </summary>
internal static class MonitoringEndpoints
{
    public const string HealthPath = "/healthz";
    public const string ReadyPath = "/readyz";
    public const string MetricsPath = "/metrics";

    /// <summary>Has OpenTelemetry hear the gateway's meter, and .NET's own of memory and threads.</summary>
    public static void AddMonitoring(this IServiceCollection services, GatewayMetrics metrics) => services.AddOpenTelemetry()
        .ConfigureResource(static resource => resource.AddService("rpigateway"))
        .WithMetrics(builder => builder
            .AddMeter(GatewayMetrics.MeterName, "System.Runtime")
            //// Meters are heard by their names, and another gateway in this process has a meter of the same.
            .AddView(instrument => instrument.Meter.Name == GatewayMetrics.MeterName && instrument.Meter != metrics.Meter ? MetricStreamConfiguration.Drop : null)
            .AddPrometheusExporter(static options => options.ScrapeResponseCacheDurationMilliseconds = 0));

    /// <summary>Maps the three.</summary>
    public static void MapMonitoring(this WebApplication app, Liveness liveness, Readiness readiness, AccessControl access)
    {
        app.MapGet(HealthPath, (RequestDelegate)(context => AnswerAsync(context, liveness.FindFault() is { } fault ? [fault] : [])));
        app.MapGet(ReadyPath, (RequestDelegate)(context => AnswerAsync(context, readiness.FindFaults())));
        app.MapPrometheusScrapingEndpoint(
            MetricsPath,
            meterProvider: null,
            branch => branch.Use(async (context, next) =>
            {
                if (await access.AdmitUserAsync(context))
                {
                    await next(context);
                }
            }),
            optionsName: null);
    }

    private static Task AnswerAsync(HttpContext context, List<string> faults)
    {
        context.Response.StatusCode = faults.Count == 0 ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
        context.Response.ContentType = "text/plain; charset=utf-8";
        context.Response.Headers.CacheControl = "no-store";
        return context.Response.WriteAsync(faults.Count == 0 ? "ok\n" : string.Join('\n', faults) + "\n");
    }
}
