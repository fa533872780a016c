using System;
using System.Net.WebSockets;
using System.Threading;
using System.Threading.Tasks;
using Ws.Micro.Desktop.Tests.Support;

namespace Ws.Micro.Desktop.Tests;

/// <summary>Pings to a silent peer, and what becomes of one that stays silent (RFC 6455 §5.5.2).</summary>
public sealed class KeepAliveTests
{
    // The timeout longer than the interval must not slow the pings down.
    [Theory]
    [InlineData(false, 60_000)]
    [InlineData(true, 60_000)]
    [InlineData(true, Timeout.Infinite)]
    public async Task Pings_go_out_again_and_again_and_a_peer_that_answers_stays(bool isServer, int timeout)
    {
        (MicroWebSocket socket, RawPeer peer) = await RawPeer.ConnectAsync(isServer, options =>
        {
            options.KeepAliveInterval = TimeSpan.FromMilliseconds(20);
            options.KeepAliveTimeout = TimeSpan.FromMilliseconds(timeout);
        });
        using (socket)
        using (peer)
        {
            Task<(WebSocketMessageType Type, byte[] Payload)> receiving = Echo.ReceiveAsync(socket, 2);
            for (int i = 0; i < 5; i++)
            {
                RawFrame? ping = await peer.ReadFrameAsync();
                Assert.Equal((RawFrame.Fin | RawFrame.Ping, !isServer), (ping!.FirstByte, ping.MaskKey != null));
                await peer.SendFrameAsync(RawFrame.Fin | RawFrame.Pong, ping.Payload);
            }

            await peer.SendFrameAsync(RawFrame.Fin | RawFrame.Text, "on"u8.ToArray());
            Assert.Equal("on"u8.ToArray(), (await receiving).Payload);
        }
    }

    [Theory]
    [InlineData(false, 20, 100)]
    [InlineData(true, 20, 100)]
    [InlineData(true, 100, 20)]
    public async Task A_silent_peer_is_given_up_and_the_receive_says_why(bool isServer, int interval, int timeout)
    {
        (MicroWebSocket socket, RawPeer peer) = await RawPeer.ConnectAsync(isServer, options =>
        {
            options.KeepAliveInterval = TimeSpan.FromMilliseconds(interval);
            options.KeepAliveTimeout = TimeSpan.FromMilliseconds(timeout);
        });
        using (socket)
        using (peer)
        {
            WebSocketException e = await Assert.ThrowsAsync<WebSocketException>(() => Echo.ReceiveAsync(socket, 1).InTime());
            Assert.Equal(WebSocketError.ConnectionClosedPrematurely, e.WebSocketErrorCode);
            Assert.Contains("did not answer a ping", e.Message);
            Assert.Equal(WebSocketState.Aborted, socket.State);
            Assert.Equal(RawFrame.Ping, (await peer.ReadFrameAsync())!.Opcode);
        }
    }

    // Within the header, whose third byte is of its length, and within the payload, which begins with the ninth at the latest.
    [Theory]
    [InlineData(false, 1)]
    [InlineData(false, 3)]
    [InlineData(false, 9)]
    [InlineData(true, 1)]
    [InlineData(true, 3)]
    [InlineData(true, 9)]
    public async Task A_peer_that_stops_within_a_frame_is_given_up(bool isServer, int bytesOfFrame)
    {
        (MicroWebSocket socket, RawPeer peer) = await RawPeer.ConnectAsync(isServer, options =>
        {
            options.KeepAliveInterval = TimeSpan.FromMilliseconds(50);
            options.KeepAliveTimeout = TimeSpan.FromMilliseconds(200);
        });
        using (socket)
        using (peer)
        {
            await peer.SendAsync(peer.Frame(RawFrame.Fin | RawFrame.Binary, new byte[300]).AsMemory(0, bytesOfFrame));
            WebSocketException e = await Assert.ThrowsAsync<WebSocketException>(() => Echo.ReceiveAsync(socket, 300).InTime());
            Assert.Equal(WebSocketError.ConnectionClosedPrematurely, e.WebSocketErrorCode);
            Assert.Contains("did not answer a ping", e.Message);
        }
    }

