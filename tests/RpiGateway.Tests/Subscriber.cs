using System;
using System.Buffers;
using System.Threading.Channels;
using System.Threading.Tasks;
using MQTTnet;
using MQTTnet.Formatter;
using MQTTnet.Protocol;

namespace RpiGateway.Tests;

/// <summary>An MQTT subscriber made of MQTTnet's own parts alone, its WebSocket included.</summary>
internal sealed class Subscriber : IAsyncDisposable
{
    private readonly Channel<(string Topic, byte[] Payload)> _messages = Channel.CreateUnbounded<(string, byte[])>();
    private readonly IMqttClient _client = new MqttClientFactory().CreateMqttClient();

    private Subscriber() => _client.ApplicationMessageReceivedAsync += received =>
    {
        MqttApplicationMessage message = received.ApplicationMessage;
        _messages.Writer.TryWrite((message.Topic, message.Payload.ToArray()));
        return Task.CompletedTask;
    };

    /// <summary>Subscribes at QoS 1; with <paramref name="session"/> the broker keeps what comes while it is away.</summary>
    public static async Task<Subscriber> AttachAsync(
        Uri broker, string topic = "sensors/+/telemetry", MqttProtocolVersion version = MqttProtocolVersion.V500, string? session = null)
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

        await subscriber._client.ConnectAsync(options.Build()).InTime();
        await subscriber._client.SubscribeAsync(topic, MqttQualityOfServiceLevel.AtLeastOnce).InTime();
        return subscriber;
    }

    public Task<(string Topic, byte[] Payload)> NextAsync() => _messages.Reader.ReadAsync().AsTask().InTime();

    public ValueTask DisposeAsync()
    {
        _client.Dispose();
        return ValueTask.CompletedTask;
    }
}
