using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Net;
using System.Net.Http;
using System.Net.WebSockets;
using System.Threading;
using System.Threading.Tasks;
using MQTTnet;
using MQTTnet.Formatter;
using MQTTnet.Protocol;

namespace RpiGateway.Tests.Access;

/// <summary>Which MQTT clients attach, and what they may do there; with MQTT.js, and with MQTTnet where sessions and wills are to be had.</summary>
public sealed class MqttAccessTests(NodePackages packages) : IClassFixture<NodePackages>
{
    private static readonly AccessSettings Strict = new() { TrustLoopback = false };

    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    public async Task WithoutCredentialsNobodyAttachesFromElsewhere(int version)
    {
        await using TestGateway gateway = await TestGateway.StartAsync(access: Strict);

        await using Tool client = await AuthorizeAsync(gateway, version, "", "", "x", "x");

        // Not authorized, in either version's code.
        Assert.Equal(version == 5 ? "refused 135" : "refused 5", await client.NextLineAsync());
    }

    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    public async Task WrongSecretIsRefused(int version)
    {
        await using TestGateway gateway = await TestGateway.StartAsync();
        gateway.AddUser("someone");

        await using Tool client = await AuthorizeAsync(gateway, version, "someone", "wrong", "x", "x");

        Assert.Equal(version == 5 ? "refused 134" : "refused 4", await client.NextLineAsync());
    }

    [Theory]
    [InlineData("sensors/attic/telemetry", "published")]
    [InlineData("sensors/cellar/telemetry", "publish refused 135")]
    [InlineData("sensors/attic/command", "publish refused 135")]
    public async Task DevicePublishesItsOwnAndHearsItsCommands(string topic, string expected)
    {
        await using TestGateway gateway = await TestGateway.StartAsync(access: Strict);
        string secret = gateway.AddDevice("attic");

        await using Tool client = await AuthorizeAsync(gateway, 5, "attic", secret, topic, "sensors/attic/command");

        Assert.Equal("attached", await client.NextLineAsync());
        Assert.Equal("subscribed", await client.NextLineAsync());
        Assert.Equal(expected, await client.NextLineAsync());
    }

    [Fact]
    public async Task PublishThatMqtt3CannotRefuseEndsTheConnection()
    {
        await using TestGateway gateway = await TestGateway.StartAsync(access: Strict);
        string secret = gateway.AddDevice("attic");

        await using Tool client = await AuthorizeAsync(gateway, 4, "attic", secret, "sensors/cellar/telemetry", "sensors/attic/command");

        Assert.Equal("attached", await client.NextLineAsync());
        Assert.Equal("subscribed", await client.NextLineAsync());
        Assert.Equal("closed", await client.NextLineAsync());
    }

    [Theory]
    [InlineData(4, "#")]
    [InlineData(5, "#")]
    [InlineData(5, "sensors/+/command")]
    [InlineData(5, "$share/all/sensors/#")]
    public async Task DeviceHearsNothingOfOthers(int version, string filter)
    {
        await using TestGateway gateway = await TestGateway.StartAsync(access: Strict);
        string secret = gateway.AddDevice("attic");

        await using Tool client = await AuthorizeAsync(gateway, version, "attic", secret, "sensors/attic/status", filter);

        Assert.Equal("attached", await client.NextLineAsync());
        Assert.Equal("subscription refused", await client.NextLineAsync());
    }

    [Theory]
    [InlineData("sensors/attic/command", "published")]
    [InlineData("home/light", "published")]
    [InlineData("sensors/attic/telemetry", "publish refused 135")]
    [InlineData("sensors/attic/status", "publish refused 135")]
    public async Task UserHearsAllAndGivesCommands(string topic, string expected)
    {
        await using TestGateway gateway = await TestGateway.StartAsync(access: Strict);
        string secret = gateway.AddUser("someone");

        await using Tool client = await AuthorizeAsync(gateway, 5, "someone", secret, topic, "#");

        Assert.Equal("attached", await client.NextLineAsync());
        Assert.Equal("subscribed", await client.NextLineAsync());
        Assert.Equal(expected, await client.NextLineAsync());
    }

    [Fact]
    public async Task PeerOnThisMachineNeedsNone()
    {
        await using TestGateway gateway = await TestGateway.StartAsync();

        await using Tool client = await AuthorizeAsync(gateway, 5, "", "", "sensors/attic/telemetry", "#");

        Assert.Equal("attached", await client.NextLineAsync());
        Assert.Equal("subscribed", await client.NextLineAsync());
        Assert.Equal("published", await client.NextLineAsync());
    }

    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    public async Task RevokedUserIsDisconnected(int version)
    {
        await using TestGateway gateway = await TestGateway.StartAsync(access: Strict);
        string secret = gateway.AddUser("someone");
        await using Tool client = await AuthorizeAsync(gateway, version, "someone", secret, "home/light", "#");
        Assert.Equal("attached", await client.NextLineAsync());
        Assert.Equal("subscribed", await client.NextLineAsync());
        Assert.Equal("published", await client.NextLineAsync());

        gateway.Revoke("someone");

        Assert.Equal(version == 5 ? "disconnected 135" : "closed", await client.NextLineAsync());
    }

    [Fact]
    public async Task TooManyWrongSecretsAreToldToWait()
    {
        await using TestGateway gateway = await TestGateway.StartAsync(access: new AccessSettings { TrustLoopback = false, FailedAttempts = 1 });
        string secret = gateway.AddUser("someone");
        Assert.Equal(MqttClientConnectResultCode.BadUserNameOrPassword, (await ConnectAsync(gateway, "someone", "wrong")).Code);

        Assert.Equal(MqttClientConnectResultCode.ConnectionRateExceeded, (await ConnectAsync(gateway, "someone", secret)).Code);
        Assert.Equal(MqttClientConnectResultCode.ServerUnavailable, (await ConnectAsync(gateway, "someone", secret, MqttProtocolVersion.V311)).Code);
    }

