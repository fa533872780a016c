using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using System.Threading.Tasks;
using Ws.Micro.Framing;

namespace Ws.Micro.Net.Tests;

/// <summary>Messages of connections that have agreed on permessage-deflate (RFC 7692): whole, in fragments, not compressed, and broken.</summary>
public sealed class DeflateTests
{
    // A peer's words in the opening handshake, as either side.
    private const string Extension = "Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=15; client_max_window_bits=15";
    private const int TextRsv1 = 0xC1, BinaryRsv1 = 0xC2, FirstText = 0x41, FirstBinary = 0x42, Last = 0x80;

    public static MatrixTheoryData<int, bool, bool> Cases { get; } = new([160, 512, 4096], [true, false], [true, false]);

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Messages_of_every_size_are_echoed_whole_and_in_fragments(int bufferSize, bool takeover, bool dynamicCodes)
    {
        PerMessageDeflateOptions deflate = new()
        {
            SendContextTakeover = takeover,
            ReceiveContextTakeover = takeover,
            DynamicCodes = dynamicCodes,
            LookupBits = dynamicCodes ? 9 : 0,
        };
        (WebSocketConnection client, WebSocketConnection server) = await Loopback.ConnectPair(
            new WebSocketClientOptions { Deflate = deflate, ReceiveBufferSize = bufferSize, SendBufferSize = bufferSize },
            new WebSocketListenerOptions { Deflate = deflate, ReceiveBufferSize = bufferSize, SendBufferSize = bufferSize });
        using (client)
        using (server)
        {
            Task echo = Loopback.Run(server.EchoWholeUntilClosed);
            await Loopback.Run(() =>
            {
                foreach (int size in (int[])[.. Message.Sizes.Where(size => size <= 65_536), 15, 16, 17, 3000, 200_000])
                {
                    // Text that shrinks, noise that does not, and a message that begins as the one and goes on as the other.
                    byte[] noise = Message.Binary(size);
                    byte[] mixed = [.. new byte[size / 2], .. noise.AsSpan(size / 2)];
                    foreach ((byte[] message, bool isText) in new[] { (Message.Utf8(size), true), (noise, false), (mixed, false) })
                    {
                        client.Send(message, 0, size, isText);
                        AssertIs(message, isText, client.ReceiveMessage());
                        SendInFragments(client, message, isText);
                        AssertIs(message, isText, client.ReceiveMessage());
                    }
                }

                client.Close();
            });
            await echo;
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_is_large_enough_goes_out_compressed_and_each_message_refers_to_those_before(bool asServer)
    {
        (WebSocketConnection connection, RawPeer peer) = await Connect(asServer, options => options.Deflate!.MinMessageSize = 20);
        using (connection)
        using (peer)
        {
            byte[] text = Encoding.ASCII.GetBytes("""{"id":"attic","t":21.5,"id":"attic","t":21.5}""");
            Task send = Loopback.Run(() =>
            {
                connection.Send(text, 0, 19, isText: true);
                connection.Send(text, 0, text.Length, isText: true);
                connection.Send(text, 0, text.Length, isText: true);
            });
            Assert.Equal(0x81, peer.ReadFrame()!.Value.FirstByte);
            (int first, byte[] one) = peer.ReadFrame()!.Value;
            (int second, byte[] other) = peer.ReadFrame()!.Value;
            await send;

            Assert.Equal((TextRsv1, TextRsv1), (first, second));
            Assert.True(one.Length < text.Length && other.Length < one.Length / 2, $"{one.Length} and {other.Length} bytes");
            Assert.Equal([.. text, .. text], FrameworkDeflate.Decompress(one, other));
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task D14_a_message_that_must_not_be_compressed_goes_as_it_is(bool asServer)
    {
        (WebSocketConnection connection, RawPeer peer) = await Connect(asServer);
        using (connection)
        using (peer)
        {
            byte[] secret = Encoding.ASCII.GetBytes("token=0123456789abcdef&token=0123456789abcdef&token=0123456789abcdef");
            Task send = Loopback.Run(() =>
            {
                connection.Send(secret, 0, secret.Length, isText: true, compress: false);
                connection.Send(secret, 0, secret.Length, isText: true, isLast: false, compress: false);
                connection.Send(secret, 0, secret.Length, isText: true, isLast: true, compress: true);
                connection.Send(secret, 0, secret.Length, isText: true);
            });
            foreach (int first in new[] { 0x81, 0x01, 0x80 })
            {
                (int firstByte, byte[] payload) = peer.ReadFrame()!.Value;
                Assert.Equal(first, firstByte);
                Assert.Equal(secret, payload);
            }

            // And it is not what a later one refers to.
            (int last, byte[] compressed) = peer.ReadFrame()!.Value;
            Assert.Equal(TextRsv1, last);
            Assert.Equal(secret, FrameworkDeflate.Decompress(compressed));
            await send;
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_fragment_can_be_read_before_the_next_is_sent(bool asServer)
    {
        (WebSocketConnection connection, RawPeer peer) = await Connect(asServer);
        using (connection)
        using (peer)
        {
            byte[] text = Message.Utf8(300);
            await Loopback.Run(() => connection.Send(text, 0, text.Length, isText: true, isLast: false));
            (int first, byte[] payload) = peer.ReadFrame()!.Value;
            Assert.Equal(FirstText, first);
            Assert.Equal(text, FrameworkDeflate.Decompress(payload[..^4]));
            Assert.Equal([0, 0, 0xFF, 0xFF], payload[^4..]);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task D1_a_bomb_ends_with_1009_and_takes_no_memory(bool asServer)
    {
        (WebSocketConnection connection, RawPeer peer) = await Connect(asServer, options => options.MaxMessageSize = 50_000);
        using (connection)
        using (peer)
        {
            byte[] bomb = FrameworkDeflate.Compress(new byte[1 << 20]);
            Assert.InRange(bomb.Length, 900, 2000);
            peer.WriteFrame(FirstBinary, bomb[..300]);
            peer.WriteFrame(Last, bomb[300..]);
            Task<(long Received, long Allocated)> receive = Loopback.Run(() =>
            {
                long before = GC.GetAllocatedBytesForCurrentThread();
                long bytes = 0;
                while (connection.Receive(Loopback.LongWait) == ReceiveStatus.Data)
                {
                    bytes += connection.DataCount;
                }

                return (bytes, GC.GetAllocatedBytesForCurrentThread() - before);
            });
            (int first, byte[] close) = peer.ReadFrame()!.Value;
            Assert.Equal(RawPeer.Close, first);
            Assert.Equal(RawPeer.CloseBody(1009), close);
            peer.Dispose();
            (long received, long allocated) = await receive;
            Assert.InRange(received, 1, 50_000);
            Assert.InRange(allocated, 0, 20_000);
            Assert.Equal((ProtocolError.MessageTooBig, 1009), (connection.Error, connection.CloseCode));
        }
    }

    public static TheoryData<bool, byte[], ProtocolError> Broken { get; } = new()
    {
        { true, [0x06], ProtocolError.UndecodableMessage },
        { false, [0x06], ProtocolError.UndecodableMessage },
        { true, [0xF2, 0x48, 0xCD], ProtocolError.UndecodableMessage },
        { false, [0xF2, 0x48, 0xCD], ProtocolError.UndecodableMessage },
        { true, FrameworkDeflate.Compress([0x61, 0xC3, 0x28]), ProtocolError.InvalidUtf8 },
        { false, FrameworkDeflate.Compress([0x61, 0xC3, 0x28]), ProtocolError.InvalidUtf8 },
        { true, FrameworkDeflate.Compress([0x61, 0xE2, 0x82]), ProtocolError.InvalidUtf8 },
        { false, FrameworkDeflate.Compress([0x61, 0xE2, 0x82]), ProtocolError.InvalidUtf8 },
    };

    [Theory]
    [MemberData(nameof(Broken))]
    public async Task D10_and_C5_what_is_no_deflate_or_no_utf8_is_answered_with_1007(bool asServer, byte[] payload, ProtocolError expected)
    {
        (WebSocketConnection connection, RawPeer peer) = await Connect(asServer);
        using (connection)
        using (peer)
        {
            peer.WriteFrame(TextRsv1, payload);
            Task<ReceiveStatus> receive = Loopback.Run(() => LastOf(connection));
            (int first, byte[] close) = peer.ReadFrame()!.Value;
            Assert.Equal(RawPeer.Close, first);
            Assert.Equal(RawPeer.CloseBody(1007), close);
            peer.Dispose();

            Assert.Equal(ReceiveStatus.Closed, await receive);
            Assert.Equal((expected, 1007), (connection.Error, connection.CloseCode));
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_ping_and_the_closing_handshake_may_come_in_the_midst_of_a_compressed_message(bool asServer)
    {
        (WebSocketConnection connection, RawPeer peer) = await Connect(asServer);
        using (connection)
        using (peer)
        {
            byte[] text = Encoding.ASCII.GetBytes(Convert.ToHexString(Message.Binary(60)));
            byte[] payload = FrameworkDeflate.Compress(text);
            peer.WriteFrame(FirstText, payload[..60]);
            peer.WriteFrame(RawPeer.Ping, [7]);
            peer.WriteFrame(0x00, payload[60..]);
            peer.WriteFrame(RawPeer.Close, RawPeer.CloseBody(4000, "enough"));
            Task<byte[]> receive = Loopback.Run(() =>
            {
                using MemoryStream received = new();
                while (connection.Receive(Loopback.LongWait) == ReceiveStatus.Data)
                {
                    Assert.False(connection.IsLast);
                    received.Write(connection.Data, connection.DataOffset, connection.DataCount);
                }

                return received.ToArray();
            });
            (int pong, byte[] pinged) = peer.ReadFrame()!.Value;
            Assert.Equal((RawPeer.Pong, 7), (pong, pinged.Single()));
            (int close, byte[] code) = peer.ReadFrame()!.Value;
            Assert.Equal(RawPeer.Close, close);
            Assert.Equal(RawPeer.CloseBody(4000), code);
            peer.Dispose();

            // All of the message that was sent, though it has no end.
            Assert.Equal(text, await receive);
            Assert.Equal((4000, "enough"), (connection.CloseCode, connection.CloseReason));
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task We_may_close_in_the_midst_of_a_compressed_message_of_our_own(bool asServer)
    {
        (WebSocketConnection connection, RawPeer peer) = await Connect(asServer);
        using (connection)
        using (peer)
        {
            byte[] text = Message.Utf8(500);
            Task close = Loopback.Run(() =>
            {
                connection.Send(text, 0, text.Length, isText: true, isLast: false);
                connection.Close(4001);
            });
            Assert.Equal(FirstText, peer.ReadFrame()!.Value.FirstByte);
            Assert.Equal(RawPeer.Close, peer.ReadFrame()!.Value.FirstByte);
            peer.WriteFrame(RawPeer.Close, RawPeer.CloseBody(4001));
            peer.Dispose();
            await close;
            Assert.Equal(4001, connection.CloseCode);
            Assert.Throws<WebSocketConnectionException>(() => connection.Send(text, 0, text.Length, isText: true));
        }
    }

    [Theory]
    [InlineData(8)]
    [InlineData(10)]
    [InlineData(12)]
    public async Task A_message_ends_with_its_last_bytes_or_where_the_window_ends_without_any(int bits)
    {
        // The peer's window is the buffer that parts are handed over from; at its end nothing tells yet whether more is to come.
        (WebSocketConnection client, WebSocketConnection server) = await Loopback.ConnectPair(
            new WebSocketClientOptions { Deflate = new PerMessageDeflateOptions { MaxSendWindowBits = bits } },
            new WebSocketListenerOptions { Deflate = new PerMessageDeflateOptions() });
        using (client)
        using (server)
        {
            int window = 1 << bits;
            Assert.Equal(bits, server.Deflate!.ClientWindowBits);
            await Loopback.Run(() =>
            {
                byte[] zeros = new byte[2 * window];
                long sum = 0;
                foreach (int size in new[] { window, 2 * window, window - 100, 100, 50, window - 49, 1, window - 2, 300, 17 })
                {
                    client.Send(zeros, 0, size, isText: false);
                    int received = 0;
                    do
                    {
                        Assert.Equal(ReceiveStatus.Data, server.Receive(Loopback.LongWait));
                        received += server.DataCount;
                        Assert.True(server.DataCount > 0 || (server.IsLast && sum % window == 0), $"a part without bytes in {size}");

                        // What is not compressed does not pass through the window.
                        sum += size >= 16 ? server.DataCount : 0;
                    }
                    while (!server.IsLast);

                    Assert.Equal(size, received);
                }
            });
        }
    }

    private static ReceiveStatus LastOf(WebSocketConnection connection)
    {
        ReceiveStatus status = ReceiveStatus.Data;
        while (status == ReceiveStatus.Data)
        {
            status = connection.Receive(Loopback.LongWait);
        }

        return status;
    }

    private static Task<(WebSocketConnection Connection, RawPeer Peer)> Connect(bool asServer, Action<WebSocketOptions>? set = null) =>
        Loopback.ConnectToRawPeer(
            asServer,
            options =>
            {
                options.Deflate = new PerMessageDeflateOptions { MemoryLimit = int.MaxValue };
                set?.Invoke(options);
            },
            Extension);

    private static void SendInFragments(WebSocketConnection connection, byte[] message, bool isText)
    {
        int at = 0;
        int[] fragments = Message.Fragments(message.Length);
        for (int i = 0; i < fragments.Length; i++)
        {
            connection.Send(message, at, fragments[i], isText, isLast: i == fragments.Length - 1);
            at += fragments[i];
        }
    }

    private static void AssertIs(byte[] sent, bool isText, Message received)
    {
        Assert.Equal(isText, received.IsText);
        Assert.True(sent.AsSpan().SequenceEqual(received.Bytes), $"{sent.Length} bytes came out changed");
    }
}
