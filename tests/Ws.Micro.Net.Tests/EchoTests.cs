using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;

namespace Ws.Micro.Net.Tests;

/// <summary>Client and listener at the two ends of one connection.</summary>
public sealed class EchoTests
{
    public static IEnumerable<TheoryDataRow<int, int>> SizesAndBuffers =>
        Message.Sizes.SelectMany(size => new[] { 160, 512, 4096 }.Select(buffer => new TheoryDataRow<int, int>(size, buffer)));

    [Theory]
    [MemberData(nameof(SizesAndBuffers))]
    public async Task A_message_comes_back_as_it_was_sent(int size, int bufferSize)
    {
        (WebSocketConnection client, WebSocketConnection server) = await Loopback.ConnectPair(
            new WebSocketClientOptions { ReceiveBufferSize = bufferSize, SendBufferSize = bufferSize },
            new WebSocketListenerOptions { ReceiveBufferSize = bufferSize, SendBufferSize = bufferSize });
        using (client)
        using (server)
        {
            Task echo = Loopback.Run(server.EchoWholeUntilClosed);
            await Loopback.Run(() =>
            {
                foreach (bool isText in new[] { true, false })
                {
                    byte[] sent = isText ? Message.Utf8(size) : Message.Binary(size);
                    byte[] before = (byte[])sent.Clone();

                    client.Send(sent, 0, sent.Length, isText);
                    AssertEchoed(before, isText, client.ReceiveMessage());

                    SendInFragments(client, sent, isText);
                    AssertEchoed(before, isText, client.ReceiveMessage());
                    Assert.Equal(before, sent);
                }

                client.Close();
            });
            await echo;
            Assert.Equal(1000, client.CloseCode);
            Assert.Equal(1000, server.CloseCode);
        }
    }

    [Fact]
    public async Task Parts_go_back_as_they_arrive_and_end_where_the_message_ends()
    {
        (WebSocketConnection client, WebSocketConnection server) = await Loopback.ConnectPair();
        using (client)
        using (server)
        {
            Task echo = Loopback.Run(server.EchoUntilClosed);
            await Loopback.Run(() =>
            {
                byte[] sent = Message.Utf8(5000);
                client.Send(sent, 0, sent.Length, isText: true);
                Message received = client.ReceiveMessage();
                AssertEchoed(sent, true, received);
                Assert.True(received.Parts > 1);
                client.Close();
            });
            await echo;
        }
    }

    [Fact]
    public async Task A_part_of_an_array_is_sent_and_the_rest_of_it_is_not()
    {
        (WebSocketConnection client, WebSocketConnection server) = await Loopback.ConnectPair();
        using (client)
        using (server)
        {
            byte[] bytes = Message.Binary(1000);
            client.Send(bytes, 100, 700, isText: false);

            Assert.Equal(bytes[100..800], server.ReceiveMessage().Bytes);
            Assert.Throws<ArgumentOutOfRangeException>(() => client.Send(bytes, 500, 501, false));
            Assert.Throws<ArgumentOutOfRangeException>(() => client.Send(bytes, -1, 1, false));
            Assert.Throws<ArgumentOutOfRangeException>(() => client.Send(bytes, 0, -1, false));
            Assert.Equal(EngineState.Open, client.State);
        }
    }

    [Fact]
    public async Task A_ping_is_answered_and_its_pong_reported()
    {
        (WebSocketConnection client, WebSocketConnection server) = await Loopback.ConnectPair();
        using (client)
        using (server)
        {
            foreach ((WebSocketConnection pinging, WebSocketConnection pinged) in new[] { (client, server), (server, client) })
            {
                Task<ReceiveStatus> answer = Loopback.Run(() => pinged.Receive(Loopback.LongWait));
                pinging.Ping();
                Assert.Equal(ReceiveStatus.Pong, await Loopback.Run(() => pinging.Receive(Loopback.LongWait)));

                pinging.Send([1], 0, 1, isText: false);
                Assert.Equal(ReceiveStatus.Data, await answer);
            }
        }
    }

