using System;
using System.Buffers;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.Extensions.Logging;
using MQTTnet;
using MQTTnet.Protocol;
using MQTTnet.Server;
using RpiGateway.Access;
using RpiGateway.Monitoring;

namespace RpiGateway.Mqtt;

/// <summary>
/// Keeps the broker's retained messages in a file, so that they survive a restart: topic, QoS and payload, not what else MQTT 5 gives them.
/// The file is written anew, whole or not at all, at most every 10 s and at the stop. One that cannot be read as a whole is set aside.
/// </summary>
internal sealed class RetainedMessages : IDisposable
{
    /// <summary>The file's name.</summary>
    public const string FileName = "retained-messages";

    /// <summary>The most retained messages, and the most bytes that they take in memory; what is more is refused, at QoS 0 passed on without being retained.</summary>
    public const int MaxCount = 10_000;

    /// <inheritdoc cref="MaxCount"/>
    public const int MaxBytes = 16 * 1024 * 1024;

    // Of a message or a property, its objects.
    private const int Overhead = 100;

    private static readonly TimeSpan WriteInterval = TimeSpan.FromSeconds(10);

    private readonly MqttServer _server;
    private readonly string _path;
    private readonly Refusals _refusals;
    private readonly GatewayMetrics _metrics;
    private readonly ILogger _logger;
    private readonly Lock _lock = new();
    private readonly Lock _writing = new();
    private readonly Dictionary<string, MqttApplicationMessage> _messages = [];
    private readonly Timer _timer;
    private long _bytes;
    private bool _isChanged;
    private bool _isFailing;

    // What is wrong with the file that is there; null for nothing, or once it is set aside.
    private string? _trouble;

    public RetainedMessages(MqttServer server, string dataDirectory, Refusals refusals, GatewayMetrics metrics, ILogger logger)
    {
        _server = server;
        _path = Path.Join(dataDirectory, FileName);
        _refusals = refusals;
        _metrics = metrics;
        _logger = logger;
        server.LoadingRetainedMessageAsync += LoadAsync;
        server.InterceptingPublishAsync += AdmitAsync;
        server.RetainedMessageChangedAsync += NoteAsync;
        _timer = new Timer(_ => Write(), null, WriteInterval, WriteInterval);
    }

    /// <summary>Writes what has changed.</summary>
    public void Dispose()
    {
        _timer.Dispose();
        Write();
    }

    private Task LoadAsync(LoadingRetainedMessagesEventArgs loading)
    {
        // Whatever can be read is taken; the rest is not worth a gateway that does not start.
        try
        {
            int wrong = 0;
            foreach (string line in File.ReadLines(_path))
            {
                if (Parse(line) is { } message)
                {
                    Put(message);
                }
                else
                {
                    _trouble = $"{++wrong} lines are not a message's";
                }
            }
        }
        catch (FileNotFoundException)
        {
            // There are none yet.
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            _trouble = error.Message;
        }

        _isChanged = _trouble is not null;
        Write();
        loading.LoadedRetainedMessages = [.. _messages.Values];
        return Task.CompletedTask;
    }

    private async Task AdmitAsync(InterceptingPublishEventArgs publish)
    {
        MqttApplicationMessage message = publish.ApplicationMessage;
        if (!publish.ProcessPublish || !message.Retain || message.Payload.IsEmpty || HasRoom(message))
        {
            return;
        }

        string how;
        if (message.QualityOfServiceLevel == MqttQualityOfServiceLevel.AtMostOnce)
        {
            // Nothing can tell its sender. What is retained at QoS 0 may be discarded at any time, and what was retained before it with it (MQTT 3.3.1.3).
            message.Retain = false;
            await _server.UpdateRetainedMessageAsync(new MqttApplicationMessage { Topic = message.Topic, Retain = true });
            how = "passed on, not retained";
        }
        else
        {
            // Only the acknowledgement of MQTT 5 can tell (MQTT 3.1.1, 3.3.5); otherwise the client would believe that it was published.
            publish.ProcessPublish = false;
            publish.Response.ReasonCode = MqttPubAckReasonCode.QuotaExceeded;
            publish.CloseConnection = !SessionState.IsMqtt5(publish.SessionItems);
            how = publish.CloseConnection ? "closed" : $"PUBACK {(int)MqttPubAckReasonCode.QuotaExceeded}";
        }

        _refusals.Report(
            RefusalReason.QuotaExceeded, $"message of MQTT client {LogText.Printable(publish.ClientId)}", $"no room to retain {LogText.Printable(message.Topic)}", how);
    }

