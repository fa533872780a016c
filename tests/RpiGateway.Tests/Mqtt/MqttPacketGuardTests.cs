using System;
using System.Net.WebSockets;
using System.Threading;
using System.Threading.Tasks;

namespace RpiGateway.Tests;

public sealed class MqttPacketGuardTests
{
    private static readonly byte[] PingRequest = [0xC0, 0];

    [Theory]
    [InlineData(MqttPacketGuard.MaxFirstPacketSize, null)]
    [InlineData(MqttPacketGuard.MaxFirstPacketSize + 1, WebSocketCloseStatus.MessageTooBig)]
    public void FirstPacketHasASmallLimit(int size, WebSocketCloseStatus? refusal) =>
        Assert.Equal(refusal, new MqttPacketGuard(MqttPacketGuard.Connect).Inspect(Packet(MqttPacketGuard.Connect, size))?.Code);

    [Theory]
    [InlineData(MqttPacketGuard.MaxPacketSize, null)]
    [InlineData(MqttPacketGuard.MaxPacketSize + 1, WebSocketCloseStatus.MessageTooBig)]
    public void LaterPacketsHaveALargerOne(int size, WebSocketCloseStatus? refusal)
    {
        MqttPacketGuard guard = new(MqttPacketGuard.Connect);
        Assert.Null(guard.Inspect(RawPeer.Connect));
        Assert.True(guard.FirstPacketPassed);

        Assert.Equal(refusal, guard.Inspect(Packet(0x30, size))?.Code);
    }

    [Fact]
    public void TooLargeIsKnownBeforeTheLastByteOfTheLength()
    {
        MqttPacketGuard guard = new(MqttPacketGuard.Connect);

        Assert.Equal(WebSocketCloseStatus.MessageTooBig, guard.Inspect([0x10, 0xFF, 0xFF])?.Code);
    }

    [Fact]
    public void FourthLengthByteMustBeTheLast()
    {
        MqttPacketGuard guard = new(MqttPacketGuard.Connect);
        Assert.Null(guard.Inspect([0x10, 0x80, 0x80, 0x80]));

        Assert.Equal(WebSocketCloseStatus.ProtocolError, guard.Inspect([0x80])?.Code);
    }

    [Theory]
    [InlineData(MqttPacketGuard.Connect, 0x30)]
    [InlineData(MqttPacketGuard.Connect, 0x11)]
    [InlineData(MqttPacketGuard.ConnectAcknowledgement, 0x30)]
    public void FirstPacketMustBeTheOneThatOpens(byte expected, byte header) =>
        Assert.Equal(WebSocketCloseStatus.ProtocolError, new MqttPacketGuard(expected).Inspect([header])?.Code);

    [Fact]
    public void FirstPacketHasPassedOnlyWithItsLastByte()
    {
        MqttPacketGuard guard = new(MqttPacketGuard.Connect);
        foreach (byte value in RawPeer.Connect)
        {
            Assert.False(guard.FirstPacketPassed);
            Assert.Null(guard.Inspect([value]));
        }

        Assert.True(guard.FirstPacketPassed);
    }

    [Fact]
    public async Task PeerThatIsTooFastHasToWaitHoweverItsPacketsAreCut()
    {
        ManualTime time = new();
        MqttPacketGuard guard = new(MqttPacketGuard.Connect, new MessagePace(4, time));
        Assert.Null(guard.Inspect(RawPeer.Connect));
        Assert.True(guard.PaceAsync(CancellationToken.None).IsCompletedSuccessfully);

        // One packet in nine parts, and two in one.
        foreach (byte value in RawPeer.Publish)
        {
            Assert.Null(guard.Inspect([value]));
            Assert.True(guard.PaceAsync(CancellationToken.None).IsCompletedSuccessfully);
        }

        Assert.Null(guard.Inspect([.. RawPeer.Subscribe, .. RawPeer.Publish]));
        Assert.True(guard.PaceAsync(CancellationToken.None).IsCompletedSuccessfully);

        Assert.Null(guard.Inspect(PingRequest));
        Task fifth = guard.PaceAsync(CancellationToken.None).AsTask();
        Assert.False(fifth.IsCompleted);
        time.Advance(TimeSpan.FromMilliseconds(251));
        time.FireTimers();
        await fifth.InTime();
    }

    [Theory]
    [InlineData(0x40)]
    [InlineData(0x50)]
    [InlineData(0x70)]
    public void AcknowledgementsOfWhatItHearsDoNotCount(byte header)
    {
        MqttPacketGuard guard = new(MqttPacketGuard.Connect, new MessagePace(1, new ManualTime()));
        Assert.Null(guard.Inspect(RawPeer.Connect));
        for (int i = 0; i < 10; i++)
        {
            Assert.Null(guard.Inspect([header, 2, 0, 1]));
        }

        Assert.True(guard.PaceAsync(CancellationToken.None).IsCompletedSuccessfully);
    }

    private static byte[] Packet(byte header, int size)
    {
        byte[] packet = new byte[size];
        packet[0] = header;
        int lengthBytes = size - 2 < 128 ? 1 : size - 3 < 16_384 ? 2 : 3;
        int length = size - 1 - lengthBytes;
        for (int i = 1; i <= lengthBytes; i++, length >>= 7)
        {
            packet[i] = (byte)((length & 0x7F) | (i < lengthBytes ? 0x80 : 0));
        }

        return packet;
    }
}
