using System;
using System.Net;

namespace RpiGateway.Tests.Access;

public sealed class AttemptLimiterTests
{
    private readonly ManualTime _time = new();

    [Fact]
    public void AttemptsRunOutAndComeBackOneByOne()
    {
        AttemptLimiter limiter = new(3, _time);
        IPAddress address = IPAddress.Parse("192.0.2.1");
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal(TimeSpan.Zero, limiter.Take(address));
        }

        Assert.Equal(TimeSpan.FromSeconds(20), limiter.Take(address));
        Assert.Equal(TimeSpan.Zero, limiter.Take(IPAddress.Parse("192.0.2.2")));
        _time.Advance(TimeSpan.FromSeconds(19));
        Assert.Equal(1, limiter.Take(address).TotalSeconds, 0.001);
        _time.Advance(TimeSpan.FromSeconds(1.001));
        Assert.Equal(TimeSpan.Zero, limiter.Take(address));
        Assert.NotEqual(TimeSpan.Zero, limiter.Take(address));
    }

    [Fact]
    public void RightCredentialsCostNothing()
    {
        AttemptLimiter limiter = new(1, _time);
        for (int i = 0; i < 10; i++)
        {
            Assert.Equal(TimeSpan.Zero, limiter.Take(IPAddress.Loopback));
            limiter.GiveBack(IPAddress.Loopback);
        }
    }

    [Theory]
    [InlineData("2001:db8::1", "2001:db8::2:3:4:5", true)]
    [InlineData("2001:db8::1", "2001:db8:0:1::1", false)]
    [InlineData("192.0.2.1", "::ffff:192.0.2.1", true)]
    [InlineData("192.0.2.1", "192.0.2.2", false)]
    public void NetworkOfAnIpv6AddressCountsAsOne(string first, string second, bool isOne)
    {
        AttemptLimiter limiter = new(1, _time);
        limiter.Take(IPAddress.Parse(first));

        Assert.Equal(isOne, limiter.Take(IPAddress.Parse(second)) > TimeSpan.Zero);
    }

    [Fact]
    public void NoMoreThanSoManyAddressesAreRemembered()
    {
        AttemptLimiter limiter = new(1, _time);
        for (int i = 0; i < AttemptLimiter.MaxAddresses + 1000; i++)
        {
            limiter.Take(new IPAddress(0x0A000000L + i));
        }

        Assert.Equal(AttemptLimiter.MaxAddresses, limiter.Count);
        Assert.NotEqual(TimeSpan.Zero, limiter.Take(new IPAddress(0x0A000000L + AttemptLimiter.MaxAddresses)));
    }
}
