using System;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.Extensions.Logging;
using RpiGateway.Monitoring;
using RpiGateway.Mqtt;

namespace RpiGateway.Readings;

/// <summary>
/// Publishes the log to the broker, over one <see cref="Delivery"/> after the other. A reading may arrive more than once, but each arrives:
/// after a loss it goes on from the oldest in the log.
/// </summary>
internal sealed class ReadingPublisher
{
    private static readonly TimeSpan DrainInterval = TimeSpan.FromMilliseconds(100);

    private readonly ReadingLog _log;
    private readonly LogSettings _settings;
    private readonly MqttConnection _connection;
    private readonly GatewayMetrics _metrics;
    private readonly ILogger _logger;
    private AttachedClient? _client;
    private Task _delivery = Task.CompletedTask;

    public ReadingPublisher(BrokerTarget broker, ReadingLog log, LogSettings settings, GatewayMetrics metrics, ILogger logger)
    {
        _metrics = metrics;
        _log = log;
        _settings = settings;
        _logger = logger;
        _connection = new MqttConnection(broker, "RpiGatewayReadings", AttachAsync, logger);
    }

    /// <summary>Whether the broker is attached now.</summary>
    public bool IsAttached => Volatile.Read(ref _client) is { Lost.IsCancellationRequested: false };

    /// <summary>Publishes until cancelled.</summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        await _connection.RunAsync(stopping);
        await _delivery;
    }

    /// <summary>Waits until the broker has acknowledged all, or takes nothing, or the deadline.</summary>
    public async Task DrainAsync(CancellationToken deadline)
    {
        long before = long.MaxValue;
        while (!deadline.IsCancellationRequested && _log.Waiting is > 0 and var waiting && waiting < before)
        {
            before = waiting;
            await Task.Delay(DrainInterval, deadline).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task AttachAsync(AttachedClient client)
    {
        await _delivery;
        Volatile.Write(ref _client, client);
        Delivery delivery = new(client, _log, _settings, _metrics, _logger);
        _delivery = delivery.RunAsync();
    }
}
