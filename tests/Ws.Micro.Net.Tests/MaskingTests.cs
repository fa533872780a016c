using System;
using System.Collections.Generic;
using System.IO;
using System.Threading.Tasks;

namespace Ws.Micro.Net.Tests;

/// <summary>What a client masks, and with which keys (RFC 6455 §5.3, §10.3).</summary>
public sealed class MaskingTests
{
    [Fact]
    public async Task Each_frame_of_a_client_has_a_key_of_its_own()
    {
        (WebSocketConnection client, RawPeer peer) = await Loopback.ConnectToRawPeer(asServer: false);
        using (client)
        using (peer)
        {
            const int Rounds = 40;
            HashSet<string> keys = [];
            for (int i = 0; i < Rounds; i++)
            {
                client.Send([7], 0, 1, isText: false);
                client.Ping();
            }

            for (int i = 0; i < Rounds; i++)
            {
                keys.Add(KeyOf(peer.Stream, 0x82, 1));
                keys.Add(KeyOf(peer.Stream, 0x89, 0));
            }

            // Two equal among 80 of 32 random bits happen once in 1,300,000 runs.
            Assert.Equal(2 * Rounds, keys.Count);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(500)]
    [InlineData(70_000)]
    public async Task Sending_leaves_the_callers_bytes_alone(int size)
    {
        (WebSocketConnection client, WebSocketConnection server) = await Loopback.ConnectPair();
        using (client)
        using (server)
        {
            byte[] bytes = Message.Binary(size);
            byte[] before = [.. bytes];
            Task send = Loopback.Run(() => client.Send(bytes, 0, size, isText: false));

            Assert.Equal(before, server.ReceiveMessage().Bytes);
            await send;
            Assert.Equal(before, bytes);
        }
    }

    private static string KeyOf(Stream stream, int firstByte, int length)
    {
        byte[] frame = new byte[6 + length];
        stream.ReadExactly(frame);
        Assert.Equal((firstByte, 0x80 | length), (frame[0], frame[1]));
        return Convert.ToHexString(frame, 2, 4);
    }
}
