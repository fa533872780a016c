using MQTTnet.Formatter;

namespace RpiGateway.Tests.Access;

/// <summary>What MQTT clients may do.</summary>
public sealed class MqttPrincipalTests
{
    [Theory]
    [InlineData("sensors/attic/telemetry", true)]
    [InlineData("sensors/attic/status", true)]
    [InlineData("sensors/attic/result", true)]
    [InlineData("sensors/attic/command", false)]
    [InlineData("sensors/cellar/telemetry", false)]
    [InlineData("sensors/attic/telemetry/x", false)]
    [InlineData("/sensors/attic/telemetry", false)]
    [InlineData("sensors/attic/", false)]
    [InlineData("sensors/atticx/telemetry", false)]
    [InlineData("sensors/attic", false)]
    [InlineData("x", false)]
    [InlineData("$SYS/x", false)]
    [InlineData("", false)]
    public void DevicePublishesWhatIsItsOwn(string topic, bool may) => Assert.Equal(may, Of(MqttRole.Device).MayPublish(topic));

    [Theory]
    [InlineData("sensors/attic/command", true)]
    [InlineData("$share/group/sensors/attic/command", true)]
    [InlineData("sensors/+/command", false)]
    [InlineData("sensors/attic/+", false)]
    [InlineData("sensors/attic/#", false)]
    [InlineData("sensors/cellar/command", false)]
    [InlineData("$share/group/sensors/cellar/command", false)]
    [InlineData("$share/group/#", false)]
    [InlineData("$share/sensors/attic/command", false)]
    [InlineData("$share//sensors/attic/command/#", false)]
    [InlineData("#", false)]
    [InlineData("+/attic/command", false)]
    [InlineData("$SYS/#", false)]
    [InlineData("sensors/attic/telemetry", false)]
    public void DeviceSubscribesToItsCommands(string filter, bool may) => Assert.Equal(may, Of(MqttRole.Device).MaySubscribe(filter));

    [Theory]
    [InlineData("sensors/attic/command", true)]
    [InlineData("home/light", true)]
    [InlineData("sensorsx", true)]
    [InlineData("sensors/attic/telemetry", false)]
    [InlineData("sensors/attic/status", false)]
    [InlineData("sensors/attic/result", false)]
    [InlineData("sensors/a.b/command", false)]
    [InlineData("sensors", false)]
    [InlineData("sensors/", false)]
    [InlineData("gateways/x/status", false)]
    [InlineData("$SYS/x", false)]
    public void UserPublishesCommandsAndWhatIsNotTheGateways(string topic, bool may)
    {
        Assert.Equal(may, Of(MqttRole.User).MayPublish(topic));
        Assert.True(Of(MqttRole.Local).MayPublish(topic));
        Assert.True(Of(MqttRole.Gateway).MayPublish(topic));
    }

    [Theory]
    [InlineData("#")]
    [InlineData("sensors/+/telemetry")]
    [InlineData("$share/group/sensors/#")]
    public void OthersSubscribeToAnything(string filter) => Assert.True(Of(MqttRole.User).MaySubscribe(filter) && Of(MqttRole.Local).MaySubscribe(filter));

    private static MqttPrincipal Of(MqttRole role) => new(role, "attic", null, MqttProtocolVersion.V500);
}
