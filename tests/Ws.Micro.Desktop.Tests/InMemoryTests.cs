using System;
using System.Linq;
using System.Net.WebSockets;
using System.Runtime.InteropServices;
using System.Threading;
using System.Threading.Tasks;
using Ws.Micro.Desktop.Tests.Support;

namespace Ws.Micro.Desktop.Tests;

/// <summary>What a socket takes of memory and how it reads, over a stream that does everything at once: all of it on this thread, and exact.</summary>
public sealed class InMemoryTests
{
    private const int PipeSize = 80 * 1024;

    public static TheoryData<bool, WebSocketMessageType, int> Messages => [.. from isServer in new[] { false, true }
                                                                              from type in new[] { WebSocketMessageType.Binary, WebSocketMessageType.Text }
                                                                              from size in new[] { 0, 16, 125, 1024, 65536 }
                                                                              select (isServer, type, size)];

    [Theory]
    [InlineData(0, 640)]
    [InlineData(30, 720)]
    public void A_socket_takes_few_bytes(int keepAliveSeconds, int limit)
    {
        MicroWebSocketOptions options = new() { KeepAliveInterval = TimeSpan.FromSeconds(keepAliveSeconds) };
        (DuplexPipe stream, _) = DuplexPipe.Pair(0);

        // The least, because the first pays for what all share, and now and then one for the growth of it.
        long least = long.MaxValue;
        for (int i = 0; i < 10; i++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            MicroWebSocket socket = MicroWebSocket.CreateFromStream(stream, true, options);
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
            socket.Dispose();
        }

        Assert.True(least <= limit, $"{least} bytes.");
    }

    [Theory]
    [MemberData(nameof(Messages))]
    public void A_message_sent_and_received_allocates_nothing(bool isServer, WebSocketMessageType type, int size)
    {
        (DuplexPipe stream, DuplexPipe peer) = DuplexPipe.Pair(PipeSize);
        using MicroWebSocket socket = MicroWebSocket.CreateFromStream(stream, isServer, new MicroWebSocketOptions());
        byte[] payload = [.. Enumerable.Repeat((byte)'m', size)];
        byte[] frame = RawFrame.Bytes(RawFrame.Fin | (type == WebSocketMessageType.Text ? RawFrame.Text : RawFrame.Binary), payload, isServer);
        byte[] buffer = new byte[PipeSize];

        // The least of several rounds: code that is compiled anew meanwhile takes new boxes for its awaits, once.
        long least = long.MaxValue;
        for (int round = 0; round < 20 && least > 0; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < 50; i++)
            {
                Exchange(waits: i % 2 == 0);
            }

            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.Equal(0, least);
        Assert.Equal(payload, buffer[..size]);

        void Exchange(bool waits)
        {
            ValueTask<ValueWebSocketReceiveResult> receiving = waits ? socket.ReceiveAsync(buffer.AsMemory(), default) : default;
            stream.Bring(frame);
            receiving = waits ? receiving : socket.ReceiveAsync(buffer.AsMemory(), default);
            ValueWebSocketReceiveResult result = Done(receiving);
            ValueTask sending = socket.SendAsync(payload.AsMemory(), type, true, default);
            if (!sending.IsCompletedSuccessfully || result.Count != size || !result.EndOfMessage || peer.Waiting.Length < size + 2)
            {
                Assert.Fail($"{result.Count} bytes received, {peer.Waiting.Length} written.");
            }

            sending.GetAwaiter().GetResult();
            peer.Drop();
        }
    }

