using System;
using System.Threading;
using System.Threading.Tasks;

namespace Ws.Micro.Net.Tests;

/// <summary>Pings after a silence; who answers in any way is kept, who does not is lost.</summary>
public sealed class KeepAliveTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_peer_that_answers_pings_is_kept(bool asServer)
    {
        (WebSocketConnection connection, RawPeer peer) = await Connect(asServer, interval: 20, timeout: Loopback.LongWait);
        using (connection)
        using (peer)
        {
            for (int i = 0; i < 5; i++)
            {
                Task<ReceiveStatus> receive = Loopback.Run(() => connection.Receive(-1));
                (int first, byte[] payload) = peer.ReadFrame()!.Value;
                Assert.Equal(RawPeer.Ping, first);
                peer.WriteFrame(RawPeer.Pong, payload);
                Assert.Equal(ReceiveStatus.Pong, await receive);
            }

            Assert.Equal(EngineState.Open, connection.State);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_peer_that_talks_but_sends_no_pong_is_kept(bool asServer)
    {
        (WebSocketConnection connection, RawPeer peer) = await Connect(asServer, interval: 20, timeout: Loopback.LongWait);
        using (connection)
        using (peer)
        {
            for (int i = 0; i < 5; i++)
            {
                Task<ReceiveStatus> receive = Loopback.Run(() => connection.Receive(-1));
                Assert.Equal(RawPeer.Ping, peer.ReadFrame()!.Value.FirstByte);
                peer.WriteFrame(RawPeer.Text, "here"u8.ToArray());
                Assert.Equal(ReceiveStatus.Data, await receive);
            }
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_silent_peer_is_pinged_once_and_lost(bool asServer)
    {
        (WebSocketConnection connection, RawPeer peer) = await Connect(asServer, interval: 50, timeout: 100);
        using (connection)
        using (peer)
        {
            // Short waits of the application's do not put off the end.
            ReceiveStatus status = ReceiveStatus.Timeout;
            await Loopback.Run(() =>
            {
                while (status == ReceiveStatus.Timeout)
                {
                    status = connection.Receive(7);
                }
            });

            Assert.Equal(ReceiveStatus.Closed, status);
            Assert.Equal(1006, connection.CloseCode);
            Assert.Equal(ConnectionStep.KeepAlive, connection.LostAt);
            Assert.Equal(RawPeer.Ping, peer.ReadFrame()!.Value.FirstByte);
            Assert.Null(peer.ReadFrame());
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_application_that_looks_late_does_not_lose_a_peer_whose_bytes_wait(bool asServer)
    {
        const int Timeout = 1000;
        (WebSocketConnection connection, RawPeer peer) = await Connect(asServer, interval: 1, timeout: Timeout);
        using (connection)
        using (peer)
        {
            // Pinged, and then not looked at for longer than the peer has to answer.
            Assert.True(SpinWait.SpinUntil(() => connection.Silence > 1, Loopback.HangLimit));
            Assert.Equal(ReceiveStatus.Timeout, connection.Receive(0));
            (int first, byte[] payload) = peer.ReadFrame()!.Value;
            Assert.Equal(RawPeer.Ping, first);
            peer.WriteFrame(RawPeer.Pong, payload);
            await SilenceBeyond(connection, 2 * Timeout);
            Assert.Equal(ReceiveStatus.Pong, connection.Receive(Loopback.LongWait));

            // Not pinged before.
            peer.WriteFrame(RawPeer.Text, "waits"u8.ToArray());
            await SilenceBeyond(connection, 2 * Timeout);
            Assert.Equal("waits", connection.ReceiveMessage().Text);
        }
    }

    [Fact]
    public async Task An_interval_of_0_sends_no_pings()
    {
        (WebSocketConnection connection, RawPeer peer) = await Connect(asServer: true, interval: 0, timeout: 1);
        using (connection)
        using (peer)
        {
            Assert.Equal(ReceiveStatus.Timeout, connection.Receive(100));
            connection.Send("first"u8.ToArray(), 0, 5, isText: true);
            Assert.Equal(RawPeer.Text, peer.ReadFrame()!.Value.FirstByte);
            Assert.Equal(EngineState.Open, connection.State);
        }
    }

    private static Task<(WebSocketConnection Connection, RawPeer Peer)> Connect(bool asServer, int interval, int timeout) =>
        Loopback.ConnectToRawPeer(asServer, options =>
        {
            options.KeepAliveInterval = interval;
            options.KeepAliveTimeout = timeout;
        });

    private static Task SilenceBeyond(WebSocketConnection connection, int milliseconds) => Loopback.Run(() =>
    {
        while (connection.Silence <= milliseconds)
        {
            Thread.Sleep(50);
        }
    });
}
