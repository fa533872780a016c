using System;
using System.Collections.Generic;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Threading;
using System.Threading.Tasks;

namespace Ws.Micro.Net.Tests;

/// <summary>
/// A peer that stalls at each step: the call ends by its own deadline, and says at which step. How long that takes is not judged here;
/// what does not end at all fails by <see cref="Loopback.HangLimit"/>.
/// </summary>
public sealed class DeadlineTests
{
    private const int Short = 200;

    [Fact]
    public async Task A_connect_that_nobody_answers_ends_at_that_step()
    {
        // The backlog of one is filled; to whoever comes after, this kernel does not answer.
        using Socket full = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        full.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        full.Listen(0);
        List<Socket> waiting = [];
        for (int i = 0; i < 4; i++)
        {
            Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            waiting.Add(socket);
            _ = socket.ConnectAsync(full.LocalEndPoint!).ContinueWith(connect => connect.Exception, TaskScheduler.Default);
        }

        await AssertConnectFails("ws://127.0.0.1:" + ((IPEndPoint)full.LocalEndPoint!).Port, ConnectionStep.Connect, "not done within 200 ms");
        waiting.ForEach(socket => socket.Dispose());
    }

    [Fact]
    public async Task A_port_where_nobody_listens_is_an_error_of_that_step()
    {
        int port;
        using (TcpListener listener = Loopback.ListenRaw())
        {
            port = listener.PortOf();
        }

        await AssertConnectFails("ws://127.0.0.1:" + port, ConnectionStep.Connect, "Connecting to 127.0.0.1 port " + port);
    }

    [Theory]
    [InlineData("ws://no-such-host.invalid/")]
    [InlineData("ws://999.0.0.1/")]
    public Task A_host_that_is_not_found_is_an_error_of_that_step(string url) => AssertConnectFails(url, ConnectionStep.Resolve, "Resolving ", Loopback.LongWait);

    [Theory]
    [InlineData("wss", ConnectionStep.Tls, "not done within 200 ms")]
    [InlineData("ws", ConnectionStep.Handshake, "not done within 200 ms")]
    public async Task A_server_that_says_nothing_ends_the_step(string scheme, ConnectionStep step, string why)
    {
        using TcpListener listener = Loopback.ListenRaw();
        await AssertConnectFails(scheme + "://127.0.0.1:" + listener.PortOf(), step, why);
    }

    [Fact]
    public async Task A_server_that_drips_its_answer_is_ended_by_the_deadline_of_the_whole()
    {
        using TcpListener listener = Loopback.ListenRaw();
        Task connect = AssertConnectFails("ws://127.0.0.1:" + listener.PortOf(), ConnectionStep.Handshake, "not done within 200 ms");
        using RawPeer peer = RawPeer.Take(listener);
        Task drip = Loopback.Run(() => Drip(peer, "HTTP/1.1 101 Switching Protocols\r\nX: "));
        await connect;
        await drip;
    }

