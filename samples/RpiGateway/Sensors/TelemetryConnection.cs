using System;
using System.Collections.Generic;
using System.Globalization;
using System.Net.WebSockets;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using Esp32Sensor.Node;
using Microsoft.Extensions.Logging;
using RpiGateway.Monitoring;
using RpiGateway.Readings;
using Reading = RpiGateway.Readings.Reading;

namespace RpiGateway.Sensors;

/// <summary>
/// The gateway's side of the telemetry subprotocol (docs/telemetry.md). Messages are read at any time, so that pings are answered while
/// readings wait for the disk; the window bounds how many do.
/// </summary>
internal sealed class TelemetryConnection(string id, ReadingLog log, Action<TelemetryConnection> greeted, ILogger logger)
    : SensorConnection(id, MaxPrefix, logger), IReadingOwner
{
    /// <summary>The most readings of a sensor that wait.</summary>
    public const int Window = 256;

    /// <summary>The most commands of a sensor that wait for their results.</summary>
    public const int MaxCommands = 8;

    /// <summary>The result of a command to a sensor that is not there.</summary>
    public const string NotConnected = "error the sensor is not connected";

    // "R", a number of 16 digits, and two spaces.
    private const int MaxPrefix = 19;

    private static readonly TimeSpan CommandTimeout = TimeSpan.FromSeconds(30);

    // What is being written when the connection is to be closed may take this long; the rest stays with the sensor.
    private static readonly TimeSpan FinishTimeout = TimeSpan.FromSeconds(1);

    private readonly TelemetryMessage _message = new();
    private readonly SemaphoreSlim _room = new(Window);
    private readonly Dictionary<long, TaskCompletionSource<string>> _commands = [];
    private readonly CancellationTokenSource _finishing = new();
    private readonly Lock _lock = new();
    private readonly TaskCompletionSource _finished = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _appended;
    private long _stored;
    private long _acknowledged;
    private bool _isAcknowledging;
    private bool _isRepeatOwed;
    private long _lastCommand;
    private string _about = "";
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
    public override string? Said(string name) => Array.Find(
        Volatile.Read(ref _about).Split(' '), word => word.StartsWith(name + "=", StringComparison.Ordinal))?[(name.Length + 1)..];

    /// <inheritdoc/>
    public override async Task CloseAsync(WebSocketCloseStatus code, string? reason)
    {
        lock (_lock)
        {
            _leaving = true;
            CheckFinished();
        }

        _finishing.CancelAfter(FinishTimeout);
        await _finished.Task.WaitAsync(FinishTimeout).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await base.CloseAsync(code, reason);
    }

    /// <inheritdoc/>
    public bool OnStored(Reading reading)
    {
        _room.Release();
        lock (_lock)
        {
            _stored = reading.Sequence;
            return !_isAcknowledging && (_isAcknowledging = true);
        }
    }

    /// <inheritdoc/>
    /// <remarks>Acknowledges all that has been stored, together. Only here is acknowledged, so that the numbers never go back.</remarks>
    public async void TellStored()
    {
        while (true)
        {
            long stored;
            lock (_lock)
            {
                stored = _stored;
                if (stored == _acknowledged && !_isRepeatOwed)
                {
                    _isAcknowledging = false;
                    CheckFinished();
                    return;
                }

                _isRepeatOwed = false;
            }

            await SendAsync(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"A {stored}")));
            lock (_lock)
            {
                _acknowledged = stored;
            }
        }
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
        Volatile.Write(ref _about, LogText.Printable(Encoding.UTF8.GetString(Body())));
        using CancellationTokenSource finishing = CancellationTokenSource.CreateLinkedTokenSource(givingUp, _finishing.Token);
        long last = await log.LastOfAsync(Id, boot, finishing.Token);
        (_appended, _stored, _acknowledged) = (last, last, last);
        await SendAsync(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"H {Now()} {last} {Window}")));
        lock (_lock)
        {
            _greeted = true;
        }

        greeted(this);
        try
        {
            await ReceiveAllAsync(boot, finishing.Token);
            await CloseAsync(WebSocketCloseStatus.NormalClosure, null);
        }
        finally
        {
            lock (_lock)
            {
                _leaving = true;
                foreach (TaskCompletionSource<string> command in _commands.Values)
                {
                    command.TrySetResult("error the connection was lost");
                }
            }
        }
    }

    private bool Parse() => _message.Parse(Message.Array!, Message.Offset, Message.Count);

    private async Task ReceiveAllAsync(long boot, CancellationToken finishing)
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
                    await AppendAsync(boot, last, finishing);
                    break;
                case TelemetryMessage.Reading:
                    AcknowledgeAgain();
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

    // What does not go into the log, as the connection is to be closed, the sensor will send again over its next.
    private async ValueTask AppendAsync(long boot, long sequence, CancellationToken finishing)
    {
        lock (_lock)
        {
            if (_leaving)
            {
                return;
            }

            _appended = sequence;
        }

        try
        {
            Reading reading = new() { Sensor = Id, Boot = boot, Sequence = sequence, Payload = Body(), Arrived = Now(), Owner = this };
            await _room.WaitAsync(finishing);
            await log.AppendAsync(reading, finishing);
        }
        catch (OperationCanceledException)
        {
        }
    }

    // A reading came before. What its sensor waits for is the acknowledgement.
    private void AcknowledgeAgain()
    {
        lock (_lock)
        {
            _isRepeatOwed = true;
            if (_isAcknowledging)
            {
                return;
            }

            _isAcknowledging = true;
        }

        TellStored();
    }

    // Under the lock.
    private void CheckFinished()
    {
        if (_leaving && _acknowledged >= _appended)
        {
            _finished.TrySetResult();
        }
    }

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
