using System;
using System.Net;
using System.Net.WebSockets;
using System.Threading;
using System.Threading.Tasks;
using Esp32Sensor.Node;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using RpiGateway.Access;
using RpiGateway.Monitoring;
using RpiGateway.Readings;

namespace RpiGateway.Sensors;

/// <summary>
/// Where sensors connect, at <c>/sensors/{id}</c>: by the telemetry subprotocol, or with messages that each are a reading.
/// Readings go into the log as they are. A sensor that connects anew takes the place of its older connection, and is read once that
/// has given its last reading to the log: readings keep their order.
/// </summary>
internal sealed class SensorEndpoint(ReadingLog log, GatewayMetrics metrics, AccessControl access, ILogger logger)
{
    public const string Path = "/sensors/{**id}";

    private readonly SensorConnections _connections = new();
    private readonly CancellationTokenSource _givingUp = new();
    private volatile bool _stopping;

    /// <summary>Raised with the id of a sensor that can be sent commands now.</summary>
    public event Action<string>? Greeted;

    /// <summary>Raised when a sensor has connected.</summary>
    public event Action<SensorConnection>? Connected;

    /// <summary>Raised when a connection has ended, with why, whether it was ever raised as connected or not.</summary>
    public event Action<SensorConnection, string>? Gone;

    /// <summary>What sensors' connections have carried, and what those that there are take.</summary>
    public SensorTraffic Traffic => _connections.Traffic;

    /// <summary>Serves one connection to its end.</summary>
    public async Task RunAsync(HttpContext context)
    {
        string id = context.Request.RouteValues["id"] as string ?? "";
        if (!SensorId.IsValid(id))
        {
            await access.Refusals.SendAsync(context, StatusCodes.Status400BadRequest, $"a sensor id has {SensorId.Rule}: /sensors/{{id}}");
            return;
        }

        if (!context.WebSockets.IsWebSocketRequest)
        {
            context.Response.Headers.Upgrade = "websocket";
            await access.Refusals.SendAsync(context, StatusCodes.Status426UpgradeRequired, "connect by WebSocket");
            return;
        }

        if (await access.AdmitAsync(context, id) is not { } admission)
        {
            return;
        }

        if (!access.Devices.TryEnter(id))
        {
            await access.Refusals.SendAsync(context, StatusCodes.Status503ServiceUnavailable, RefusalReason.TooManyConnections, access.Devices.Full);
            return;
        }

        try
        {
            await ServeAsync(context, id, admission);
        }
        finally
        {
            access.Devices.Leave(id);
        }
    }

    /// <summary>Whether a command can be sent to the sensor now.</summary>
    public bool CanCommand(string id) => _connections.Newest(id) is TelemetryConnection { CanCommand: true };

    /// <summary>Sends a command to a sensor and gives its result, "ok" or "error" and why.</summary>
    /// <param name="id">The sensor.</param>
    /// <param name="command">At most 200 visible ASCII characters and spaces.</param>
    public Task<string> CommandAsync(string id, string command) => _connections.Newest(id) is TelemetryConnection connection
        ? connection.CommandAsync(command)
        : Task.FromResult(TelemetryConnection.NotConnected);

    /// <summary>Closes the connections of a device that may come in no more, with 1008.</summary>
    public void Disconnect(Credential revoked)
    {
        foreach (SensorConnection connection in revoked.IsDevice ? _connections.ToList().FindAll(connection => connection.Id == revoked.Name) : [])
        {
            const string Why = "the device was revoked";
            access.Refusals.ReportClose(WebSocketCloseStatus.PolicyViolation, $"sensor {connection.Id}", Why);
            _ = connection.CloseAsync(WebSocketCloseStatus.PolicyViolation, Why);
        }
    }

    /// <summary>
    /// Closes all sensors with 1001 and waits until what they sent is on disk, or <paramref name="deadline"/>.
    /// </summary>
    public async Task StopAsync(CancellationToken deadline)
    {
        _stopping = true;
        Task allGone = _connections.CloseAsync();
        await Task.WhenAll(_connections.ToList().ConvertAll(static connection =>
            connection.CloseAsync(WebSocketCloseStatus.EndpointUnavailable, "the gateway is stopping"))).WaitAsync(deadline).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await allGone.WaitAsync(deadline).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!allGone.IsCompleted)
        {
            logger.LogWarning("Stopped with {Count} sensors connected or readings not written", _connections.Count);
        }

        await _givingUp.CancelAsync();
        _connections.ToList().ForEach(static connection => connection.Abort());
    }

    private async Task ServeAsync(HttpContext context, string id, Admission admission)
    {
        IPAddress? address = context.Connection.RemoteIpAddress is { IsIPv4MappedToIPv6: true } mapped ? mapped.MapToIPv4() : context.Connection.RemoteIpAddress;

        // The place is taken before the sensor can know that it is connected: one that comes back cannot overtake itself.
        bool isTelemetry = context.WebSockets.WebSocketRequestedProtocols.Contains(TelemetryMessage.Subprotocol);
        SensorConnection connection = isTelemetry
            ? new TelemetryConnection(id, log, greeted => Greeted?.Invoke(greeted.Id), logger) { Address = address, Access = access }
            : new PlainConnection(id, log, logger) { Address = address, Access = access };
        if (_connections.TryEnter(connection) is { } refusal)
        {
            await access.Refusals.SendAsync(context, StatusCodes.Status503ServiceUnavailable, refusal);
            return;
        }

        string kind = isTelemetry ? ConnectionKind.Telemetry : ConnectionKind.Plain;
        string end = "the sensor has closed the connection";
        metrics.ConnectionOpened(kind);
        try
        {
            // Revoked before this connection was among those that a revocation closes.
            if (!admission.Holds)
            {
                await access.Refusals.SendAsync(context, StatusCodes.Status401Unauthorized, "the device was revoked");
                return;
            }

            // Readings are compressed where the sensor offers it: they hold no secrets beside another's text.
            using WebSocket socket = await context.WebSockets.AcceptWebSocketAsync(
                new WebSocketAcceptContext { SubProtocol = isTelemetry ? TelemetryMessage.Subprotocol : null, DangerousEnableCompression = true });
            await connection.BeginAsync(socket);
            Connected?.Invoke(connection);
            await WaitForOlderAsync(connection);
            await connection.RunAsync(_givingUp.Token);
        }
        catch (Exception error) when (error is WebSocketException or OperationCanceledException)
        {
            end = "the connection was lost";
            logger.Log(_stopping ? LogLevel.Debug : LogLevel.Information, "Sensor {Id} is gone: {Reason}", id, error.Message);
        }
        finally
        {
            metrics.ConnectionClosed(kind);
            Gone?.Invoke(connection, connection.CloseReason ?? end);
            _connections.Leave(connection);
            connection.End();
        }
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
}
