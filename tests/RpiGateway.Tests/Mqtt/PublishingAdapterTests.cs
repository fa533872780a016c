using System;
using System.Collections.Generic;
using System.IO;
using System.IO.Pipelines;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.Extensions.Logging.Abstractions;
using MQTTnet.Adapter;
using MQTTnet.Diagnostics.Logger;
using MQTTnet.Formatter;
using MQTTnet.Packets;
using MQTTnet.Protocol;

namespace RpiGateway.Tests;

/// <summary>Who is told of which PUBACK, however it comes, and what the client still gets.</summary>
public sealed class PublishingAdapterTests : IDisposable
{
    private static readonly byte[] ConnectAcknowledgement = [0x20, 3, 0, 0, 0];

    private readonly Pipe _fromBroker = new();
    private readonly MemoryStream _toBroker = new();
    private readonly PublishingAdapter _adapter;

    public PublishingAdapterTests()
    {
        MqttStreamChannel channel = new(_fromBroker.Reader.AsStream(), _toBroker, new MqttPacketGuard(MqttPacketGuard.ConnectAcknowledgement), NullLogger.Instance);
        MqttPacketFormatterAdapter formatter = new(MqttProtocolVersion.V500, new MqttBufferWriter(4096, 65_535));
        _adapter = new PublishingAdapter(new MqttChannelAdapter(channel, formatter, MqttNetNullLogger.Instance), channel);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(5)]
    [InlineData(100)]
    public async Task OwnersAreToldHoweverTheBytesAreCutAndTheClientGetsTheRest(int size)
    {
        Owner first = new(), second = new(), third = new();
        await _adapter.PublishAsync(new Publication("a", "1"u8.ToArray()), first);
        await _adapter.PublishAsync(new Publication("a", "2"u8.ToArray()), second);
        await _adapter.PublishAsync(new Publication("a", "3"u8.ToArray()), third);
        List<MqttPacket> received = [];
        Task receiving = ReceiveAsync(received);

        // The usual PUBACK, one with a reason code (16: no matching subscribers), one with an empty list of properties, and one that nobody here waits for.
        byte[] bytes = [.. ConnectAcknowledgement, 0x40, 2, 0, 2, 0x40, 3, 0, 1, 16, 0xD0, 0, 0x40, 4, 0, 3, 0, 0, 0x40, 2, 1, 0];
        for (int at = 0; at < bytes.Length; at += size)
        {
            await _fromBroker.Writer.WriteAsync(bytes.AsMemory(at, Math.Min(size, bytes.Length - at)));
            await Task.Yield();
        }

        await _fromBroker.Writer.CompleteAsync();
        await receiving.InTime();
        Assert.Equal(MqttPubAckReasonCode.NoMatchingSubscribers, Assert.Single(first.Told).ReasonCode);
        Assert.Equal(MqttPubAckReasonCode.Success, Assert.Single(second.Told).ReasonCode);
        Assert.Equal(MqttPubAckReasonCode.Success, Assert.Single(third.Told).ReasonCode);
        Assert.Collection(
            received,
            static packet => Assert.IsType<MqttConnAckPacket>(packet),
            static packet => Assert.IsType<MqttPingRespPacket>(packet),
            static packet => Assert.Equal(256, Assert.IsType<MqttPubAckPacket>(packet).PacketIdentifier));
    }

    [Fact]
    public async Task AtTheEndAllAreToldOnceAndNobodyPublishesAnyMore()
    {
        Owner answered = new(), lost = new();
        await _adapter.PublishAsync(new Publication("a", default), answered);
        await _adapter.PublishAsync(new Publication("a", default), lost);
        await _fromBroker.Writer.WriteAsync((byte[])[.. ConnectAcknowledgement, 0x40, 2, 0, 1]);
        await _fromBroker.Writer.CompleteAsync();

        await ReceiveAsync([]).InTime();

        Assert.Single(answered.Told);
        Assert.Empty(answered.Lost);
        Assert.IsType<IOException>(Assert.Single(lost.Lost));
        await Assert.ThrowsAsync<IOException>(() => _adapter.PublishAsync(new Publication("a", default), answered).AsTask());
        _adapter.Dispose();
        Assert.Single(lost.Lost);
    }

    [Fact]
    public async Task WhoCannotSendIsToldByTheExceptionAlone()
    {
        _toBroker.Dispose();
        Owner owner = new();
        await Assert.ThrowsAnyAsync<Exception>(() => _adapter.PublishAsync(new Publication("a", default), owner).AsTask());
        _adapter.Dispose();
        Assert.Empty(owner.Lost);
    }

    public void Dispose() => _adapter.Dispose();

    // Up to the end.
    private async Task ReceiveAsync(List<MqttPacket> received)
    {
        while (await _adapter.ReceivePacketAsync(CancellationToken.None) is { } packet)
        {
            received.Add(packet);
        }
    }

    private sealed class Owner : IPublicationOwner
    {
        public List<MqttPubAckPacket> Told { get; } = [];

        public List<Exception> Lost { get; } = [];

        public void OnAcknowledged(MqttPubAckPacket acknowledgement) => Told.Add(acknowledgement);

        public void OnLost(Exception error) => Lost.Add(error);
    }
}
