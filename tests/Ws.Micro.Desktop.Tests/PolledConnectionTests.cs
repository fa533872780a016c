using System;
using System.Linq;
using System.Net.WebSockets;
using System.Threading;
using System.Threading.Tasks;
using Ws.Micro.Desktop.Tests.Support;

namespace Ws.Micro.Desktop.Tests;

/// <summary>How the library's own threads read and write for connections, the listener's and the client's. EchoTests and AllocationTests have them too.</summary>
public sealed class PolledConnectionTests
{
    private const int Message = RawFrame.Fin | RawFrame.Binary;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_is_sent_goes_out_though_the_application_never_receives_again(bool isServer)
    {
        (MicroWebSocket socket, RawPeer peer) = await RawPeer.ConnectAsync(isServer);
        using (socket)
        using (peer)
        {
            TaskCompletionSource never = new();
            Task serving = ServeAsync();
            await peer.SendFrameAsync(Message, 1);
            for (byte i = 0; i < 3; i++)
            {
                Assert.Equal([i], (await peer.ReadFrameAsync())!.Payload);
            }

            async Task ServeAsync()
            {
                await socket.ReceiveAsync(new byte[16].AsMemory(), Deadline.Token);
                for (byte i = 0; i < 3; i++)
                {
                    await socket.SendAsync(new[] { i }.AsMemory(), WebSocketMessageType.Binary, true, Deadline.Token);
                }

                await never.Task;
            }
        }
    }

