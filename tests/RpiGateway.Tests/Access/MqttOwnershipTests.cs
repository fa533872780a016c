using System;
using System.Collections.Generic;
using System.Net;
using System.Threading.Tasks;
using Microsoft.Extensions.Logging.Abstractions;
using MQTTnet;
using MQTTnet.Formatter;
using MQTTnet.Protocol;
using MQTTnet.Server;

namespace RpiGateway.Tests.Access;

/// <summary>Whose an MQTT client's identifier is between its validation and its session, which others can come into.</summary>
public sealed class MqttOwnershipTests : IAsyncLifetime
{
    private readonly TempDirectory _directory = new();
    private readonly GatewayMetrics _metrics = new();
    private readonly TaskCompletionSource _validated = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _goOn = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly int _port = Ports.Free();
    private readonly Dictionary<string, string> _secrets = [];
    private AccessControl _access = null!;
    private MqttServer _server = null!;
    private MqttAuthorization _authorization = null!;

    public async ValueTask InitializeAsync()
    {
        new CredentialFile(_directory.Path).Change(all =>
        {
            foreach (string name in new[] { "attic", "someone" })
            {
                all.Add(Credential.Create(name, out string secret) with { IsDevice = name == "attic" });
                _secrets[name] = secret;
            }

            return true;
        });
        _access = AccessControl.Create(new GatewaySettings { DataDirectory = _directory.Path }, _metrics, NullLogger.Instance);
        _server = new MqttServerFactory().CreateMqttServer(
            new MqttServerOptionsBuilder().WithDefaultEndpoint().WithDefaultEndpointPort(_port).WithDefaultEndpointBoundIPAddress(IPAddress.Loopback).Build());
        _server.ValidatingConnectionAsync += connect =>
        {
            _authorization.Enter(connect.ChannelAdapter, new MqttPeer(IPAddress.Parse("192.0.2.1"), 1, false, null));
            return Task.CompletedTask;
        };
        _authorization = new MqttAuthorization(_server, _access);

        // The device is held up where it is validated and has no session yet.
        _server.ValidatingConnectionAsync += async connect =>
        {
            if (connect.UserName == "attic")
            {
                _validated.SetResult();
                await _goOn.Task;
            }
        };
        await _server.StartAsync();
    }

    [Fact]
    public async Task DeviceDoesNotGetTheRightsOfAUserWhoUsesItsIdentifierMeanwhile()
    {
        Task<(IMqttClient Client, MqttClientConnectResultCode Code)> device = ConnectAsync("attic");
        await _validated.Task.InTime();

        Assert.Equal(MqttClientConnectResultCode.ClientIdentifierNotValid, (await ConnectAsync("someone")).Code);

        _goOn.SetResult();
        (IMqttClient client, MqttClientConnectResultCode code) = await device;
        using IMqttClient _ = client;
        Assert.Equal(MqttClientConnectResultCode.Success, code);
        Assert.Equal(MqttClientPublishReasonCode.NotAuthorized, await PublishAsync(client, "sensors/cellar/command"));
        Assert.Equal(MqttClientPublishReasonCode.NoMatchingSubscribers, await PublishAsync(client, "sensors/attic/telemetry"));
    }

    public async ValueTask DisposeAsync()
    {
        _authorization.Dispose();
        await _server.StopAsync().InTime();
        _server.Dispose();
        _access.Dispose();
        _metrics.Dispose();
        _directory.Dispose();
    }

    private static async Task<MqttClientPublishReasonCode> PublishAsync(IMqttClient client, string topic) =>
        (await client.PublishStringAsync(topic, "x", MqttQualityOfServiceLevel.AtLeastOnce).InTime()).ReasonCode;

    private async Task<(IMqttClient Client, MqttClientConnectResultCode Code)> ConnectAsync(string name)
    {
        IMqttClient client = new MqttClientFactory().CreateMqttClient();
        MqttClientOptions options = new MqttClientOptionsBuilder().WithTcpServer("127.0.0.1", _port).WithProtocolVersion(MqttProtocolVersion.V500)
            .WithClientId("shared").WithCleanSession(false).WithCredentials(name, _secrets[name]).Build();
        return (client, (await client.ConnectAsync(options).InTime()).ResultCode);
    }
}