    [Fact]
    public async Task The_server_sees_the_path_and_the_headers_and_both_see_the_subprotocol()
    {
        using WebSocketListener listener = Loopback.Listen(new WebSocketListenerOptions { Subprotocols = ["telemetry", "mqtt"] });
        Task<(WebSocketConnection Connection, string? Token, string? Absent, string Path)> accept = Loopback.Run(() =>
        {
            WebSocketRequest request = listener.Accept();
            request.Read();
            return (request.Accept(), request.GetHeader("x-TOKEN"), request.GetHeader("X-Absent"), request.Path);
        });

        WebSocketClientOptions options = new() { Subprotocols = ["other", "mqtt", "telemetry"], Headers = ["X-Token: a:b c", "X-Empty:"] };
        using WebSocketConnection client = await Loopback.Run(() => Loopback.Connect(listener.Port, options, "/sensors/7?since=1"));
        (WebSocketConnection server, string? token, string? absent, string path) = await accept;
        using (server)
        {
            Assert.Equal("/sensors/7?since=1", path);
            Assert.Equal("/sensors/7?since=1", server.Path);
            Assert.Equal("/sensors/7?since=1", client.Path);
            Assert.Equal("a:b c", token);
            Assert.Null(absent);
            Assert.Equal("mqtt", server.Subprotocol);
            Assert.Equal("mqtt", client.Subprotocol);
        }
    }

    [Fact]
    public async Task Without_a_subprotocol_in_common_there_is_none()
    {
        (WebSocketConnection client, WebSocketConnection server) = await Loopback.ConnectPair(
            new WebSocketClientOptions { Subprotocols = ["a"] }, new WebSocketListenerOptions { Subprotocols = ["b"] });
        using (client)
        using (server)
        {
            Assert.Null(client.Subprotocol);
            Assert.Null(server.Subprotocol);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Frames_in_the_same_packet_as_the_handshake_are_not_lost(bool asServer)
    {
        byte[] frames = [.. RawPeer.Frame(0x01, "ear"u8.ToArray(), asServer), .. RawPeer.Frame(0x80, "ly"u8.ToArray(), asServer)];
        WebSocketConnection connection;
        RawPeer peer;
        if (asServer)
        {
            using WebSocketListener listener = Loopback.Listen();
            peer = RawPeer.Dial(listener.Port);
            string request = "GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n";
            peer.Write([.. System.Text.Encoding.ASCII.GetBytes(request), .. frames]);
            connection = await Loopback.Run(() => listener.Accept().Accept());
        }
        else
        {
            using System.Net.Sockets.TcpListener listener = Loopback.ListenRaw();
            Task<WebSocketConnection> connect = Loopback.Run(() => Loopback.Connect(listener.PortOf()));
            peer = RawPeer.Take(listener);
            string response = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
                + RawPeer.AcceptOf(peer.ReadHead()) + "\r\n\r\n";
            peer.Write([.. System.Text.Encoding.ASCII.GetBytes(response), .. frames]);
            connection = await connect;
        }

        using (peer)
        using (connection)
        {
            Assert.Equal("early", connection.ReceiveMessage().Text);
        }
    }

    private static void SendInFragments(WebSocketConnection connection, byte[] message, bool isText)
    {
        int at = 0;
        int[] fragments = Message.Fragments(message.Length);
        for (int i = 0; i < fragments.Length; i++)
        {
            connection.Send(message, at, fragments[i], isText, isLast: i == fragments.Length - 1);
            at += fragments[i];
        }

        Assert.Equal(message.Length, at);
    }

    private static void AssertEchoed(byte[] sent, bool isText, Message received)
    {
        Assert.Equal(isText, received.IsText);
        Assert.Equal(sent, received.Bytes);
    }
}