    private bool HasRoom(MqttApplicationMessage message)
    {
        lock (_lock)
        {
            return _messages.TryGetValue(message.Topic, out MqttApplicationMessage? older)
                ? _bytes + SizeOf(message) - SizeOf(older) <= MaxBytes
                : _messages.Count < MaxCount && _bytes + SizeOf(message) <= MaxBytes;
        }
    }

    // What it takes in memory, about: the broker keeps all that it was published with.
    private static long SizeOf(MqttApplicationMessage message) => Overhead + (2 * message.Topic.Length) + message.Payload.Length
        + (2 * (message.ContentType?.Length ?? 0)) + (2 * (message.ResponseTopic?.Length ?? 0)) + (message.CorrelationData?.Length ?? 0)
        + (message.UserProperties?.Sum(static property => Overhead + (2L * property.Name.Length) + property.ValueBuffer.Length) ?? 0);

    private Task NoteAsync(RetainedMessageChangedEventArgs change)
    {
        lock (_lock)
        {
            Put(change.ChangedRetainedMessage);
            _isChanged = true;
        }

        return Task.CompletedTask;
    }

    private void Put(MqttApplicationMessage message)
    {
        if (_messages.Remove(message.Topic, out MqttApplicationMessage? older))
        {
            _bytes -= SizeOf(older);
        }

        if (!message.Payload.IsEmpty)
        {
            _messages.Add(message.Topic, message);
            _bytes += SizeOf(message);
        }
    }

    private void Write()
    {
        lock (_writing)
        {
            MemoryStream file = new();
            lock (_lock)
            {
                if (!_isChanged)
                {
                    return;
                }

                foreach (MqttApplicationMessage message in _messages.Values)
                {
                    file.Write(Encoding.ASCII.GetBytes(Format(message)));
                }

                _isChanged = false;
            }

            try
            {
                SetAsideBroken();
                DurableFile.Write(_path, file.GetBuffer().AsSpan(0, (int)file.Length));
                _metrics.DiskWritten(file.Length);
                _isFailing = false;
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                lock (_lock)
                {
                    _isChanged = true;
                }

                if (!_isFailing)
                {
                    _isFailing = true;
                    _logger.LogError("Retained messages cannot be written to {File}: {Error}", _path, LogText.Printable(error.Message));
                }
            }
        }
    }

    private void SetAsideBroken()
    {
        if (_trouble is not null)
        {
            string aside = DurableFile.SetAside(_path);
            _logger.LogError(
                "The retained messages could not all be read ({Trouble}): their file is set aside as {File}, and a new one begun with those that could",
                LogText.Printable(_trouble), aside);
            _trouble = null;
        }
    }

    private static string Format(MqttApplicationMessage message) => string.Create(
        CultureInfo.InvariantCulture,
        $"{Convert.ToBase64String(Encoding.UTF8.GetBytes(message.Topic))} {(int)message.QualityOfServiceLevel} {Convert.ToBase64String(message.Payload.ToArray())}\n");

    private static MqttApplicationMessage? Parse(string line)
    {
        try
        {
            return line.Split(' ') is [string topic, ("0" or "1" or "2") and string qos, string payload]
                ? new MqttApplicationMessage
                {
                    Topic = Encoding.UTF8.GetString(Convert.FromBase64String(topic)),
                    QualityOfServiceLevel = (MqttQualityOfServiceLevel)(qos[0] - '0'),
                    Payload = new ReadOnlySequence<byte>(Convert.FromBase64String(payload)),
                    Retain = true,
                }
                : null;
        }
        catch (FormatException)
        {
            return null;
        }
    }
}
