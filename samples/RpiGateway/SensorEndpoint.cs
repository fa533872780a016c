using System;
using System.Collections.Generic;
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

    private readonly Lock _lock = new();
    private readonly Dictionary<string, SensorConnection> _newest = [];
    private readonly HashSet<SensorConnection> _open = [];
    private readonly CancellationTokenSource _givingUp = new();
    private readonly TaskCompletionSource _allGone = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _connections;
    private bool _stopping;

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

        if (!TryEnter())
        {
            await HttpRefusal.SendAsync(context, logger, StatusCodes.Status503ServiceUnavailable, "the gateway is stopping");
            return;
        }

        try
        {
            using WebSocket socket = await context.WebSockets.AcceptWebSocketAsync();
            await ServeAsync(id, new SensorConnection(id, socket, bridge, logger));
        }
        catch (Exception error) when (error is WebSocketException or OperationCanceledException)
        {
            logger.Log(_stopping ? LogLevel.Debug : LogLevel.Information, "Sensor {Id} is gone: {Reason}", id, error.Message);
        }
        finally
        {
            Leave();
        }
    }

    /// <summary>
    /// Closes all sensors with 1001 and waits until what they sent has reached the broker, or <paramref name="deadline"/>.
    /// </summary>
    public async Task StopAsync(CancellationToken deadline)
    {
        List<SensorConnection> open;
        lock (_lock)
        {
            _stopping = true;
            open = [.. _open];
            if (_connections == 0)
            {
                _allGone.TrySetResult();
            }
        }

        await Task.WhenAll(open.ConvertAll(GoAwayAsync));
        await _allGone.Task.WaitAsync(deadline).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        lock (_lock)
        {
            if (_connections > 0)
            {
                logger.LogWarning("Stopped with {Count} sensors connected or readings not delivered", _connections);
            }

            open = [.. _open];
        }

        await _givingUp.CancelAsync();
        open.ForEach(static connection => connection.Abort());
    }

    private static Task GoAwayAsync(SensorConnection connection) =>
        connection.CloseAsync(WebSocketCloseStatus.EndpointUnavailable, "the gateway is stopping");

    private async Task ServeAsync(string id, SensorConnection connection)
    {
        SensorConnection? previous;
        bool stopping;
        lock (_lock)
        {
            _newest.Remove(id, out previous);
            _newest.Add(id, connection);
            _open.Add(connection);
            stopping = _stopping;
        }

        try
        {
            if (stopping)
            {
                await GoAwayAsync(connection);
            }

            if (previous is not null)
            {
                logger.LogInformation("Sensor {Id} has connected anew", id);
            }

            await connection.RunAsync(previous, _givingUp.Token);
        }
        finally
        {
            lock (_lock)
            {
                _open.Remove(connection);
                if (_newest.GetValueOrDefault(id) == connection)
                {
                    _newest.Remove(id);
                }
            }
        }
    }

    // From before its upgrade on a sensor counts, so that a stop misses none that was let in.
    private bool TryEnter()
    {
        lock (_lock)
        {
            if (!_stopping)
            {
                _connections++;
            }

            return !_stopping;
        }
    }

    private void Leave()
    {
        lock (_lock)
        {
            if (--_connections == 0 && _stopping)
            {
                _allGone.TrySetResult();
            }
        }
    }

    [GeneratedRegex(@"\A[A-Za-z0-9_-]{1,64}\z")]
    private static partial Regex IdPattern();
}
