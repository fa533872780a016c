using System;
using System.Net.WebSockets;
using System.Text.RegularExpressions;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace RpiGateway;

/// <summary>
/// Where sensors connect: each message of a WebSocket at <c>/sensors/{id}</c>, text or binary, is one reading and is
/// published to <c>sensors/{id}/telemetry</c> as it is. The next message is read once the broker has the one before, so
/// a sensor is slowed to the broker's pace and the gateway holds one reading of each. A sensor that connects anew takes
/// the place of its older connection, and is read once all that came by that has been published: readings keep their order.
/// </summary>
internal sealed partial class SensorEndpoint(MqttBridge bridge, ILogger logger)
{
    public const string Path = "/sensors/{**id}";

    private readonly SensorConnections _connections = new();
    private readonly CancellationTokenSource _givingUp = new();
    private volatile bool _stopping;

    /// <summary>The topic a sensor's readings are published to.</summary>
    public static string TelemetryTopic(string id) => $"sensors/{id}/telemetry";

    /// <summary>Serves one connection to its end.</summary>
    public async Task RunAsync(HttpContext context)
    {
        string id = context.Request.RouteValues["id"] as string ?? "";
        if (!IdPattern().IsMatch(id))
        {
            await HttpRefusal.SendAsync(context, logger, StatusCodes.Status400BadRequest, "a sensor id has 1 to 64 of A-Z, a-z, 0-9, '_' and '-': /sensors/{id}");
            return;
        }

        if (!context.WebSockets.IsWebSocketRequest)
        {
            context.Response.Headers.Upgrade = "websocket";
            await HttpRefusal.SendAsync(context, logger, StatusCodes.Status426UpgradeRequired, "connect by WebSocket");
            return;
        }

        // The place is taken before the sensor can know that it is connected: one that comes back cannot overtake itself.
        SensorConnection connection = new(id, bridge, logger);
        if (!_connections.TryEnter(connection))
        {
            await HttpRefusal.SendAsync(context, logger, StatusCodes.Status503ServiceUnavailable, "the gateway is stopping");
            return;
        }

        try
        {
            using WebSocket socket = await context.WebSockets.AcceptWebSocketAsync();
            await connection.BeginAsync(socket);
            await WaitForOlderAsync(connection);
            await connection.RunAsync(_givingUp.Token);
        }
        catch (Exception error) when (error is WebSocketException or OperationCanceledException)
        {
            logger.Log(_stopping ? LogLevel.Debug : LogLevel.Information, "Sensor {Id} is gone: {Reason}", id, error.Message);
        }
        finally
        {
            _connections.Leave(connection);
            connection.End();
        }
    }

    /// <summary>
    /// Closes all sensors with 1001 and waits until what they sent has reached the broker, or <paramref name="deadline"/>.
    /// </summary>
    public async Task StopAsync(CancellationToken deadline)
    {
        _stopping = true;
        Task allGone = _connections.CloseAsync();
        await Task.WhenAll(_connections.ToList().ConvertAll(static connection =>
            connection.CloseAsync(WebSocketCloseStatus.EndpointUnavailable, "the gateway is stopping")));
        await allGone.WaitAsync(deadline).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!allGone.IsCompleted)
        {
            logger.LogWarning("Stopped with {Count} sensors connected or readings not delivered", _connections.Count);
        }

        await _givingUp.CancelAsync();
        _connections.ToList().ForEach(static connection => connection.Abort());
    }

    private async Task WaitForOlderAsync(SensorConnection connection)
    {
        while (_connections.OlderThan(connection) is { } older)
        {
            logger.LogInformation("Sensor {Id} has connected anew", connection.Id);
            await older.CloseAsync(WebSocketCloseStatus.PolicyViolation, "the sensor has connected anew");
            await older.Ended.WaitAsync(_givingUp.Token);
        }
    }

    [GeneratedRegex(@"\A[A-Za-z0-9_-]{1,64}\z")]
    private static partial Regex IdPattern();
}
