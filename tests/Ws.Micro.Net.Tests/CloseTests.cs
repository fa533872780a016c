using System;
using System.Collections.Generic;
using System.Net;
using System.Net.Sockets;
using System.Reflection;
using System.Threading;
using System.Threading.Tasks;
using Ws.Micro.Framing;

namespace Ws.Micro.Net.Tests;

/// <summary>How connections end: in order, after a broken rule, by loss, and by Dispose (RFC 6455 §5.5.1, §7).</summary>
public sealed class CloseTests
{
    [Theory]
    [InlineData(true, 1000, "")]
    [InlineData(false, 1000, "")]
    [InlineData(true, 4001, "goodbye é")]
    [InlineData(false, 4001, "goodbye é")]
    public async Task The_code_and_the_reason_reach_the_other_side(bool clientCloses, int code, string reason)
    {
        (WebSocketConnection client, WebSocketConnection server) = await Loopback.ConnectPair();
        using (client)
        using (server)
        {
            (WebSocketConnection closing, WebSocketConnection other) = clientCloses ? (client, server) : (server, client);
            Task<ReceiveStatus> receive = Loopback.Run(() => other.Receive(Loopback.LongWait));
            await Loopback.Run(() => closing.Close(code, reason));

            Assert.Equal(ReceiveStatus.Closed, await receive);
            Assert.Equal(code, other.CloseCode);
            Assert.Equal(reason, other.CloseReason);
            Assert.Equal(code, closing.CloseCode);
            Assert.Equal("", closing.CloseReason);
            foreach (WebSocketConnection connection in new[] { client, server })
            {
                Assert.Equal(EngineState.Closed, connection.State);
                Assert.Equal(ReceiveStatus.Closed, connection.Receive(0));
                WebSocketConnectionException error = Assert.Throws<WebSocketConnectionException>(() => connection.Send([1], 0, 1, false));
                Assert.Equal(ConnectionStep.Send, error.Step);
                Assert.Contains(code.ToString(), error.Message, StringComparison.Ordinal);
                connection.Close();
            }
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_close_frame_without_a_code_is_reported_as_1005(bool asServer)
    {
        (WebSocketConnection connection, RawPeer peer) = await Loopback.ConnectToRawPeer(asServer);
        using (connection)
        using (peer)
        {
            peer.WriteFrame(RawPeer.Close, []);
            Task<ReceiveStatus> receive = Loopback.Run(() => connection.Receive(Loopback.LongWait));

            (int first, byte[] payload) = peer.ReadFrame()!.Value;
            Assert.Equal(RawPeer.Close, first);
            Assert.Empty(payload);
            Assert.Null(peer.ReadFrame());
            peer.Dispose();
            Assert.Equal(ReceiveStatus.Closed, await receive);
            Assert.Equal(1005, connection.CloseCode);
            Assert.Equal("", connection.CloseReason);
        }
    }

    // RFC 6455 §7.1.1: the server ends TCP at once. On the device that ends both directions, and whoever waits for the peer first waits in vain.
    [Fact]
    public async Task A_server_that_cannot_end_one_direction_alone_ends_both_after_the_closing_handshake()
    {
        (MemoryTransport left, MemoryTransport right) = MemoryTransport.Pair();
        right.CannotEndWrite = true;
        Task<WebSocketConnection> connect = Loopback.Run(() => WebSocketClient.Connect(left, "h", "/", new WebSocketClientOptions()));
        using WebSocketConnection server = await Loopback.Run(() => new WebSocketRequest(right, new WebSocketListenerOptions()).Accept());
        using WebSocketConnection client = await connect;
        int before = right.Operations;
        Task close = Loopback.Run(() => client.Close(4000, "done"));

        Assert.Equal(ReceiveStatus.Closed, await Loopback.Run(() => server.Receive(Loopback.LongWait)));
        Assert.True(right.IsClosed);
        Assert.Equal(2, right.Operations - before);
        await close;
        Assert.Equal(4000, client.CloseCode);
    }

    [Fact]
    public async Task Closing_without_a_code_sends_an_empty_close_frame()
    {
        (WebSocketConnection connection, RawPeer peer) = await Loopback.ConnectToRawPeer(asServer: false);
        using (connection)
        using (peer)
        {
            Task close = Loopback.Run(() => connection.Close(1005));
            (int first, byte[] payload) = peer.ReadFrame()!.Value;
            peer.WriteFrame(RawPeer.Close, []);
            Assert.Null(peer.ReadFrame());
            peer.Dispose();
            await close;

            Assert.Equal(RawPeer.Close, first);
            Assert.Empty(payload);
            Assert.Equal(1005, connection.CloseCode);
        }
    }

    [Fact]
    public async Task Messages_that_arrive_while_closing_do_not_stand_in_its_way()
    {
        (WebSocketConnection connection, RawPeer peer) = await Loopback.ConnectToRawPeer(asServer: true);
        using (connection)
        using (peer)
        {
            peer.WriteFrame(RawPeer.Text, Message.Utf8(5000));
            peer.WriteFrame(RawPeer.Ping, [7]);
            Task close = Loopback.Run(() => connection.Close(1001, "stopping"));
            (int first, byte[] payload) = peer.ReadFrame()!.Value;
            Assert.Equal(RawPeer.Close, first);
            Assert.Equal(RawPeer.CloseBody(1001, "stopping"), payload);

            // §5.5.2: a ping is answered until the peer's close frame has come.
            Assert.Equal(RawPeer.Pong, peer.ReadFrame()!.Value.FirstByte);
            peer.WriteFrame(RawPeer.Close, RawPeer.CloseBody(1001));
            Assert.Null(peer.ReadFrame());
            peer.Dispose();
            await close;
            Assert.Equal(1001, connection.CloseCode);
        }
    }

    [Theory]
    [InlineData(999)]
    [InlineData(1004)]
    [InlineData(1006)]
    [InlineData(1015)]
    [InlineData(2999)]
    [InlineData(5000)]
    public async Task A_code_that_may_not_be_sent_is_an_argument_error_and_harms_nothing(int code)
    {
        (WebSocketConnection client, WebSocketConnection server) = await Loopback.ConnectPair();
        using (client)
        using (server)
        {
            ArgumentException error = Assert.Throws<ArgumentOutOfRangeException>(() => client.Close(code));
            Assert.Contains(code.ToString(), error.Message, StringComparison.Ordinal);
            error = Assert.Throws<ArgumentException>(() => client.Close(1000, new string('é', 62)));
            Assert.Contains("124 bytes", error.Message, StringComparison.Ordinal);

            client.Send("on"u8.ToArray(), 0, 2, isText: true);
            Assert.Equal("on", server.ReceiveMessage().Text);
        }
    }

    /// <summary>A reset must not overtake what the peer has not read yet, however much it goes on sending.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task After_a_broken_rule_the_echo_owed_and_the_close_frame_arrive_first(bool asServer)
    {
        (WebSocketConnection connection, RawPeer peer) = await Loopback.ConnectToRawPeer(asServer, options => options.CloseTimeout = Loopback.LongWait);
        using (connection)
        using (peer)
        {
            byte[] good = Message.Utf8(3000);
            byte[] behind = Message.Binary(300_000);
            Task echo = Loopback.Run(connection.EchoUntilClosed);

            // Reserved bits are set in the second frame; what follows it means nothing any more.
            peer.Write([.. RawPeer.Frame(RawPeer.Text, good, asServer), .. RawPeer.Frame(0xF1, [1, 2, 3], asServer), .. behind]);
            peer.Write(behind);
            List<byte> echoed = [];
            (int FirstByte, byte[] Payload)? frame;
            do
            {
                peer.Write(behind);
                frame = peer.ReadFrame();
                echoed.AddRange(frame!.Value.Payload);
            }
            while ((frame.Value.FirstByte & 0x80) == 0);

            Assert.Equal(good, echoed);
            (int first, byte[] payload) = peer.ReadFrame()!.Value;
            Assert.Equal(RawPeer.Close, first);
            Assert.Equal(CloseCode.ProtocolError, (payload[0] << 8) | payload[1]);
            Assert.Null(peer.ReadFrame());
            peer.Dispose();
            await echo;
            Assert.Equal(CloseCode.ProtocolError, connection.CloseCode);
            Assert.Equal(ProtocolError.ReservedBit, connection.Error);
            Assert.Null(connection.CloseReason);
        }
    }

    [Fact]
    public async Task A_refusal_arrives_before_the_connection_ends_though_the_client_sent_more()
    {
        using WebSocketListener listener = Loopback.Listen(new WebSocketListenerOptions { CloseTimeout = Loopback.LongWait });
        using RawPeer peer = RawPeer.Dial(listener.Port);
        peer.Write("GET /no HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n");
        Task refuse = Loopback.Run(() =>
        {
            using WebSocketRequest request = listener.Accept();
            request.Read();
            request.Refuse(404, "Not Found");
        });
        byte[] behind = Message.Binary(300_000);
        peer.Write(behind);
        string answer = peer.ReadHead();

        // These are taken too: the answer to them would be a reset.
        peer.Write(behind);
        peer.Write(behind);
        Assert.Empty(peer.ReadToEnd());
        peer.Dispose();
        await refuse;

        Assert.StartsWith("HTTP/1.1 404 Not Found\r\n", answer, StringComparison.Ordinal);
        Assert.Contains("\r\nConnection: close\r\n", answer, StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, false)]
    [InlineData(true, true)]
    [InlineData(false, true)]
    public async Task A_peer_that_vanishes_is_reported_as_1006_and_ends_sending(bool asServer, bool reset)
    {
        (WebSocketConnection connection, RawPeer peer) = await Loopback.ConnectToRawPeer(asServer);
        using (connection)
        {
            Task<ReceiveStatus> receive = Loopback.Run(() => connection.Receive(-1));
            if (reset)
            {
                peer.Reset();
            }
            else
            {
                peer.Dispose();
            }

            Assert.Equal(ReceiveStatus.Closed, await receive);
            Assert.Equal(1006, connection.CloseCode);
            Assert.Null(connection.CloseReason);
            Assert.Equal(ConnectionStep.Send, Assert.Throws<WebSocketConnectionException>(() => connection.Send([1], 0, 1, false)).Step);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Sending_to_a_peer_that_was_reset_ends_with_an_error(bool asServer)
    {
        (WebSocketConnection connection, RawPeer peer) = await Loopback.ConnectToRawPeer(asServer);
        using (connection)
        {
            peer.Reset();
            WebSocketConnectionException error = await Loopback.Run(() => Assert.Throws<WebSocketConnectionException>(() => SendForEver(connection)));

            Assert.Equal(ConnectionStep.Send, error.Step);
            Assert.Equal(1006, connection.CloseCode);
            Assert.Equal(ReceiveStatus.Closed, connection.Receive(-1));
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Dispose_from_another_thread_ends_a_Receive_that_waits(bool asServer)
    {
        (WebSocketConnection connection, RawPeer peer) = await Loopback.ConnectToRawPeer(asServer, options => options.KeepAliveInterval = 0);
        using (peer)
        {
            using ManualResetEventSlim waiting = new();
            Task<ReceiveStatus> receive = Loopback.Run(() =>
            {
                Assert.Equal(ReceiveStatus.Data, connection.Receive(-1));
                waiting.Set();
                return connection.Receive(-1);
            });
            peer.WriteFrame(RawPeer.Text, [65]);
            Assert.True(waiting.Wait(Loopback.HangLimit));
            connection.Dispose();

            Assert.Equal(ReceiveStatus.Closed, await receive);
            Assert.Equal(1006, connection.CloseCode);
        }
    }

    [Theory]
    [InlineData(512)]
    [InlineData(8 * 1024 * 1024)]
    public async Task Dispose_from_another_thread_ends_a_Send_that_waits(int bufferSize)
    {
        (WebSocketConnection connection, RawPeer peer) = await Loopback.ConnectToRawPeer(asServer: true, options =>
        {
            options.SendTimeout = int.MaxValue;
            options.SendBufferSize = bufferSize;
        });
        using (peer)
        {
            int sends = 0;
            Task<WebSocketConnectionException> send = Loopback.Run(() => Assert.Throws<WebSocketConnectionException>((Action)(() =>
            {
                byte[] much = new byte[8 * 1024 * 1024];
                while (true)
                {
                    sends++;
                    connection.Send(much, 0, much.Length, isText: false);
                }
            })));

            // More than the sockets' buffers hold, so that the call is in its wait or soon will be.
            Assert.True(SpinWait.SpinUntil(() => Volatile.Read(ref sends) > 0, Loopback.HangLimit));
            connection.Dispose();

            Assert.Equal(ConnectionStep.Send, (await send).Step);
        }
    }

    [Fact]
    public async Task Dispose_from_another_thread_ends_an_Accept_that_waits()
    {
        WebSocketListener listener = Loopback.Listen();
        using ManualResetEventSlim waiting = new();
        Task<ObjectDisposedException> accept = Loopback.Run(() => Assert.Throws<ObjectDisposedException>(() =>
        {
            listener.Accept().Dispose();
            waiting.Set();
            listener.Accept();
        }));
        using RawPeer peer = RawPeer.Dial(listener.Port);
        Assert.True(waiting.Wait(Loopback.HangLimit));
        listener.Dispose();

        await accept;
        Assert.Throws<ObjectDisposedException>(listener.Accept);
    }

    // As where a client has gone before it is taken, or no socket is left: the system's accept fails, here until the socket listens again.
    [Fact]
    public async Task An_Accept_goes_on_after_a_client_that_could_not_be_taken()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Elsewhere a socket that listens cannot be shut down.");
        using WebSocketListener listener = Loopback.Listen();
        Socket socket = (Socket)typeof(WebSocketListener).GetField("_socket", BindingFlags.Instance | BindingFlags.NonPublic)!.GetValue(listener)!;
        socket.Shutdown(SocketShutdown.Both);
        Assert.Throws<SocketException>(socket.Accept);
        Thread? thread = null;
        Task<WebSocketRequest> accept = Loopback.Run(() =>
        {
            Volatile.Write(ref thread, Thread.CurrentThread);
            return listener.Accept();
        });
        Assert.True(SpinWait.SpinUntil(
            () => accept.IsCompleted || (Volatile.Read(ref thread)?.ThreadState & ThreadState.WaitSleepJoin) == ThreadState.WaitSleepJoin, Loopback.HangLimit));

        listener.Start();
        using RawPeer peer = RawPeer.Dial(listener.Port);
        (await accept).Dispose();
    }

    [Fact]
    public void An_Accept_before_Start_is_refused()
    {
        using WebSocketListener listener = new(new IPEndPoint(IPAddress.Loopback, 0), new WebSocketListenerOptions());

        Assert.Throws<ObjectDisposedException>(listener.Accept);
    }

    private static void SendForEver(WebSocketConnection connection)
    {
        byte[] bytes = new byte[1000];
        while (true)
        {
            connection.Send(bytes, 0, bytes.Length, isText: false);
        }
    }
}
