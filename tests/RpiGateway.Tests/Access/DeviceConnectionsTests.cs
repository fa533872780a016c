namespace RpiGateway.Tests.Access;

/// <summary>How many connections a device may have.</summary>
public sealed class DeviceConnectionsTests
{
    [Fact]
    public void DeviceThatHasItsConnectionsGetsNoMoreUntilOneEnds()
    {
        DeviceConnections devices = new(3);
        for (int i = 0; i < 3; i++)
        {
            Assert.True(devices.TryEnter("x"));
        }

        Assert.False(devices.TryEnter("x"));
        Assert.Contains("3 connections", devices.Full);
        Assert.True(devices.TryEnter("y"));

        devices.Leave("x");
        Assert.True(devices.TryEnter("x"));
        Assert.False(devices.TryEnter("x"));
    }
}
