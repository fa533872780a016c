using System;
using System.Threading.Tasks;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using MQTTnet;
using MQTTnet.AspNetCore;
using MQTTnet.Formatter;
using MQTTnet.Protocol;
using Ws.Micro.Desktop;

namespace Ws.Micro.AspNetCore.Tests;

public abstract class MqttTests(bool onMicroSockets) : SocketsTests(onMicroSockets)
{
    [Theory]
    [InlineData(MqttProtocolVersion.V311, 10)]
    [InlineData(MqttProtocolVersion.V311, 200_000)]
    [InlineData(MqttProtocolVersion.V500, 10)]
    [InlineData(MqttProtocolVersion.V500, 200_000)]
    public async Task A_broker_mapped_with_MapMqtt_carries_messages_from_client_to_client(MqttProtocolVersion version, int size)
    {
        await using KestrelServer server = await KestrelServer.StartAsync(KestrelServer.EchoAsync,
            build: builder =>
            {
                builder.Services.AddHostedMqttServer(broker => broker.WithoutDefaultEndpoint());
                builder.Services.AddMqttConnectionHandler();
                builder.Services.AddConnections();
            },
            map: app => app.MapMqtt("/mqtt"));
        MqttClientOptions Options(string clientId) => new MqttClientOptionsBuilder().WithClientId(clientId).WithProtocolVersion(version)
            .WithWebSocketServer(web => web.WithUri(server.Uri("/mqtt").ToString())).Build();
        using IMqttClient publisher = new MqttClientFactory().CreateMqttClient(), subscriber = new MqttClientFactory().CreateMqttClient();
        var received = new TaskCompletionSource<MqttApplicationMessage>();
        subscriber.ApplicationMessageReceivedAsync += args =>
        {
            received.TrySetResult(args.ApplicationMessage);
            return Task.CompletedTask;
        };

        await subscriber.ConnectAsync(Options("subscriber"), KestrelServer.DeadlineToken());
        await subscriber.SubscribeAsync("sensors/#", MqttQualityOfServiceLevel.AtLeastOnce, KestrelServer.DeadlineToken());
        await publisher.ConnectAsync(Options("publisher"), KestrelServer.DeadlineToken());
        Assert.Equal(2, server.Accepted.Count);
        Assert.All(server.Accepted, socket => Assert.Equal("mqtt", Assert.IsType<MicroWebSocket>(socket).SubProtocol));

        byte[] payload = new byte[size];
        new Random(size).NextBytes(payload);
        await publisher.PublishAsync(new MqttApplicationMessageBuilder().WithTopic("sensors/x").WithPayload(payload)
            .WithQualityOfServiceLevel(MqttQualityOfServiceLevel.AtLeastOnce).Build(), KestrelServer.DeadlineToken());
        MqttApplicationMessage message = await received.Task.WaitAsync(KestrelServer.Deadline);
        Assert.Equal("sensors/x", message.Topic);
        Assert.Equal(payload, System.Buffers.BuffersExtensions.ToArray(message.Payload));
        await publisher.DisconnectAsync();
        await subscriber.DisconnectAsync();
    }
}

public sealed class MqttOnKestrelsSocketsTests() : MqttTests(onMicroSockets: false);

public sealed class MqttOnMicroSocketsTests() : MqttTests(onMicroSockets: true);