    [Theory]
    [InlineData(true, 3, 100)]
    [InlineData(true, 300, 100)]
    [InlineData(true, 20, 5000)]
    [InlineData(false, 3, 100)]
    [InlineData(false, 300, 100)]
    [InlineData(false, 20, 5000)]
    public async Task Frames_that_come_together_are_answered_in_order(bool isServer, int count, int size)
    {
        (MicroWebSocket socket, RawPeer peer) = await RawPeer.ConnectAsync(isServer);
        using (socket)
        using (peer)
        {
            Task echoing = Echo.RunAsync(socket);
            byte[][] messages = [.. Enumerable.Range(0, count).Select(i => Enumerable.Repeat((byte)i, size).ToArray())];
            Task sending = peer.SendAsync(messages.SelectMany(message => peer.Frame(Message, message)).ToArray());
            foreach (byte[] message in messages)
            {
                byte[] echoed = [];
                RawFrame frame;
                do
                {
                    frame = (await peer.ReadFrameAsync())!;
                    echoed = [.. echoed, .. frame.Payload];
                }
                while (!frame.IsFinal);

                Assert.Equal(message, echoed);
            }

            await sending;
            await peer.SendCloseAsync(1000);
            Assert.Equal(1000, (await peer.ReadFrameAsync())!.CloseCode);
            Assert.Null(await peer.ReadFrameAsync());
            await echoing.InTime();
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_peer_that_does_not_read_holds_up_the_sender_and_loses_nothing(bool isServer)
    {
        (MicroWebSocket socket, RawPeer peer) = await RawPeer.ConnectAsync(isServer);
        using (socket)
        using (peer)
        {
            // More than the buffers of both ends hold.
            byte[] message = new byte[32 * 1024 * 1024];
            new Random(1).NextBytes(message);
            Task sending = socket.SendAsync(message.AsMemory(), WebSocketMessageType.Binary, true, Deadline.Token).AsTask();
            Task pinging = peer.SendFrameAsync(RawFrame.Fin | RawFrame.Ping, 1);
            ValueTask<ValueWebSocketReceiveResult> receiving = socket.ReceiveAsync(new byte[16].AsMemory(), Deadline.Token);
            await pinging;
            Assert.False(sending.IsCompleted);
            Assert.Equal(message, (await peer.ReadFrameAsync())!.Payload);
            await sending.InTime();
            Assert.Equal(RawFrame.Pong, (await peer.ReadFrameAsync())!.Opcode);
            await peer.SendFrameAsync(Message, 7);
            Assert.Equal(1, (await receiving).Count);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_flood_on_one_connection_does_not_hold_up_another(bool isServer)
    {
        // All connections of one or two processors share one poller; of more, some do.
        int count = Environment.ProcessorCount + 1;
        (MicroWebSocket Socket, RawPeer Peer)[] connections = await Task.WhenAll(Enumerable.Range(0, count).Select(_ => RawPeer.ConnectAsync(isServer)));
        using CancellationTokenSource stop = new();
        Task[] floods = [.. connections[1..].SelectMany(connection => new[] { Task.Run(() => FloodAsync(connection.Peer)), Task.Run(() => TakeAsync(connection.Socket)) })];
        Task echoing = Echo.RunAsync(connections[0].Socket);
        for (byte i = 0; i < 50; i++)
        {
            await connections[0].Peer.SendFrameAsync(Message, i);
            Assert.Equal([i], (await connections[0].Peer.ReadFrameAsync())!.Payload);
        }

        Assert.All(floods, flood => Assert.False(flood.IsCompleted));
        stop.Cancel();
        await Task.WhenAll(floods.Where((_, i) => i % 2 == 0)).InTime();
        foreach ((MicroWebSocket socket, RawPeer peer) in connections)
        {
            socket.Dispose();
            peer.Dispose();
        }

        async Task FloodAsync(RawPeer peer)
        {
            byte[] frames = [.. Enumerable.Repeat(peer.Frame(Message, new byte[100]), 500).SelectMany(frame => frame)];
            while (!stop.IsCancellationRequested)
            {
                await peer.SendAsync(frames);
            }
        }

        static async Task TakeAsync(MicroWebSocket socket)
        {
            byte[] buffer = new byte[4096];
            try
            {
                while (true)
                {
                    await socket.ReceiveAsync(buffer.AsMemory(), default);
                }
            }
            catch (Exception e) when (e is WebSocketException or ObjectDisposedException)
            {
            }
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_peers_end_that_comes_with_its_last_bytes_is_seen(bool isServer)
    {
        (MicroWebSocket socket, RawPeer peer) = await RawPeer.ConnectAsync(isServer);
        using (socket)
        {
            await peer.SendFrameAsync(Message, 1, 2, 3);
            peer.EndSending();
            byte[] buffer = new byte[4096];
            Assert.Equal(3, (await socket.ReceiveAsync(buffer.AsMemory(), Deadline.Token)).Count);
            WebSocketException e = await Assert.ThrowsAsync<WebSocketException>(() => socket.ReceiveAsync(buffer.AsMemory(), Deadline.Token).AsTask());
            Assert.Equal(WebSocketError.ConnectionClosedPrematurely, e.WebSocketErrorCode);
            peer.Dispose();
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_receive_that_waits_ends_with_its_token_with_an_abort_and_with_a_reset(bool isServer)
    {
        byte[] buffer = new byte[16];
        (MicroWebSocket first, RawPeer firstPeer) = await RawPeer.ConnectAsync(isServer);
        using CancellationTokenSource cancel = new();
        ValueTask<ValueWebSocketReceiveResult> cancelled = first.ReceiveAsync(buffer.AsMemory(), cancel.Token);
        cancel.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled.AsTask().InTime());
        firstPeer.Dispose();

        (MicroWebSocket second, RawPeer secondPeer) = await RawPeer.ConnectAsync(isServer);
        ValueTask<ValueWebSocketReceiveResult> aborted = second.ReceiveAsync(buffer.AsMemory(), default);
        second.Abort();
        await Assert.ThrowsAsync<WebSocketException>(() => aborted.AsTask().InTime());
        secondPeer.Dispose();

        (MicroWebSocket third, RawPeer thirdPeer) = await RawPeer.ConnectAsync(isServer);
        ValueTask<ValueWebSocketReceiveResult> reset = third.ReceiveAsync(buffer.AsMemory(), default);
        thirdPeer.Reset();
        await Assert.ThrowsAsync<WebSocketException>(() => reset.AsTask().InTime());
    }
}
