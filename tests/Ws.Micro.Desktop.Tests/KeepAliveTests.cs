using System;
using System.IO;
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
    [InlineData(false, true)]
    [InlineData(true, true)]
    [InlineData(true, false)]
    public async Task A_peer_that_takes_a_long_message_is_not_given_up_for_its_silence(bool isServer, bool receives)
    {
        (MicroWebSocket socket, RawPeer peer) = await RawPeer.ConnectAsync(isServer, options =>
        {
            options.KeepAliveInterval = TimeSpan.FromMilliseconds(100);
            options.KeepAliveTimeout = TimeSpan.FromSeconds(2);
        });
        using (socket)
        using (peer)
        {
            Task<(WebSocketMessageType Type, byte[] Payload)>? receiving = receives ? Echo.ReceiveAsync(socket, 2) : null;
            int left = 64 * 1024 * 1024;
            Task sending = socket.SendAsync(new byte[left], WebSocketMessageType.Binary, true, Deadline.Token);
            for (long end = Environment.TickCount64 + 4500; Environment.TickCount64 < end; left -= 256 * 1024)
            {
                Assert.Equal(WebSocketState.Open, socket.State);
                await peer.DropAsync(256 * 1024);
                await Task.Delay(50);
            }

            await peer.SendFrameAsync(RawFrame.Fin | RawFrame.Text, "on"u8.ToArray());
            Assert.Equal("on"u8.ToArray(), (await (receiving ?? Echo.ReceiveAsync(socket, 2))).Payload);
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
            Assert.Matches("did not answer a ping|took nothing", e.Message);
            await Assert.ThrowsAsync<WebSocketException>(() => sending.InTime());
        }
    }

    // Nothing is asked of the peer but to take what is sent: nobody waits for what it might say.
    [Theory]
    [InlineData(false, true)]
    [InlineData(false, false)]
    [InlineData(true, true)]
    [InlineData(true, false)]
    public async Task A_send_to_a_peer_that_takes_nothing_ends_though_no_receive_waits(bool isServer, bool pollers)
    {
        (MicroWebSocket socket, RawPeer peer) = await RawPeer.ConnectAsync(isServer, options =>
        {
            GiveUpSoon(options);
            if (!pollers)
            {
                options.DoWithoutPollers();
            }
        });
        using (socket)
        using (peer)
        {
            WebSocketException e = await Assert.ThrowsAsync<WebSocketException>(() => SendWithoutEndAsync(socket).InTime());
            Assert.Equal(WebSocketError.ConnectionClosedPrematurely, e.WebSocketErrorCode);
            Assert.Contains("took nothing", e.Message);
            Assert.Equal(WebSocketState.Aborted, socket.State);
        }
    }

    // Each byte is a sign of life, but reads nothing.
    [Fact]
    public async Task A_send_to_a_peer_that_takes_nothing_ends_though_the_peer_sends()
    {
        (MicroWebSocket socket, RawPeer peer) = await RawPeer.ConnectAsync(isServer: true, GiveUpSoon);
        using (socket)
        using (peer)
        {
            Task sending = SendWithoutEndAsync(socket);
            Task receiving = ReceiveWithoutEndAsync(socket);
            for (long end = Environment.TickCount64 + 30_000; !sending.IsCompleted && Environment.TickCount64 < end;)
            {
                try
                {
                    await peer.SendFrameAsync(RawFrame.Fin | RawFrame.Binary, new byte[1000]);
                }
                catch (IOException)
                {
                    break;
                }
            }

            WebSocketException e = await Assert.ThrowsAsync<WebSocketException>(() => sending.InTime());
            Assert.Contains("took nothing", e.Message);
            await Assert.ThrowsAsync<WebSocketException>(() => receiving.InTime());
        }
    }

    // The pong goes out within the receive, and so nobody waits for the peer's bytes meanwhile.
    [Fact]
    public async Task A_pong_to_a_peer_that_takes_nothing_does_not_hold_up_a_receive_for_ever()
    {
        BlockedPongTests.OneSidedStream stream = new(RawFrame.Bytes(RawFrame.Fin | RawFrame.Ping, "?"u8, isMasked: true));
        MicroWebSocketOptions options = new();
        GiveUpSoon(options);
        using MicroWebSocket socket = MicroWebSocket.CreateFromStream(stream, true, options);
        WebSocketException e = await Assert.ThrowsAsync<WebSocketException>(() => Echo.ReceiveAsync(socket, 1).InTime());
        Assert.Contains("took nothing", e.Message);
    }

    private static void GiveUpSoon(MicroWebSocketOptions options)
    {
        options.KeepAliveInterval = TimeSpan.FromMilliseconds(50);
        options.KeepAliveTimeout = TimeSpan.FromMilliseconds(200);
    }

    private static async Task ReceiveWithoutEndAsync(MicroWebSocket socket)
    {
        byte[] buffer = new byte[4096];
        while (true)
        {
            await socket.ReceiveAsync(buffer.AsMemory(), CancellationToken.None);
        }
    }

    private static async Task SendWithoutEndAsync(MicroWebSocket socket)
    {
        byte[] piece = new byte[64 * 1024];
        while (true)
        {
            await socket.SendAsync(piece, WebSocketMessageType.Binary, true, CancellationToken.None);
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