    [Fact]
    public async Task A_client_that_says_nothing_in_tls_ends_the_step()
    {
        using WebSocketListener listener = Loopback.Listen(new WebSocketListenerOptions { ConnectTimeout = Short, Certificate = TestCertificates.Server });
        using RawPeer peer = RawPeer.Dial(listener.Port);
        WebSocketConnectionException error = await Loopback.Run(() => Assert.Throws<WebSocketConnectionException>(listener.Accept().Read));

        Assert.Equal(ConnectionStep.Tls, error.Step);
        Assert.Contains("not done within 200 ms", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("GET / HTTP/1.1\r\nHost: ")]
    public async Task A_client_that_does_not_finish_its_request_is_answered_with_408(string begun)
    {
        using WebSocketListener listener = Loopback.Listen(new WebSocketListenerOptions { ConnectTimeout = Short });
        using RawPeer peer = RawPeer.Dial(listener.Port);
        peer.Write(begun);
        Task<WebSocketConnectionException> read = Loopback.Run(() => Assert.Throws<WebSocketConnectionException>(listener.Accept().Read));
        Assert.StartsWith("HTTP/1.1 408 ", peer.ReadHead(), StringComparison.Ordinal);
        peer.Dispose();

        WebSocketConnectionException error = await read;
        Assert.Equal(ConnectionStep.Handshake, error.Step);
        Assert.Contains("not done within 200 ms", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_client_that_drips_its_request_is_ended_by_the_deadline_of_the_whole()
    {
        using WebSocketListener listener = Loopback.Listen(new WebSocketListenerOptions { ConnectTimeout = Short, CloseTimeout = Short });
        using RawPeer peer = RawPeer.Dial(listener.Port);
        Task drip = Loopback.Run(() => Drip(peer, "GET / HTTP/1.1\r\nHost: "));
        WebSocketConnectionException error = await Loopback.Run(() => Assert.Throws<WebSocketConnectionException>(listener.Accept().Read));
        await drip;

        Assert.Equal(ConnectionStep.Handshake, error.Step);
        Assert.Contains("not done within 200 ms", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true, 0)]
    [InlineData(true, 1)]
    [InlineData(true, 3)]
    [InlineData(true, 5)]
    [InlineData(true, 9)]
    [InlineData(false, 0)]
    [InlineData(false, 1)]
    [InlineData(false, 3)]
    [InlineData(false, 9)]
    public async Task A_peer_that_stops_within_a_frame_is_lost_by_keep_alive(bool asServer, int bytesOfFrame)
    {
        (WebSocketConnection connection, RawPeer peer) = await Loopback.ConnectToRawPeer(asServer, options =>
        {
            options.KeepAliveInterval = 50;
            options.KeepAliveTimeout = Short;
        });
        using (connection)
        using (peer)
        {
            // From 9 bytes on the payload has begun: what there is of it is handed over.
            peer.Write(RawPeer.Frame(RawPeer.Text, Message.Utf8(300), asServer)[..bytesOfFrame]);
            ReceiveStatus status = await Loopback.Run(() => connection.Receive(-1));
            if (status == ReceiveStatus.Data)
            {
                Assert.Equal(9, bytesOfFrame);
                Assert.False(connection.IsLast);
                status = await Loopback.Run(() => connection.Receive(-1));
            }

            Assert.Equal(ReceiveStatus.Closed, status);
            Assert.Equal(1006, connection.CloseCode);
            Assert.Equal(ConnectionStep.KeepAlive, connection.LostAt);
            Assert.Equal(RawPeer.Ping, peer.ReadFrame()!.Value.FirstByte);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_close_frame_that_nobody_answers_ends_by_the_close_timeout(bool asServer)
    {
        (WebSocketConnection connection, RawPeer peer) = await Loopback.ConnectToRawPeer(asServer, options => options.CloseTimeout = Short);
        using (peer)
        {
            await Loopback.Run(() => connection.Close());

            Assert.Equal(1006, connection.CloseCode);
            Assert.Equal(ConnectionStep.Close, connection.LostAt);
            Assert.Equal(RawPeer.Close, peer.ReadFrame()!.Value.FirstByte);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_peer_that_goes_on_talking_instead_of_closing_ends_by_the_close_timeout(bool asServer)
    {
        (WebSocketConnection connection, RawPeer peer) = await Loopback.ConnectToRawPeer(asServer, options => options.CloseTimeout = Short);
        using (peer)
        {
            Task talk = Loopback.Run(() => WriteUntilLost(peer, RawPeer.Frame(RawPeer.Text, Message.Utf8(300), asServer)));
            await Loopback.Run(() => connection.Close());
            await talk;

            Assert.Equal(1006, connection.CloseCode);
            Assert.Equal(ConnectionStep.Close, connection.LostAt);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_peer_that_broke_a_rule_and_does_not_end_the_connection_is_left_at_the_close_timeout(bool asServer)
    {
        (WebSocketConnection connection, RawPeer peer) = await Loopback.ConnectToRawPeer(asServer, options => options.CloseTimeout = Short);
        using (peer)
        {
            peer.WriteFrame(0x83, [1]);

            Assert.Equal(ReceiveStatus.Closed, await Loopback.Run(() => connection.Receive(-1)));
            Assert.Equal(1002, connection.CloseCode);
            Assert.Equal(ConnectionStep.None, connection.LostAt);
        }
    }

    [Theory]
    [InlineData(true, 512)]
    [InlineData(false, 512)]
    [InlineData(true, 16 * 1024 * 1024)]
    [InlineData(false, 16 * 1024 * 1024)]
    public async Task A_peer_that_takes_nothing_ends_sending_by_the_send_timeout(bool asServer, int bufferSize)
    {
        (WebSocketConnection connection, RawPeer peer) = await Loopback.ConnectToRawPeer(asServer, options =>
        {
            options.SendTimeout = Short;
            options.SendBufferSize = bufferSize;
        });
        using (connection)
        using (peer)
        {
            WebSocketConnectionException error = await Loopback.Run(() => Assert.Throws<WebSocketConnectionException>((Action)(() =>
            {
                byte[] much = new byte[16 * 1024 * 1024];
                while (true)
                {
                    connection.Send(much, 0, much.Length, isText: false);
                }
            })));

            Assert.Equal(ConnectionStep.Send, error.Step);
            Assert.Contains("200 ms", error.Message, StringComparison.Ordinal);
            Assert.Equal(ConnectionStep.Send, connection.LostAt);
            Assert.Equal(1006, connection.CloseCode);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(100)]
    public async Task Receive_without_anything_to_receive_comes_back_and_harms_nothing(int timeout)
    {
        (WebSocketConnection connection, RawPeer peer) = await Loopback.ConnectToRawPeer(asServer: true);
        using (connection)
        using (peer)
        {
            byte[] frame = RawPeer.Frame(RawPeer.Text, "whole"u8.ToArray(), masked: true);
            for (int i = 0; i < 6; i++)
            {
                peer.Write([frame[i]]);
                Assert.Equal(ReceiveStatus.Timeout, connection.Receive(timeout));
            }

            peer.Write(frame[6..]);
            Assert.Equal("whole", connection.ReceiveMessage().Text);
        }
    }

    [Fact]
    public async Task A_message_that_goes_on_without_end_and_says_nothing_holds_up_no_receive()
    {
        using WebSocketConnection connection = new WebSocketRequest(
            new EndlessClient(), new WebSocketListenerOptions { Deflate = new PerMessageDeflateOptions() }).Accept();
        Assert.NotNull(connection.Deflate);

        Assert.Equal(ReceiveStatus.Timeout, await Loopback.Run(() => connection.Receive(Short)));
        Assert.Equal(ReceiveStatus.Timeout, await Loopback.Run(() => connection.Receive(0)));
    }

    private static async Task AssertConnectFails(string url, ConnectionStep step, string why, int timeout = Short)
    {
        WebSocketConnectionException error = await Loopback.Run(() =>
            Assert.Throws<WebSocketConnectionException>(() => WebSocketClient.Connect(url, new WebSocketClientOptions { ConnectTimeout = timeout })));

        Assert.Equal(step, error.Step);
        Assert.Contains(why, error.Message, StringComparison.Ordinal);
    }

    // One byte every 20 ms, for as long as the other side takes them: each comes well within any time-out of a single read.
    private static void Drip(RawPeer peer, string head)
    {
        try
        {
            peer.Write(head);
            for (int i = 0; i < 100_000; i++)
            {
                Thread.Sleep(20);
                peer.Write("x");
            }

            Assert.Fail("The other side did not end the connection.");
        }
        catch (System.IO.IOException)
        {
            // It has.
        }
    }

    private static void WriteUntilLost(RawPeer peer, byte[] frame)
    {
        try
        {
            while (true)
            {
                peer.Write(frame);
            }
        }
        catch (System.IO.IOException)
        {
            // The other side has ended the connection.
        }
    }

    /// <summary>Asks for a connection with permessage-deflate, and sends one frame of empty stored blocks (RFC 1951 §3.2.4): input, but never output.</summary>
    private sealed class EndlessClient : Transport
    {
        // FIN, RSV1, binary; masked with zeros; the longest length there is.
        private static readonly byte[] Head = [0xC2, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0];
        private static readonly byte[] Block = [0x00, 0x00, 0x00, 0xFF, 0xFF];
        private readonly Queue<byte[]> _begin = new([
            Encoding.ASCII.GetBytes(
                "GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n"),
            Head]);

        public override int Read(byte[] buffer, int offset, int count, int timeout)
        {
            byte[] bytes = _begin.TryDequeue(out byte[]? next) ? next : Block;
            bytes.CopyTo(buffer, offset);
            return bytes.Length;
        }

        public override bool Write(byte[] buffer, int offset, int count, int timeout) => true;

        public override void Close()
        {
        }
    }
}
