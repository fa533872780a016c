using System;
using System.Buffers;
using System.Collections.Generic;
using System.Linq;
using System.Net.WebSockets;
using System.Runtime.InteropServices;
using System.Threading.Tasks;
using Ws.Micro.Desktop.Tests.Support;

namespace Ws.Micro.Desktop.Tests;

/// <summary>How a message reaches the caller's buffers.</summary>
public sealed class ReceiveTests
{
    private static readonly byte[] Payload = [.. Enumerable.Range(0, 10_000).Select(i => (byte)(i * 7))];

    public static TheoryData<bool, int, int> Buffers => [.. from isServer in new[] { false, true }
                                                            from size in new[] { 256, 4096 }
                                                            from buffer in new[] { 1, 100, size - 1, size, 20_000 }
                                                            select (isServer, size, buffer)];

    // Buffers below, at and above that of the socket; as a client the peer's frames are unmasked, as a server masked.
    [Theory]
    [MemberData(nameof(Buffers))]
    public async Task A_buffer_of_any_size_gets_the_message_in_order(bool isServer, int receiveBufferSize, int bufferSize)
    {
        (MicroWebSocket socket, RawPeer peer) = await RawPeer.ConnectAsync(isServer, options => options.ReceiveBufferSize = receiveBufferSize);
        using (socket)
        using (peer)
        {
            byte[] frames = [.. peer.Frame(RawFrame.Binary, Payload[..4321]), .. peer.Frame(RawFrame.Fin | RawFrame.Continuation, Payload[4321..])];
            Task sending = peer.SendAsync(frames);
            List<byte> received = [];
            byte[] buffer = new byte[bufferSize];
            ValueWebSocketReceiveResult part;
            do
            {
                part = await socket.ReceiveAsync(buffer.AsMemory(), Deadline.Token);
                Assert.Equal(WebSocketMessageType.Binary, part.MessageType);
                received.AddRange(buffer[..part.Count]);
            }
            while (!part.EndOfMessage);

            Assert.Equal(Payload, received);
            await sending;
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_empty_buffer_waits_for_a_message_and_takes_nothing_of_it(bool isServer)
    {
        (MicroWebSocket socket, RawPeer peer) = await RawPeer.ConnectAsync(isServer);
        using (socket)
        using (peer)
        {
            ValueTask<ValueWebSocketReceiveResult> waiting = socket.ReceiveAsync(Memory<byte>.Empty, Deadline.Token);
            Assert.False(waiting.IsCompleted);
            await peer.SendFrameAsync(RawFrame.Fin | RawFrame.Binary, 1, 2, 3);
            ValueWebSocketReceiveResult part = await waiting;
            Assert.Equal((0, WebSocketMessageType.Binary, false), (part.Count, part.MessageType, part.EndOfMessage));

            WebSocketReceiveResult empty = await socket.ReceiveAsync(ArraySegment<byte>.Empty, Deadline.Token);
            Assert.Equal((0, WebSocketMessageType.Binary, false), (empty.Count, empty.MessageType, empty.EndOfMessage));

            Assert.Equal([1, 2, 3], (await Echo.ReceiveAsync(socket, 3)).Payload);
        }
    }

    [Fact]
    public async Task A_segment_is_filled_from_its_offset_and_left_alone_around()
    {
        (MicroWebSocket socket, RawPeer peer) = await RawPeer.ConnectAsync(isServer: true, options => options.ReceiveBufferSize = 256);
        using (socket)
        using (peer)
        {
            await peer.SendFrameAsync(RawFrame.Fin | RawFrame.Text, Payload.Select(b => (byte)(b & 0x7F)).Take(2000).ToArray());
            byte[] buffer = new byte[3000];
            buffer.AsSpan().Fill(0xEE);
            int at = 500;
            WebSocketReceiveResult part;
            do
            {
                part = await socket.ReceiveAsync(new ArraySegment<byte>(buffer, at, 2500 - at), Deadline.Token);
                at += part.Count;
            }
            while (!part.EndOfMessage);

            Assert.Equal(WebSocketMessageType.Text, part.MessageType);
            Assert.Equal(2500, at);
            Assert.Equal(Payload.Select(b => (byte)(b & 0x7F)).Take(2000), buffer[500..2500]);
            Assert.All(buffer[..500].Concat(buffer[2500..]), b => Assert.Equal(0xEE, b));
        }
    }

    [Fact]
    public async Task Memory_that_is_no_array_is_filled_too()
    {
        (MicroWebSocket socket, RawPeer peer) = await RawPeer.ConnectAsync(isServer: true, options => options.ReceiveBufferSize = 256);
        using (socket)
        using (peer)
        {
            using NativeMemory native = new(Payload.Length);
            Task sending = peer.SendFrameAsync(RawFrame.Fin | RawFrame.Binary, Payload);
            int count = 0;
            ValueWebSocketReceiveResult part;
            do
            {
                part = await socket.ReceiveAsync(native.Memory[count..], Deadline.Token);
                count += part.Count;
            }
            while (!part.EndOfMessage);

            Assert.Equal(Payload, native.Memory.ToArray());
            await sending;
        }
    }

    [Fact]
    public async Task Control_frames_between_fragments_leave_the_message_as_it_is()
    {
        (MicroWebSocket socket, RawPeer peer) = await RawPeer.ConnectAsync(isServer: true);
        using (socket)
        using (peer)
        {
            Task<(WebSocketMessageType Type, byte[] Payload)> receiving = Echo.ReceiveAsync(socket, 6);
            await peer.SendFrameAsync(RawFrame.Text, "ab"u8.ToArray());
            await peer.SendFrameAsync(RawFrame.Fin | RawFrame.Ping, "one"u8.ToArray());
            Assert.Equal((RawFrame.Pong, "one"), await ReadAsync(peer));
            await peer.SendFrameAsync(RawFrame.Continuation, "cd"u8.ToArray());
            await peer.SendFrameAsync(RawFrame.Fin | RawFrame.Pong);
            await peer.SendFrameAsync(RawFrame.Fin | RawFrame.Ping, "two"u8.ToArray());
            Assert.Equal((RawFrame.Pong, "two"), await ReadAsync(peer));
            await peer.SendFrameAsync(RawFrame.Fin | RawFrame.Continuation, "ef"u8.ToArray());
            Assert.Equal("abcdef"u8.ToArray(), (await receiving).Payload);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_message_over_the_limit_is_refused_with_1009(bool isServer)
    {
        (MicroWebSocket socket, RawPeer peer) = await RawPeer.ConnectAsync(isServer, options => options.MaxMessageSize = 1000);
        using (socket)
        using (peer)
        {
            await peer.SendFrameAsync(RawFrame.Fin | RawFrame.Binary, Payload[..1000]);
            Assert.Equal(Payload[..1000], (await Echo.ReceiveAsync(socket, 1000)).Payload);
            await peer.SendFrameAsync(RawFrame.Binary, Payload[..600]);
            await peer.SendFrameAsync(RawFrame.Fin | RawFrame.Continuation, Payload[..401]);
            Task<(WebSocketMessageType, byte[])> receiving = Echo.ReceiveAsync(socket, 1001);
            RawFrame? frame = await peer.ReadFrameAsync();
            Assert.Equal((RawFrame.Close, 1009), (frame!.Opcode, frame.CloseCode));
            peer.EndSending();
            WebSocketException e = await Assert.ThrowsAsync<WebSocketException>(() => receiving);
            Assert.Contains("MessageTooBig", e.Message);
        }
    }

    private static async Task<(int Opcode, string Text)> ReadAsync(RawPeer peer)
    {
        RawFrame? frame = await peer.ReadFrameAsync();
        return (frame!.Opcode, frame.PayloadText);
    }

    private sealed class NativeMemory(int size) : MemoryManager<byte>
    {
        private readonly nint _bytes = Marshal.AllocHGlobal(size);

        public override unsafe Span<byte> GetSpan() => new((void*)_bytes, size);

        public override unsafe MemoryHandle Pin(int elementIndex = 0) => new((byte*)_bytes + elementIndex);

        public override void Unpin()
        {
        }

        protected override void Dispose(bool disposing) => Marshal.FreeHGlobal(_bytes);
    }
}
