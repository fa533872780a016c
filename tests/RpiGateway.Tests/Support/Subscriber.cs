using System;
using System.Buffers;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Channels;
using System.Threading.Tasks;
using MQTTnet;
using MQTTnet.Formatter;
using MQTTnet.Protocol;

namespace RpiGateway.Tests;

/// <summary>An MQTT subscriber made of MQTTnet's own parts alone, its WebSocket included.</summary>
internal sealed class Subscriber : IAsyncDisposable
{
    private readonly Channel<Heard> _messages = Channel.CreateUnbounded<Heard>();
    private readonly IMqttClient _client = new MqttClientFactory().CreateMqttClient();

    private readonly TaskCompletionSource _lost = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private Subscriber()
    {
        _client.DisconnectedAsync += _ =>
        {
            _lost.TrySetResult();
            return Task.CompletedTask;
        };
        _client.ApplicationMessageReceivedAsync += ReceiveAsync;
    }

    /// <summary>Done when it is no longer attached.</summary>
    public Task Lost => _lost.Task;

    private Task ReceiveAsync(MqttApplicationMessageReceivedEventArgs received)
    {
        MqttApplicationMessage message = received.ApplicationMessage;
        _messages.Writer.TryWrite(new Heard(
            message.Topic,
            message.Payload.ToArray(),
            string.Join(' ', (message.UserProperties ?? []).ConvertAll(static property => $"{property.Name}={System.Text.Encoding.UTF8.GetString(property.ValueBuffer.Span)}")),
            message.CorrelationData));
        return Task.CompletedTask;
    }

    /// <summary>Subscribes at QoS 1; with <paramref name="session"/> the broker keeps what comes while it is away.</summary>
    public static async Task<Subscriber> AttachAsync(
        Uri broker,
        string topic = "sensors/+/telemetry",
        MqttProtocolVersion version = MqttProtocolVersion.V500,
        string? session = null,
        string? user = null,
        string? password = null)
    {
        Subscriber subscriber = new();
        MqttClientOptionsBuilder options = new MqttClientOptionsBuilder()
            .WithWebSocketServer(server => server.WithUri(broker.AbsoluteUri))
            .WithProtocolVersion(version)
            .WithCleanSession(session is null);
        if (session is not null)
        {
            options.WithClientId(session).WithSessionExpiryInterval(3600);
        }

        if (user is not null)
        {
            options.WithCredentials(user, password);
        }

        await subscriber._client.ConnectAsync(options.Build()).InTime();
        await subscriber._client.SubscribeAsync(topic, MqttQualityOfServiceLevel.AtLeastOnce).InTime();
        return subscriber;
    }

    public async Task<(string Topic, byte[] Payload)> NextAsync() => await NextHeardAsync() is var heard ? (heard.Topic, heard.Payload) : default;

    public Task<Heard> NextHeardAsync() => _messages.Reader.ReadAsync().AsTask().InTime();

    /// <summary>The next message, however long it takes.</summary>
    public Task<Heard> NextAsync(CancellationToken cancellation) => _messages.Reader.ReadAsync(cancellation).AsTask();

    /// <summary>What came and was not asked for.</summary>
    public IEnumerable<Heard> Rest()
    {
        while (_messages.Reader.TryRead(out Heard? heard))
        {
            yield return heard;
        }
    }

    public Task PublishAsync(MqttApplicationMessage message) => _client.PublishAsync(message).InTime();

    public ValueTask DisposeAsync()
    {
        _client.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>A message, with its user properties as "name=value" with spaces between.</summary>
    public sealed record Heard(string Topic, byte[] Payload, string UserProperties, byte[]? CorrelationData)
    {
        public string Text => System.Text.Encoding.UTF8.GetString(Payload);
    }
}
