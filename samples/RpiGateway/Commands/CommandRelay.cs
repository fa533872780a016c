using System;
using System.Linq;
using System.Text;
using System.Text.RegularExpressions;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.Extensions.Logging;
using MQTTnet;
using RpiGateway.Access;
using RpiGateway.Monitoring;
using RpiGateway.Mqtt;
using RpiGateway.Sensors;

namespace RpiGateway.Commands;

/// <summary>
/// Takes commands from <c>sensors/{id}/command</c> to the sensors, and their results to <c>sensors/{id}/result</c>, with the correlation data or the
/// tag that a command came with. Those of one sensor are sent one after the other; they wait, also over a restart, while it is away, and
/// are answered with <c>expired</c> where it does not come in time. Each is sent at most once, and answered. Retained commands are passed over:
/// they would be done again and again.
/// </summary>
internal sealed partial class CommandRelay : IDisposable
{
    /// <summary>The topics heard.</summary>
    public const string TopicFilter = "sensors/+/command";

    /// <summary>The longest command in characters, its tag aside.</summary>
    public const int MaxLength = 200;

    /// <summary>The most correlation data of a command in bytes: it is kept as long as the command is.</summary>
    public const int MaxCorrelationData = 1024;

    /// <summary>The most results that wait for the broker.</summary>
    public const int MaxAnswers = 10_000;

    private const string Expired = "expired";

    private static readonly TimeSpan RoundInterval = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan DrainInterval = TimeSpan.FromMilliseconds(20);

    private readonly SensorEndpoint _sensors;
    private readonly MqttBridge _bridge;
    private readonly CommandJournal _journal;
    private readonly CommandSettings _settings;
    private readonly GatewayMetrics _metrics;
    private readonly ILogger _logger;
    private readonly CommandQueues _queues = new();
    private int _answers;
    private int _senders;
    private CancellationToken _stopping;

    public CommandRelay(
        SensorEndpoint sensors, MqttBridge bridge, CommandJournal journal, CommandSettings settings, GatewayMetrics metrics, ILogger logger)
    {
        _sensors = sensors;
        _bridge = bridge;
        _journal = journal;
        _settings = settings;
        _metrics = metrics;
        _logger = logger;
        bridge.Hear(TopicFilter, Take);
        sensors.Greeted += Send;
    }

    /// <summary>Relays until cancelled.</summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        _stopping = stopping;
        foreach (Command command in _journal.ToList())
        {
            if (command.Result is not null || command.IsSent)
            {
                Answer(command, command.Result ?? "error the gateway stopped before the sensor had answered");
            }
            else if (_queues.TryAdd(command) is { } refusal)
            {
                Answer(command, refusal);
            }
        }