    [Theory]
    [InlineData(MqttProtocolVersion.V500, MqttClientConnectResultCode.QuotaExceeded)]
    [InlineData(MqttProtocolVersion.V311, MqttClientConnectResultCode.ServerUnavailable)]
    public async Task DeviceThatHasItsConnectionsGetsNoMoreUntilOneEnds(MqttProtocolVersion version, MqttClientConnectResultCode refusal)
    {
        await using TestGateway gateway = await TestGateway.StartAsync(access: new AccessSettings { TrustLoopback = false, ConnectionsPerDevice = 2 });
        string secret = gateway.AddDevice("attic");
        string other = gateway.AddDevice("cellar");
        string user = gateway.AddUser("someone");
        (IMqttClient client, _) = await ConnectAsync(gateway, "attic", secret, version);
        using IMqttClient _1 = client;

        // One by MQTT and one as a sensor.
        ClientWebSocket sensor = new();
        using ClientWebSocket _2 = sensor;
        sensor.Options.SetRequestHeader("Authorization", Upgrade.Basic("attic", secret).Value);
        await sensor.ConnectAsync(gateway.Sensor("attic"), CancellationToken.None).InTime();

        Assert.Equal(refusal, (await ConnectAsync(gateway, "attic", secret, version)).Code);
        using HttpResponseMessage response = await Upgrade.AskAsync(gateway.Sensor("attic"), Upgrade.Basic("attic", secret));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);

        // One by each way, for the same reason.
        Assert.Equal(2, (await Metrics.ReadAsync(gateway.Address, Upgrade.Basic("someone", user)))["rpigateway_refused_total{\"reason\": \"too_many_connections\"}"]);
        Assert.Equal(MqttClientConnectResultCode.Success, (await ConnectAsync(gateway, "cellar", other, version)).Code);

        await client.DisconnectAsync().InTime();
        Stopwatch time = Stopwatch.StartNew();
        while ((await ConnectAsync(gateway, "attic", secret, version)).Code != MqttClientConnectResultCode.Success)
        {
            Assert.True(time.Elapsed < Deadline.Limit);
            await Task.Delay(50);
        }
    }

    [Fact]
    public async Task SessionOfAnotherIsNotToBeHadByItsIdentifier()
    {
        await using TestGateway gateway = await TestGateway.StartAsync(access: Strict);
        string owner = gateway.AddUser("owner");
        string thief = gateway.AddDevice("thief");
        (IMqttClient client, _) = await ConnectAsync(gateway, "owner", owner, id: "shared");
        using IMqttClient _1 = client;

        Assert.Equal(MqttClientConnectResultCode.ClientIdentifierNotValid, (await ConnectAsync(gateway, "thief", thief, id: "shared")).Code);

        Assert.True(client.IsConnected);
        await client.PingAsync().InTime();
    }

    [Fact]
    public async Task WillOfADeviceIsHeldToTheSameRules()
    {
        await using TestGateway gateway = await TestGateway.StartAsync(access: Strict);
        string secret = gateway.AddDevice("attic");
        string user = gateway.AddUser("someone");
        (IMqttClient subscriber, _) = await ConnectAsync(gateway, "someone", user);
        using IMqttClient _1 = subscriber;
        List<string> topics = [];
        TaskCompletionSource last = new(TaskCreationOptions.RunContinuationsAsynchronously);
        subscriber.ApplicationMessageReceivedAsync += received =>
        {
            topics.Add(received.ApplicationMessage.Topic);
            if (received.ApplicationMessage.Topic == "sensors/attic/status")
            {
                last.SetResult();
            }

            return Task.CompletedTask;
        };
        await subscriber.SubscribeAsync("#", MqttQualityOfServiceLevel.AtLeastOnce).InTime();

        foreach (string topic in new[] { "sensors/cellar/status", "home/light", "sensors/attic/status" })
        {
            (IMqttClient client, _) = await ConnectAsync(gateway, "attic", secret, will: topic);
            client.Dispose();
        }

        await last.Task.InTime();
        Assert.DoesNotContain("sensors/cellar/status", topics);
        Assert.DoesNotContain("home/light", topics);
    }

    private Task<Tool> AuthorizeAsync(TestGateway gateway, int version, string user, string secret, string topic, string filter) =>
        packages.RunAsync("authorize.mjs", gateway.Broker.AbsoluteUri, $"{version}", user, secret, topic, filter);

    private static async Task<(IMqttClient Client, MqttClientConnectResultCode Code)> ConnectAsync(
        TestGateway gateway, string user, string secret, MqttProtocolVersion version = MqttProtocolVersion.V500, string? id = null, string? will = null)
    {
        IMqttClient client = new MqttClientFactory().CreateMqttClient();
        MqttClientOptionsBuilder options = new MqttClientOptionsBuilder()
            .WithWebSocketServer(server => server.WithUri(gateway.Broker.AbsoluteUri))
            .WithProtocolVersion(version)
            .WithClientId(id ?? Guid.NewGuid().ToString("N"))
            .WithCredentials(user, secret);
        if (will is not null)
        {
            options.WithWillTopic(will).WithWillPayload("x").WithWillQualityOfServiceLevel(MqttQualityOfServiceLevel.AtLeastOnce);
        }

        return (client, (await client.ConnectAsync(options.Build()).InTime()).ResultCode);
    }
}
