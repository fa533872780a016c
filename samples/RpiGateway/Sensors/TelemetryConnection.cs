using System;
using System.Collections.Generic;
using System.Globalization;
using System.Net.WebSockets;
using System.Text;
using System.Threading;
using System.Threading.Channels;
using System.Threading.Tasks;
using Esp32Sensor.Node;
using Microsoft.Extensions.Logging;
using RpiGateway.Readings;

namespace RpiGateway.Sensors;

/// <summary>
/// The gateway's side of the telemetry subprotocol (docs/telemetry.md). Messages are read at any time, so that pings are answered while
/// readings wait for the broker; the window bounds how many do.
/// </summary>
internal sealed class TelemetryConnection(string id, ReadingInbox inbox, Action<TelemetryConnection> greeted, ILogger logger)
    : SensorConnection(id, PlainConnection.MaxReadingSize + MaxPrefix, logger)
{
    /// <summary>The most readings of a sensor that wait.</summary>
    public const int Window = 32;

    /// <summary>The most commands of a sensor that wait for their results.</summary>
    public const int MaxCommands = 8;

    /// <summary>The result of a command to a sensor that is not there.</summary>
    public const string NotConnected = "error the sensor is not connected";

    // "R", a number of 16 digits, and two spaces.
    private const int MaxPrefix = 19;

    // Behind each other, readings are acknowledged together, up to this many.
    private const int AcknowledgeEach = Window / 4;

    private static readonly TimeSpan CommandTimeout = TimeSpan.FromSeconds(30);

    // What is being published when the connection is to be closed may take this long; the rest stays with the sensor.
    private static readonly TimeSpan FinishTimeout = TimeSpan.FromSeconds(1);

    private readonly TelemetryMessage _message = new();
    private readonly Channel<(long Sequence, byte[] Payload)> _waiting = Channel.CreateBounded<(long, byte[])>(
        new BoundedChannelOptions(Window) { SingleReader = true, SingleWriter = true });
    private readonly Dictionary<long, TaskCompletionSource<string>> _commands = [];
    private readonly CancellationTokenSource _finishing = new();
    private readonly Lock _lock = new();
    private Task _publishing = Task.CompletedTask;
    private long _acknowledged;
    private long _lastCommand;
    private bool _greeted;
    private bool _leaving;

    /// <summary>Whether commands can be sent.</summary>
    public bool CanCommand
    {
        get
        {
            lock (_lock)
            {
                return _greeted && !_leaving;
            }
        }
    }

    /// <inheritdoc/>
    public override async Task CloseAsync(WebSocketCloseStatus code, string? reason)
    {
        Task publishing;
        lock (_lock)
        {
            _leaving = true;
            publishing = _publishing;
        }

        _waiting.Writer.TryComplete();
        _finishing.CancelAfter(FinishTimeout);
        await publishing;
        await base.CloseAsync(code, reason);
    }

    /// <summary>Sends a command and gives its result, "ok" or "error" and why. For any thread.</summary>
    /// <param name="command">At most 200 visible ASCII characters and spaces.</param>
    public async Task<string> CommandAsync(string command)
    {
        TaskCompletionSource<string> result = new(TaskCreationOptions.RunContinuationsAsynchronously);
        long number;
        lock (_lock)
        {
            if (!_greeted || _leaving)
            {
                return NotConnected;
            }

            if (_commands.Count == MaxCommands)
            {
                return $"error {MaxCommands} commands are waiting for the sensor";
            }

            number = ++_lastCommand;
            _commands.Add(number, result);
        }

        try
        {
            await SendAsync(Encoding.ASCII.GetBytes($"C {number} {command}"));
            return await result.Task.WaitAsync(CommandTimeout);
        }
        catch (TimeoutException)
        {
            return $"error the sensor did not answer within {CommandTimeout.TotalSeconds:0} s";
        }
        finally
        {
            lock (_lock)
            {
                _commands.Remove(number);
            }
        }
    }

    protected override async Task ServeAsync(CancellationToken givingUp)
    {
        if (!await ReceiveAsync())
        {
            await CloseAsync(WebSocketCloseStatus.NormalClosure, null);
            return;
        }

        if (!Parse() || _message.Kind != TelemetryMessage.Hello || _message.Number == 0)
        {
            await RefuseAsync(WebSocketCloseStatus.PolicyViolation, "the first message must be a hello: H, a space and the boot");
            return;
        }

        long boot = _message.Number;
        _acknowledged = inbox.Acknowledged(Id, boot);
        await SendAsync(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"H {Time()} {_acknowledged} {Window}")));
        using CancellationTokenSource finishing = CancellationTokenSource.CreateLinkedTokenSource(givingUp, _finishing.Token);
        lock (_lock)
        {
            _greeted = true;
            if (!_leaving)
            {
                _publishing = PublishAsync(boot, finishing.Token);
            }
        }

        greeted(this);
        try
        {
            await ReceiveAllAsync();
            await CloseAsync(WebSocketCloseStatus.NormalClosure, null);
        }
        finally
        {
            // However it ended, nothing is published any more when this is over.
            _waiting.Writer.TryComplete();
            lock (_lock)
            {
                _leaving = true;
                foreach (TaskCompletionSource<string> command in _commands.Values)
                {
                    command.TrySetResult("error the connection was lost");
                }
            }

            _finishing.CancelAfter(FinishTimeout);
            await _publishing;
        }
    }

    // The gateway's own clock may never have been set.
    private static long Time() => DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() is var now && now >= NodeClock.Earliest ? now : 0;

    private bool Parse() => _message.Parse(Message.Array!, Message.Offset, Message.Count);

    private async Task ReceiveAllAsync()
    {
        long last = _acknowledged;
        while (await ReceiveAsync())
        {
            if (!Parse())
            {
                await RefuseAsync(WebSocketCloseStatus.PolicyViolation, "a message is not of the telemetry subprotocol");
                return;
            }

            switch (_message.Kind)
            {
                case TelemetryMessage.Reading when _message.Number > last:
                    last = _message.Number;

                    // False once the connection is to be closed: the sensor will send the reading again over its next.
                    if (await _waiting.Writer.WaitToWriteAsync())
                    {
                        _waiting.Writer.TryWrite((last, Body()));
                    }

                    break;
                case TelemetryMessage.Reading:
                    // It came before. What it waits for is the acknowledgement.
                    await AcknowledgeAsync(Volatile.Read(ref _acknowledged));
                    break;
                case TelemetryMessage.Command:
                    Complete(_message.Number, Encoding.UTF8.GetString(Body()));
                    break;
                case TelemetryMessage.Hello or TelemetryMessage.Acknowledgement:
                    await RefuseAsync(WebSocketCloseStatus.PolicyViolation, "a message is not a sensor's to send");
                    return;
            }
        }
    }

    private byte[] Body() => Message.AsSpan(_message.BodyOffset, _message.BodyCount).ToArray();

    // Hands the readings on, one after the other. Never throws.
    private async Task PublishAsync(long boot, CancellationToken finishing)
    {
        try
        {
            int unacknowledged = 0;
            while (await _waiting.Reader.WaitToReadAsync(CancellationToken.None))
            {
                while (!Volatile.Read(ref _leaving) && _waiting.Reader.TryRead(out (long Sequence, byte[] Payload) reading))
                {
                    if (!await inbox.TakeAsync(Id, boot, reading.Sequence, reading.Payload, finishing))
                    {
                        // Kept by the sensor, it would hold up all that come after it.
                        Logger.LogError("Dropped reading {Sequence} of sensor {Id}: the broker takes none of {Size} bytes", reading.Sequence, Id, reading.Payload.Length);
                    }

                    Volatile.Write(ref _acknowledged, reading.Sequence);
                    if (++unacknowledged == AcknowledgeEach || _waiting.Reader.Count == 0 || Volatile.Read(ref _leaving))
                    {
                        unacknowledged = 0;
                        await AcknowledgeAsync(reading.Sequence);
                    }
                }

                if (Volatile.Read(ref _leaving))
                {
                    return;
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The sensor keeps what was not acknowledged.
        }
    }

    private Task AcknowledgeAsync(long sequence) => SendAsync(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"A {sequence}")));

    private void Complete(long number, string result)
    {
        lock (_lock)
        {
            if (_commands.TryGetValue(number, out TaskCompletionSource<string>? waiting))
            {
                waiting.TrySetResult(result);
            }
        }
    }
}