    [Fact]
    public async Task A_socket_that_waits_holds_no_buffer_of_its_own()
    {
        (DuplexPipe stream, _) = DuplexPipe.Pair(PipeSize);
        using MicroWebSocket socket = MicroWebSocket.CreateFromStream(stream, true, new MicroWebSocketOptions());
        byte[] buffer = new byte[1000];
        foreach (int size in new[] { 0, 10, 1000, 0, 1000 })
        {
            ValueTask<ValueWebSocketReceiveResult> receiving = socket.ReceiveAsync(buffer.AsMemory(0, size), Deadline.Token);
            Memory<byte> target = Assert.NotNull(stream.Target);
            Assert.True(MemoryMarshal.TryGetArray(target, out ArraySegment<byte> segment));
            Assert.True(target.IsEmpty || segment.Array == buffer, $"The read into {target.Length} bytes is not the caller's.");

            stream.Bring(RawFrame.Bytes(RawFrame.Fin | RawFrame.Binary, [1, 2, 3], isMasked: true));
            ValueWebSocketReceiveResult result = Done(receiving);
            Assert.Equal(Math.Min(size, 3), result.Count);
            if (!result.EndOfMessage)
            {
                Assert.Equal(3, (await socket.ReceiveAsync(buffer.AsMemory(), Deadline.Token)).Count);
            }

            Assert.Equal([1, 2, 3], buffer[..3]);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_frame_in_pieces_fills_the_buffer_and_what_follows_it_is_kept(bool isServer)
    {
        (DuplexPipe stream, _) = DuplexPipe.Pair(PipeSize);
        using MicroWebSocket socket = MicroWebSocket.CreateFromStream(stream, isServer, new MicroWebSocketOptions());
        byte[] payload = [.. Enumerable.Range(0, 300).Select(i => (byte)i)];
        byte[] frame = RawFrame.Bytes(RawFrame.Fin | RawFrame.Binary, payload, isServer);
        byte[] next = RawFrame.Bytes(RawFrame.Fin | RawFrame.Text, "next"u8, isServer);
        byte[] all = [.. frame, .. next, .. next];
        byte[] buffer = new byte[1000];
        for (int first = 1; first < frame.Length; first++)
        {
            ValueTask<ValueWebSocketReceiveResult> receiving = socket.ReceiveAsync(buffer.AsMemory(), default);
            stream.Bring(all[..first]);
            Assert.False(receiving.IsCompleted);
            stream.Bring(all[first..]);
            ValueWebSocketReceiveResult result = Done(receiving);
            Assert.Equal((300, WebSocketMessageType.Binary, true), (result.Count, result.MessageType, result.EndOfMessage));
            Assert.Equal(payload, buffer[..300]);
            for (int i = 0; i < 2; i++)
            {
                result = Done(socket.ReceiveAsync(buffer.AsMemory(), default));
                Assert.Equal((4, WebSocketMessageType.Text, true), (result.Count, result.MessageType, result.EndOfMessage));
                Assert.Equal("next"u8, buffer.AsSpan(0, 4));
            }
        }
    }

    // A piece that shows text not to be UTF-8 fails at once, though the frame goes on.
    [Fact]
    public async Task A_frame_that_breaks_a_rule_is_not_waited_for()
    {
        (DuplexPipe stream, DuplexPipe peer) = DuplexPipe.Pair(PipeSize);
        using MicroWebSocket socket = MicroWebSocket.CreateFromStream(stream, true, new MicroWebSocketOptions());
        byte[] frame = RawFrame.Bytes(RawFrame.Fin | RawFrame.Text, [.. "a text"u8, 0xFF, .. new byte[300]], isMasked: true);
        Task receiving = socket.ReceiveAsync(new byte[1000].AsMemory(), Deadline.Token).AsTask();
        stream.Bring(frame[..10]);
        stream.Bring(frame[10..20]);
        Assert.Equal(RawFrame.Fin | RawFrame.Close, peer.Waiting[0]);

        // The peer ends the connection.
        stream.Bring([]);
        WebSocketException e = await Assert.ThrowsAsync<WebSocketException>(() => receiving.InTime());
        Assert.Contains("InvalidUtf8", e.Message);
    }

    private static ValueWebSocketReceiveResult Done(ValueTask<ValueWebSocketReceiveResult> receiving)
    {
        if (!receiving.IsCompleted)
        {
            Assert.Fail("The receive waits, though its frame is there.");
        }

        return receiving.GetAwaiter().GetResult();
    }
}