    // Any byte is a sign of life: this peer never answers a ping, but sends.
    [Fact]
    public async Task A_peer_that_sends_is_not_given_up_for_its_missing_pongs()
    {
        (MicroWebSocket socket, RawPeer peer) = await RawPeer.ConnectAsync(isServer: true, options =>
        {
            options.KeepAliveInterval = TimeSpan.FromMilliseconds(20);
            options.KeepAliveTimeout = TimeSpan.FromSeconds(30);
        });
        using (socket)
        using (peer)
        {
            for (int i = 0; i < 5; i++)
            {
                Task<(WebSocketMessageType Type, byte[] Payload)> receiving = Echo.ReceiveAsync(socket, 1);
                Assert.Equal(RawFrame.Ping, (await peer.ReadFrameAsync())!.Opcode);
                await peer.SendFrameAsync(RawFrame.Fin | RawFrame.Binary, (byte)i);
                Assert.Equal([(byte)i], (await receiving).Payload);
            }
        }
    }

    // Such a peer cannot be pinged, since a message is on its way, and has nothing to say; but it takes what is sent.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_peer_that_takes_a_long_message_is_not_given_up_for_its_silence(bool isServer)
    {
        (MicroWebSocket socket, RawPeer peer) = await RawPeer.ConnectAsync(isServer, options =>
        {
            options.KeepAliveInterval = TimeSpan.FromMilliseconds(100);
            options.KeepAliveTimeout = TimeSpan.FromSeconds(2);
        });
        using (socket)
        using (peer)
        {
            Task<(WebSocketMessageType Type, byte[] Payload)> receiving = Echo.ReceiveAsync(socket, 2);
            int left = 64 * 1024 * 1024;
            Task sending = socket.SendAsync(new byte[left], WebSocketMessageType.Binary, true, Deadline.Token);
            for (long end = Environment.TickCount64 + 4500; Environment.TickCount64 < end; left -= 256 * 1024)
            {
                Assert.False(receiving.IsCompleted, "The peer was given up.");
                await peer.DropAsync(256 * 1024);
                await Task.Delay(50);
            }

            await peer.SendFrameAsync(RawFrame.Fin | RawFrame.Text, "on"u8.ToArray());
            Assert.Equal("on"u8.ToArray(), (await receiving).Payload);
            await peer.DropAsync(left);
            await sending.InTime();
        }
    }

    // The other way about: nothing can be sent to a peer that takes nothing, not even a ping.
    [Fact]
    public async Task A_peer_that_takes_nothing_and_is_silent_is_given_up()
    {
        (MicroWebSocket socket, RawPeer peer) = await RawPeer.ConnectAsync(isServer: true, options =>
        {
            options.KeepAliveInterval = TimeSpan.FromMilliseconds(50);
            options.KeepAliveTimeout = TimeSpan.FromMilliseconds(200);
        });
        using (socket)
        using (peer)
        {
            Task<(WebSocketMessageType Type, byte[] Payload)> receiving = Echo.ReceiveAsync(socket, 1);
            Task sending = socket.SendAsync(new byte[64 * 1024 * 1024], WebSocketMessageType.Binary, true, Deadline.Token);
            WebSocketException e = await Assert.ThrowsAsync<WebSocketException>(() => receiving.InTime());
            Assert.Contains("did not answer a ping", e.Message);
            await Assert.ThrowsAsync<WebSocketException>(() => sending.InTime());
        }
    }

    // What comes after a time in which pings at any lower interval would have gone out is an echo, and nothing before it.
    [Fact]
    public async Task Zero_sends_no_pings()
    {
        (MicroWebSocket pinging, RawPeer clock) = await RawPeer.ConnectAsync(isServer: true, options => options.KeepAliveInterval = TimeSpan.FromMilliseconds(20));
        (MicroWebSocket socket, RawPeer peer) = await RawPeer.ConnectAsync(isServer: true, options => options.KeepAliveInterval = TimeSpan.Zero);
        using (pinging)
        using (clock)
        using (socket)
        using (peer)
        {
            Task echoing = Echo.RunAsync(socket);
            Task receiving = Echo.ReceiveAsync(pinging, 0);
            for (int i = 0; i < 10; i++)
            {
                RawFrame? ping = await clock.ReadFrameAsync();
                await clock.SendFrameAsync(RawFrame.Fin | RawFrame.Pong, ping!.Payload);
            }

            await peer.SendFrameAsync(RawFrame.Fin | RawFrame.Text, "first"u8.ToArray());
            Assert.Equal((RawFrame.Fin | RawFrame.Text, "first"), (await peer.ReadFrameAsync() is { } frame ? (frame.FirstByte, frame.PayloadText) : default));
            await peer.SendCloseAsync(1000);
            await clock.SendCloseAsync(1000);
            await echoing.InTime();
            await receiving.InTime();
        }
    }
}
