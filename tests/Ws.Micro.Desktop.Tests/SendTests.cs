using System;
using System.Collections.Generic;
using System.Linq;
using System.Net.WebSockets;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using Ws.Micro.Desktop.Tests.Support;

namespace Ws.Micro.Desktop.Tests;

/// <summary>What goes out on the wire for what the application sends.</summary>
public sealed class SendTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Each_overload_sends_the_same_frames(bool isServer)
    {
        (MicroWebSocket socket, RawPeer peer) = await RawPeer.ConnectAsync(isServer);
        using (socket)
        using (peer)
        {
            byte[] bytes = "--text--"u8.ToArray();
            ReadOnlyMemory<byte> memory = bytes.AsMemory(2, 4);
            ArraySegment<byte> segment = new(bytes, 2, 4);
            await socket.SendAsync(segment, WebSocketMessageType.Text, false, Deadline.Token);
            await socket.SendAsync(memory, WebSocketMessageType.Text, WebSocketMessageFlags.None, Deadline.Token);
            await socket.SendAsync(memory, WebSocketMessageType.Text, true, Deadline.Token);
            await socket.SendAsync(memory, WebSocketMessageType.Binary, WebSocketMessageFlags.EndOfMessage | WebSocketMessageFlags.DisableCompression, Deadline.Token);
            int[] firstBytes = [RawFrame.Text, RawFrame.Continuation, RawFrame.Fin | RawFrame.Continuation, RawFrame.Fin | RawFrame.Binary];
            foreach (int firstByte in firstBytes)
            {
                RawFrame? frame = await peer.ReadFrameAsync();
                Assert.Equal((firstByte, "text", !isServer), (frame!.FirstByte, frame.PayloadText, frame.MaskKey != null));
            }
        }
    }

    [Fact]
    public async Task Bytes_of_frames_are_counted()
    {
        (MicroWebSocket socket, RawPeer peer) = await RawPeer.ConnectAsync(isServer: true);
        using (socket)
        using (peer)
        {
            await socket.SendAsync("text"u8.ToArray(), WebSocketMessageType.Text, true, Deadline.Token);
            Assert.Equal((2 + 4, 0), (socket.BytesSent, socket.BytesReceived));

            // A ping, whose pong goes out before the message behind it is given.
            await peer.SendFrameAsync(RawFrame.Fin | RawFrame.Ping, 1, 2, 3);
            await peer.SendFrameAsync(RawFrame.Fin | RawFrame.Binary, new byte[1000]);
            byte[] buffer = new byte[2000];
            int count = 0;
            while (count < 1000)
            {
                count += (await socket.ReceiveAsync(buffer.AsMemory(count), Deadline.Token)).Count;
            }

            Assert.Equal((6 + 2 + 3, 6 + 3 + 8 + 1000), (socket.BytesSent, socket.BytesReceived));
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(125)]
    [InlineData(126)]
    [InlineData(65535)]
    [InlineData(65536)]
    [InlineData(1_000_001)]
    public async Task Masking_leaves_the_callers_bytes_alone(int size)
    {
        (MicroWebSocket socket, RawPeer peer) = await RawPeer.ConnectAsync(isServer: false);
        using (socket)
        using (peer)
        {
            byte[] payload = new byte[size];
            new Random(1).NextBytes(payload);
            byte[] copy = [.. payload];
            Task sending = socket.SendAsync(payload.AsMemory(), WebSocketMessageType.Binary, true, Deadline.Token).AsTask();
            RawFrame? frame = await peer.ReadFrameAsync();
            await sending;
            Assert.Equal(copy, payload);
            Assert.Equal(copy, frame!.Payload);
        }
    }

    // RFC 6455 §5.3: a fresh key for each frame, that nobody can foretell.
    [Fact]
    public async Task Each_frame_of_a_client_has_a_mask_key_of_its_own()
    {
        (MicroWebSocket socket, RawPeer peer) = await RawPeer.ConnectAsync(isServer: false);
        using (socket)
        using (peer)
        {
            HashSet<int> keys = [];
            for (int i = 0; i < 100; i++)
            {
                await socket.SendAsync("x"u8.ToArray(), WebSocketMessageType.Text, true, Deadline.Token);
                keys.Add((await peer.ReadFrameAsync())!.MaskKey!.Value);
            }

            // Two equal among 100 of 32 random bits happen once in 870,000 runs.
            Assert.Equal(100, keys.Count);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Frames_of_several_senders_and_pongs_do_not_run_into_each_other(bool isServer)
    {
        const int Senders = 8, Messages = 25, Size = 40_000;
        (MicroWebSocket socket, RawPeer peer) = await RawPeer.ConnectAsync(isServer);
        using (socket)
        using (peer)
        {
            using CancellationTokenSource done = new();
            Task receiving = Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await socket.ReceiveAsync(new byte[100].AsMemory(), done.Token));
            Task pinging = Task.Run(async () =>
            {
                for (int i = 0; i < 100; i++)
                {
                    await peer.SendFrameAsync(RawFrame.Fin | RawFrame.Ping, Encoding.ASCII.GetBytes($"{i}"));
                }
            });
            Task[] sending = [.. Enumerable.Range(0, Senders).Select(sender => Task.Run(async () =>
            {
                byte[] payload = new byte[Size];
                payload.AsSpan().Fill((byte)sender);
                for (int i = 0; i < Messages; i++)
                {
                    await socket.SendAsync(payload.AsMemory(), WebSocketMessageType.Binary, true, Deadline.Token);
                }
            }))];

            int[] counts = new int[Senders];
            int newestPong = -1;
            while (counts.Sum() < Senders * Messages || newestPong < 99)
            {
                RawFrame? frame = await peer.ReadFrameAsync();
                if (frame!.Opcode == RawFrame.Pong)
                {
                    int pong = int.Parse(frame.PayloadText);
                    Assert.True(pong > newestPong, $"Pong {pong} came after {newestPong}.");
                    newestPong = pong;
                    continue;
                }

                Assert.Equal((RawFrame.Fin | RawFrame.Binary, Size), (frame.FirstByte, frame.Payload.Length));
                Assert.All(frame.Payload.Distinct(), b => Assert.Equal(frame.Payload[0], b));
                counts[frame.Payload[0]]++;
            }

            Assert.All(counts, count => Assert.Equal(Messages, count));
            await Task.WhenAll([.. sending, pinging]).InTime();
            done.Cancel();
            await receiving.InTime();
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_send_cancelled_before_its_turn_harms_no_other(bool isServer)
    {
        (MicroWebSocket socket, RawPeer peer) = await RawPeer.ConnectAsync(isServer);
        using (socket)
        using (peer)
        {
            using CancellationTokenSource cancellation = new();
            byte[] large = new byte[32 * 1024 * 1024];
            Task first = socket.SendAsync(large.AsMemory(), WebSocketMessageType.Binary, true, Deadline.Token).AsTask();
            Task[] waiting = [.. Enumerable.Range(0, 6).Select(i => socket.SendAsync(
                new byte[] { (byte)i }.AsMemory(), WebSocketMessageType.Binary, true, i % 2 == 0 ? cancellation.Token : Deadline.Token).AsTask())];
            await cancellation.CancelAsync();
            for (int i = 0; i < waiting.Length; i += 2)
            {
                await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting[i].InTime());
            }

            Assert.False(first.IsCompleted);
            Assert.Equal(WebSocketState.Open, socket.State);
            Assert.Equal(large.Length, (await peer.ReadFrameAsync())!.Payload.Length);
            foreach (byte i in new byte[] { 1, 3, 5 })
            {
                Assert.Equal([i], (await peer.ReadFrameAsync())!.Payload);
            }

            await Task.WhenAll(first, waiting[1], waiting[3], waiting[5]).InTime();
        }
    }

    // RFC 6455 §5.5.3: only the most recent ping needs an answer; none may wait for the application's send in a queue that grows.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Of_many_pings_that_arrive_while_a_send_is_blocked_the_newest_is_answered(bool isServer)
    {
        (MicroWebSocket socket, RawPeer peer) = await RawPeer.ConnectAsync(isServer);
        using (socket)
        using (peer)
        {
            byte[] large = new byte[32 * 1024 * 1024];
            Task sending = socket.SendAsync(large.AsMemory(), WebSocketMessageType.Binary, true, Deadline.Token).AsTask();
            for (int i = 0; i < 200; i++)
            {
                await peer.SendFrameAsync(RawFrame.Fin | RawFrame.Ping, Encoding.ASCII.GetBytes($"{i}"));
            }

            // What follows the pings is received, so they have all been read, and the send is still under way.
            await peer.SendFrameAsync(RawFrame.Fin | RawFrame.Text, "after"u8.ToArray());
            Assert.Equal("after"u8.ToArray(), (await Echo.ReceiveAsync(socket, 5)).Payload);
            Assert.False(sending.IsCompleted);

            Assert.Equal(large.Length, (await peer.ReadFrameAsync())!.Payload.Length);
            RawFrame? pong = await peer.ReadFrameAsync();
            Assert.Equal((RawFrame.Pong, "199"), (pong!.Opcode, pong.PayloadText));
            await sending;
            await socket.SendAsync("next"u8.ToArray(), WebSocketMessageType.Text, true, Deadline.Token);
            Assert.Equal("next", (await peer.ReadFrameAsync())!.PayloadText);
        }
    }

    [Theory]
    [InlineData(WebSocketMessageType.Close)]
    [InlineData((WebSocketMessageType)7)]
    public async Task Only_text_and_binary_can_be_sent(WebSocketMessageType type)
    {
        using Pair pair = await Pair.ConnectAsync();
        ArgumentException e = await Assert.ThrowsAsync<ArgumentException>(async () => await pair.Client.SendAsync(new byte[1].AsMemory(), type, true, Deadline.Token));
        Assert.Equal("messageType", e.ParamName);
        Assert.Equal(WebSocketState.Open, pair.Client.State);
    }
}