        while (!stopping.IsCancellationRequested)
        {
            foreach (Command command in _queues.TakeExpired(Environment.TickCount64))
            {
                Answer(command, Expired);
            }

            _queues.Sensors.ForEach(Send);
            await Task.Delay(RoundInterval, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Waits, once sensors are gone, until the broker has all results, or is away, or the deadline.</summary>
    public async Task DrainAsync(CancellationToken deadline)
    {
        while (!deadline.IsCancellationRequested && _bridge.IsAttached && Volatile.Read(ref _senders) + Volatile.Read(ref _answers) > 0)
        {
            await Task.Delay(DrainInterval, deadline).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    public void Dispose() => _journal.Dispose();

    [GeneratedRegex(@"\A(?:(?<tag>@[A-Za-z0-9_-]{1,64}) )?(?<text>[\x20-\x7E]+)\z", RegexOptions.ExplicitCapture)]
    private static partial Regex CommandPattern();

    // What has come is acknowledged to the broker once this returns.
    private void Take(MqttApplicationMessage message)
    {
        string sensor = message.Topic.Split('/')[1];
        if (message.Retain)
        {
            _logger.LogWarning("Passed over a retained command to sensor {Id}", LogText.Printable(sensor));
            return;
        }

        Match parts = CommandPattern().Match(Encoding.UTF8.GetString(message.Payload));
        TimeSpan timeToLive = message.MessageExpiryInterval > 0 ? TimeSpan.FromSeconds(message.MessageExpiryInterval) : _settings.TimeToLive;
        Command command = new()
        {
            Sensor = sensor,
            Tag = parts.Groups["tag"].Value,
            Text = parts.Groups["text"].Value,
            CorrelationData = message.CorrelationData,
            TimeToLive = timeToLive,
            Arrived = DateTimeOffset.UtcNow,
            Expiry = Environment.TickCount64 + (long)timeToLive.TotalMilliseconds,
        };
        string? refusal = command.Text.Length is 0 or > MaxLength ? $"error a command has 1 to {MaxLength} visible ASCII characters and spaces"
            : command.CorrelationData?.Length > MaxCorrelationData ? $"error the correlation data has at most {MaxCorrelationData} bytes"
            : !SensorId.IsValid(sensor) ? "error no sensor can have that id"
            : null;
        if (refusal is not null)
        {
            Answer(command, refusal);
            return;
        }

        // A command must not be sent before it is on disk, nor be there for ever where there is no room.
        _journal.Add(command);
        if (_queues.TryAdd(command) is { } full)
        {
            Answer(command, full);
        }
        else
        {
            Send(sensor);
        }
    }

    // Sends what waits for the sensor, one after the other, unless that goes on already. Whatever this misses the next round sees.
    private void Send(string sensor)
    {
        if (_queues.Has(sensor) && _sensors.CanCommand(sensor) && _queues.TryStart(sensor))
        {
            Interlocked.Increment(ref _senders);
            Task.Run(async () =>
            {
                try
                {
                    while (_sensors.CanCommand(sensor) && _queues.Take(sensor) is { } command)
                    {
                        await SendAsync(command);
                    }
                }
                finally
                {
                    _queues.Finish(sensor);
                    Interlocked.Decrement(ref _senders);
                }
            });
        }
    }

    private async Task SendAsync(Command command)
    {
        if (command.Expiry <= Environment.TickCount64)
        {
            Answer(command, Expired);
            return;
        }

        _journal.SetSent(command, true);
        string result = await _sensors.CommandAsync(command.Sensor, command.Text);
        if (result == TelemetryConnection.NotConnected)
        {
            // Nothing was sent: it goes on waiting.
            _journal.SetSent(command, false);
            _queues.PutBack(command);
        }
        else
        {
            Answer(command, LogText.Printable(result));
        }
    }

    private void Answer(Command command, string result)
    {
        if (Interlocked.Increment(ref _answers) > MaxAnswers)
        {
            Interlocked.Decrement(ref _answers);
            _logger.LogWarning("Dropped the result of a command to sensor {Id}: {Count} wait for the broker", LogText.Printable(command.Sensor), MaxAnswers);
            if (command.Number > 0)
            {
                _journal.Remove(command);
            }

            return;
        }

        _metrics.CommandAnswered(result == "ok" ? CommandOutcome.Ok : result == Expired ? CommandOutcome.Expired : CommandOutcome.Error);
        if (command.Number > 0)
        {
            _journal.SetResult(command, result);
        }
        else
        {
            command.Result = result;
        }

        Task.Run(() => PublishAsync(command));
    }

    private async Task PublishAsync(Command command)
    {
        try
        {
            string text = command.Tag.Length > 0 ? $"{command.Tag} {command.Result}" : command.Result!;
            await _bridge.PublishAsync(
                new Publication($"sensors/{command.Sensor}/result", Encoding.UTF8.GetBytes(text)) { CorrelationData = command.CorrelationData }, _stopping);
            if (command.Number > 0)
            {
                _journal.Remove(command);
            }
        }
        catch (OperationCanceledException)
        {
            // The gateway is stopping: the next one publishes it.
        }
        finally
        {
            Interlocked.Decrement(ref _answers);
        }
    }
}
