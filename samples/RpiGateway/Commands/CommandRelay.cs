using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.Extensions.Logging;
using MQTTnet;
using MQTTnet.Protocol;
using RpiGateway.Monitoring;
using RpiGateway.Mqtt;
using RpiGateway.Readings;
using RpiGateway.Sensors;

namespace RpiGateway.Commands;

/// <summary>
/// Takes commands from <c>sensors/{id}/command</c> to the sensors, and their results to <c>sensors/{id}/result</c>, with the correlation data
/// that a command came with. A command that has a message expiry interval (MQTT 5, 3.3.2.3.3) waits so long for a sensor that is not
/// connected, the newest of each sensor; others are answered at once. Retained commands are passed over: they would be done again and again.
/// </summary>
internal sealed class CommandRelay
{
    /// <summary>The topics heard.</summary>
    public const string TopicFilter = "sensors/+/command";

    /// <summary>The longest command in characters.</summary>
    public const int MaxLength = 200;

    /// <summary>The most commands that wait for sensors to connect, and the most under way.</summary>
    public const int MaxWaiting = 1000;

    private readonly MqttConnection _connection;
    private readonly SensorEndpoint _sensors;
    private readonly MqttBridge _bridge;
    private readonly ILogger _logger;
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Command> _waiting = [];
    private int _underWay;
    private CancellationToken _stopping;

    public CommandRelay(Uri broker, SensorEndpoint sensors, MqttBridge bridge, ILogger logger)
    {
        _sensors = sensors;
        _bridge = bridge;
        _logger = logger;
        _connection = new MqttConnection(broker, "RpiGatewayCommands", SubscribeAsync, logger);
        sensors.Greeted += Release;
    }

    /// <summary>Relays until cancelled.</summary>
    public Task RunAsync(CancellationToken stopping)
    {
        _stopping = stopping;
        return _connection.RunAsync(stopping);
    }

    private async Task SubscribeAsync(AttachedClient client)
    {
        client.Client.ApplicationMessageReceivedAsync += received =>
        {
            Take(received.ApplicationMessage);
            return Task.CompletedTask;
        };
        await client.Client.SubscribeAsync(
            new MqttClientSubscribeOptionsBuilder().WithTopicFilter(TopicFilter, MqttQualityOfServiceLevel.AtLeastOnce).Build(), client.Lost);
    }

    private void Take(MqttApplicationMessage message)
    {
        string sensor = message.Topic.Split('/')[1];
        string text = Encoding.UTF8.GetString(message.Payload);
        Command command = new(sensor, text, message.CorrelationData, Environment.TickCount64 + (1000L * message.MessageExpiryInterval));
        if (message.Retain)
        {
            _logger.LogWarning("Passed over a retained command to sensor {Id}", LogText.Printable(sensor));
        }
        else if (text.Length is 0 or > MaxLength || text.Any(static c => c is < ' ' or > '~'))
        {
            Start(() => AnswerAsync(command, $"error a command has 1 to {MaxLength} visible ASCII characters and spaces"));
        }
        else if (_sensors.CanCommand(sensor))
        {
            Start(() => RelayAsync(command));
        }
        else
        {
            Keep(command);
        }
    }

    // A sensor has connected: the command that waits for it, if there is one, is sent.
    private void Release(string sensor)
    {
        Command? command;
        lock (_lock)
        {
            _waiting.Remove(sensor, out command);
        }

        if (command is not null && command.Expiry > Environment.TickCount64)
        {
            Start(() => RelayAsync(command));
        }
    }

    private void Start(Func<Task> work)
    {
        if (Interlocked.Increment(ref _underWay) > MaxWaiting)
        {
            Interlocked.Decrement(ref _underWay);
            _logger.LogWarning("Dropped a command: {Count} are under way", MaxWaiting);
            return;
        }

        Task.Run(async () =>
        {
            try
            {
                await work();
            }
            finally
            {
                Interlocked.Decrement(ref _underWay);
            }
        });
    }

    private async Task RelayAsync(Command command)
    {
        string result = await _sensors.CommandAsync(command.Sensor, command.Text);
        if (result == TelemetryConnection.NotConnected)
        {
            Keep(command);
        }
        else
        {
            await AnswerAsync(command, result);
        }
    }

    // Puts a command aside for its sensor, the newest of each, where it has time to wait.
    private void Keep(Command command)
    {
        long now = Environment.TickCount64;
        Command? older = null;
        bool kept;
        lock (_lock)
        {
            foreach ((string sensor, _) in _waiting.Where(entry => entry.Value.Expiry <= now).ToList())
            {
                _waiting.Remove(sensor);
            }

            kept = command.Expiry > now && (_waiting.Remove(command.Sensor, out older) || _waiting.Count < MaxWaiting);
            if (kept)
            {
                _waiting.Add(command.Sensor, command);
            }
        }

        if (older is not null)
        {
            Start(() => AnswerAsync(older, "error a newer command took its place"));
        }

        if (!kept)
        {
            Start(() => AnswerAsync(command, TelemetryConnection.NotConnected));
        }
        else if (_sensors.CanCommand(command.Sensor))
        {
            // It has connected meanwhile.
            Release(command.Sensor);
        }
    }

    private async Task AnswerAsync(Command command, string result)
    {
        try
        {
            Publication answer = new($"sensors/{command.Sensor}/result", Encoding.UTF8.GetBytes(result)) { CorrelationData = command.CorrelationData };
            await _bridge.PublishAsync(answer, _stopping);
        }
        catch (OperationCanceledException)
        {
            // The gateway is stopping.
        }
    }

    private sealed record Command(string Sensor, string Text, byte[]? CorrelationData, long Expiry);
}
