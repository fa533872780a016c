using System;
using System.Net.WebSockets;

namespace RpiGateway.Tests;

public sealed class MqttPacketGuardTests
{
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
