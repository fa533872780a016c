using System;
using System.Collections.Generic;
using System.Linq;
using System.Net.WebSockets;
using System.Threading.Tasks;

namespace RpiGateway.Tests;

/// <summary>What the broker's endpoint takes and what it refuses, with which code.</summary>
public sealed class MqttEndpointTests
{
    [Theory]
    [InlineData(null)]
    [InlineData("mqttv3.1")]
    [InlineData("MQTT")]
    public async Task NoMqttSubprotocolIsRefusedBeforeTheUpgrade(string? offered)
    {
        await using TestGateway gateway = await TestGateway.StartAsync();

        (int status, string text) = await RawPeer.RefusedUpgradeAsync(gateway.Broker, offered);

        Assert.Equal(400, status);
        Assert.Contains("subprotocol mqtt", text);
    }

    [Fact]
    public async Task TextFrameIsRefused()
    {
        await using TestGateway gateway = await TestGateway.StartAsync();
        using RawPeer peer = await RawPeer.AttachAsync(gateway);

        await peer.SendAsync(RawPeer.Connect, WebSocketMessageType.Text);

        Assert.Equal(WebSocketCloseStatus.InvalidMessageType, await peer.CloseStatusAsync());
    }

    [Fact]
    public async Task TextFrameIsRefusedAfterConnectToo()
    {
        await using TestGateway gateway = await TestGateway.StartAsync();
        using RawPeer peer = await RawPeer.AttachAsync(gateway);
        await peer.SendAsync(RawPeer.Connect);
        Assert.Equal(0x20, (await peer.NextFrameAsync())[0]);

        await peer.SendAsync(RawPeer.Publish, WebSocketMessageType.Text);

        Assert.Equal(WebSocketCloseStatus.InvalidMessageType, await peer.CloseStatusAsync());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task ClaimOf256MegabytesIsRefusedAndAllocatesNothing(bool afterConnect)
    {
        const long Claimed = 268_435_455;
        const int Peers = 3;
        byte[] claim = [afterConnect ? (byte)0x30 : (byte)0x10, 0xFF, 0xFF, 0xFF, 0x7F, 0x00];
        await using TestGateway gateway = await TestGateway.StartAsync();
        List<RawPeer> peers = [];
        for (int i = 0; i < Peers; i++)
        {
            peers.Add(await RawPeer.AttachAsync(gateway));
            if (afterConnect)
            {
                await peers[i].SendAsync(Named($"raw{i}"));
                Assert.Equal(0x20, (await peers[i].NextFrameAsync())[0]);
            }
        }

        long before = GC.GetTotalAllocatedBytes(precise: true);
        foreach (RawPeer peer in peers)
        {
            await peer.SendAsync(claim);
        }

        foreach (RawPeer peer in peers)
        {
            Assert.Equal(WebSocketCloseStatus.MessageTooBig, await peer.CloseStatusAsync());
        }

        long allocated = GC.GetTotalAllocatedBytes(precise: true) - before;

        Assert.InRange(allocated, 0, Claimed / 100);
        peers.ForEach(static peer => peer.Dispose());
    }

    [Fact]
    public async Task RemainingLengthThatGoesOnIsRefused()
    {
        await using TestGateway gateway = await TestGateway.StartAsync();
        using RawPeer peer = await RawPeer.AttachAsync(gateway);

        await peer.SendAsync(new byte[] { 0x10, 0x80, 0x80, 0x80, 0x80, 0x80 });

        Assert.Equal(WebSocketCloseStatus.ProtocolError, await peer.CloseStatusAsync());
    }

    [Fact]
    public async Task FirstPacketMustBeConnect()
    {
        await using TestGateway gateway = await TestGateway.StartAsync();
        using RawPeer peer = await RawPeer.AttachAsync(gateway);

        await peer.SendAsync(RawPeer.Publish);

        Assert.Equal(WebSocketCloseStatus.ProtocolError, await peer.CloseStatusAsync());
    }

    [Fact]
    public async Task MissingConnectIsRefusedAfterAWhile()
    {
        await using TestGateway gateway = await TestGateway.StartAsync();
        using RawPeer peer = await RawPeer.AttachAsync(gateway);

        await peer.SendAsync(RawPeer.Connect.AsMemory(0, 5));

        Assert.Equal(WebSocketCloseStatus.PolicyViolation, await peer.CloseStatusAsync());
    }

    public static TheoryData<int> Cuts()
    {
        int length = RawPeer.Connect.Length + RawPeer.Subscribe.Length + RawPeer.Publish.Length;
        return [.. Enumerable.Range(0, length)];
    }

    /// <summary>Cut 0 is no cut: three packets in one frame.</summary>
    [Theory]
    [MemberData(nameof(Cuts))]
    public async Task PacketsNeedNotKeepToFrames(int cut)
    {
        byte[] packets = [.. RawPeer.Connect, .. RawPeer.Subscribe, .. RawPeer.Publish];
        await using TestGateway gateway = await TestGateway.StartAsync();
        using RawPeer peer = await RawPeer.AttachAsync(gateway);

        if (cut > 0)
        {
            await peer.SendAsync(packets.AsMemory(0, cut));
        }

        await peer.SendAsync(packets.AsMemory(cut));

        await AssertAnsweredAsync(peer);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task PacketsMayComeByteByByte(bool eachAMessage)
    {
        byte[] packets = [.. RawPeer.Connect, .. RawPeer.Subscribe, .. RawPeer.Publish];
        await using TestGateway gateway = await TestGateway.StartAsync();
        using RawPeer peer = await RawPeer.AttachAsync(gateway);

        for (int i = 0; i < packets.Length; i++)
        {
            await peer.SendAsync(packets.AsMemory(i, 1), last: eachAMessage || i == packets.Length - 1);
            await peer.SendAsync(ReadOnlyMemory<byte>.Empty, last: eachAMessage || i == packets.Length - 1);
        }

        await AssertAnsweredAsync(peer);
    }

    [Fact]
    public async Task StopClosesAttachedClients()
    {
        await using TestGateway gateway = await TestGateway.StartAsync();
        using RawPeer peer = await RawPeer.AttachAsync(gateway);
        await peer.SendAsync(RawPeer.Connect);
        Assert.Equal(0x20, (await peer.NextFrameAsync())[0]);

        Task stop = gateway.StopAsync();

        Assert.NotNull(await peer.CloseStatusAsync());
        await stop;
    }

    private static byte[] Named(string clientId) =>
        [0x10, (byte)(12 + clientId.Length), .. RawPeer.Connect.AsSpan(2, 10), 0, (byte)clientId.Length, .. System.Text.Encoding.ASCII.GetBytes(clientId)];

    // CONNACK, SUBACK, PUBACK and the PUBLISH, each in a frame of its own; the broker may send the last two in either order.
    private static async Task AssertAnsweredAsync(RawPeer peer)
    {
        Assert.Equal("20020000", Convert.ToHexString(await peer.NextFrameAsync()));
        HashSet<string> answers = [];
        for (int i = 0; i < 3; i++)
        {
            answers.Add(Convert.ToHexString(await peer.NextFrameAsync()));
        }

        Assert.Equal(["3005000174" + "6869", "40020002", "9003000100"], answers.Order());
    }
}
