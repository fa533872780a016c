using System.Buffers;
using System.Text;

namespace RpiGateway.Tests;

public sealed class SensorStatusTests
{
    [Fact]
    public void WhatIsWrittenIsRead()
    {
        SensorStatus status = new() { IsOnline = true, Gateway = "field-1", Since = 1, LastSeen = 2, Address = "192.0.2.1", Firmware = "1.0", Clock = "sntp" };

        Assert.Equal(status, SensorStatus.Parse(new ReadOnlySequence<byte>(status.ToJson())));
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{")]
    [InlineData("""{"state":"online"}""")]
    [InlineData("""{"state":1,"gateway":"x"}""")]
    [InlineData("""{"state":"gone","gateway":"x"}""")]
    [InlineData("""{"state":"online","gateway":"\ud800"}""")]
    [InlineData("""{"state":"online","gateway":"x","firmware":"\udc00"}""")]
    [InlineData("""{"\ud800":1,"state":"online"}""")]
    public void WhatIsNoStatusIsNone(string json) => Assert.Null(SensorStatus.Parse(new ReadOnlySequence<byte>(Encoding.UTF8.GetBytes(json))));
}
