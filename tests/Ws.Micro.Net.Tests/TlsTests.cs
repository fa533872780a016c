using System;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Threading;
using System.Threading.Tasks;

namespace Ws.Micro.Net.Tests;

/// <summary>wss: whom a client trusts, and what TLS does to time-outs.</summary>
public sealed class TlsTests
{
    [Theory]
    [InlineData("localhost")]
    [InlineData("127.0.0.1")]
    public async Task A_certificate_of_the_root_given_is_accepted(string host)
    {
        using WebSocketListener listener = Loopback.Listen(new WebSocketListenerOptions { Certificate = TestCertificates.Server });
        Task echo = Loopback.Run(() =>
        {
            using WebSocketConnection server = listener.Accept().Accept();
            server.EchoWholeUntilClosed();
        });
        await Loopback.Run(() =>
        {
            using WebSocketConnection client = WebSocketClient.Connect(
                "wss://" + host + ":" + listener.Port, new WebSocketClientOptions { RootCertificate = TestCertificates.Root });
            foreach (int size in Message.Sizes)
            {
                byte[] message = Message.Binary(size);
                client.Send(message, 0, size, isText: false);
                Assert.Equal(message, client.ReceiveMessage().Bytes);
            }

            client.Close(1000, "done");
        });
        await echo;
    }

    [Theory]
    [InlineData("expired", "expired")]
    [InlineData("other host", "another host")]
    [InlineData("other root", "not trusted")]
    public async Task A_certificate_that_proves_nothing_is_refused_and_the_error_says_why(string kind, string why)
    {
        WebSocketConnectionException error = await ConnectFails(CertificateOf(kind), new WebSocketClientOptions { RootCertificate = TestCertificates.Root });

        Assert.Equal(ConnectionStep.Tls, error.Step);
        Assert.Contains(why, error.Message, StringComparison.Ordinal);
        Assert.Contains(CertificateOf(kind).Subject, error.Message, StringComparison.Ordinal);
        foreach (string other in new[] { "expired", "another host", "not trusted" })
        {
            Assert.Equal(other == why, error.Message.Contains(other, StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task Without_a_root_of_its_own_a_client_trusts_what_the_system_trusts()
    {
        WebSocketConnectionException error = await ConnectFails(TestCertificates.Server, new WebSocketClientOptions());

        Assert.Equal(ConnectionStep.Tls, error.Step);
        Assert.Contains("not trusted", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("expired")]
    [InlineData("other host")]
    [InlineData("other root")]
    public async Task The_dangerous_setting_accepts_any_certificate(string kind)
    {
        using WebSocketListener listener = Loopback.Listen(new WebSocketListenerOptions { Certificate = CertificateOf(kind) });
        Task<WebSocketConnection> accept = Loopback.Run(() => listener.Accept().Accept());
        using WebSocketConnection client = await Loopback.Run(() => WebSocketClient.Connect(
            "wss://localhost:" + listener.Port, new WebSocketClientOptions { DangerousAcceptAnyCertificate = true }));
        using WebSocketConnection server = await accept;
        client.Send("in"u8.ToArray(), 0, 2, isText: true);

        Assert.Equal("in", server.ReceiveMessage().Text);
    }

    [Fact]
    public async Task A_server_without_tls_is_an_error_of_that_step()
    {
        using WebSocketListener listener = Loopback.Listen();
        Task read = Loopback.Run(() => Assert.Throws<WebSocketConnectionException>(listener.Accept().Read));
        WebSocketConnectionException error = await Loopback.Run(() =>
            Assert.Throws<WebSocketConnectionException>(() => WebSocketClient.Connect("wss://localhost:" + listener.Port, new WebSocketClientOptions())));
        await read;

        Assert.Equal(ConnectionStep.Tls, error.Step);
    }

    [Fact]
    public async Task A_client_without_tls_is_an_error_of_that_step()
    {
        using WebSocketListener listener = Loopback.Listen(new WebSocketListenerOptions { Certificate = TestCertificates.Server });
        Task connect = Loopback.Run(() => Assert.Throws<WebSocketConnectionException>(() => Loopback.Connect(listener.Port)));
        WebSocketConnectionException error = await Loopback.Run(() => Assert.Throws<WebSocketConnectionException>(listener.Accept().Read));
        await connect;

        Assert.Equal(ConnectionStep.Tls, error.Step);
    }

    [Fact]
    public async Task The_clients_certificate_reaches_the_server()
    {
        await using KestrelServer server = await KestrelServer.Start(TestCertificates.Server);
        await Loopback.Run(() =>
        {
            using WebSocketConnection client = WebSocketClient.Connect(
                "wss://localhost:" + server.Port + "/close",
                new WebSocketClientOptions { RootCertificate = TestCertificates.Root, ClientCertificate = TestCertificates.Client });
            Assert.Equal(ReceiveStatus.Closed, client.Receive(Loopback.LongWait));
        });

        Assert.Equal("CN=sensor-7", await server.ClientCertificate.WaitAsync(Loopback.HangLimit));
    }

    /// <summary>A time-out leaves the stream whole, wherever within a record or its header it falls.</summary>
    [Fact]
    public async Task A_record_that_comes_in_pieces_across_time_outs_arrives_whole()
    {
        (WebSocketConnection client, RawPeer peer, GateStream gate) = await ConnectToGate();
        using (client)
        using (peer)
        {
            Assert.All(ReceiveOften(client), status => Assert.Equal(ReceiveStatus.Timeout, status));

            gate.Hold();
            byte[] message = Message.Utf8(400);
            peer.WriteFrame(RawPeer.Text, message);
            byte[] record = gate.Release();
            int at = 0;
            foreach (int piece in new[] { 1, 3, 1, 200, record.Length - 206 })
            {
                gate.Write(record, at, piece);
                at += piece;
                Assert.All(ReceiveOften(client), status => Assert.Equal(ReceiveStatus.Timeout, status));
            }

            gate.Write(record, at, 1);
            Assert.Equal(message, client.ReceiveMessage().Bytes);

            // And the other way too the stream is whole.
            client.Send(message, 0, message.Length, isText: true);
            Assert.Equal(message, peer.ReadFrame()!.Value.Payload);
        }
    }

    // One byte every 20 ms: each comes well within the time-out, the whole record in more than a minute.
    [Fact]
    public async Task A_record_that_drips_does_not_hold_a_receive_beyond_its_time_out()
    {
        (WebSocketConnection client, RawPeer peer, GateStream gate) = await ConnectToGate();
        using (client)
        using (peer)
        {
            gate.Hold();
            byte[] message = Message.Utf8(4000);
            peer.WriteFrame(RawPeer.Text, message);
            byte[] record = gate.Release();
            bool returned = false;
            Task<int> drip = Loopback.Run(() =>
            {
                int at = 0;
                for (; at < record.Length - 1 && !Volatile.Read(ref returned); at++)
                {
                    gate.Write(record, at, 1);
                    Thread.Sleep(20);
                }

                return at;
            });

            Assert.Equal(ReceiveStatus.Timeout, await Loopback.Run(() => client.Receive(200)));
            Volatile.Write(ref returned, true);
            int dripped = await drip;
            Assert.True(dripped < record.Length - 1, "The time-out did not end the call.");

            gate.Write(record, dripped, record.Length - dripped);
            Assert.Equal(message, client.ReceiveMessage().Bytes);
        }
    }

    [Fact]
    public async Task A_peer_that_vanishes_within_tls_is_reported_as_1006()
    {
        using WebSocketListener listener = Loopback.Listen(new WebSocketListenerOptions { Certificate = TestCertificates.Server });
        Task<WebSocketConnection> accept = Loopback.Run(() => listener.Accept().Accept());
        WebSocketConnection client = await Loopback.Run(() => WebSocketClient.Connect(
            "wss://localhost:" + listener.Port, new WebSocketClientOptions { RootCertificate = TestCertificates.Root }));
        using WebSocketConnection server = await accept;
        Task<ReceiveStatus> receive = Loopback.Run(() => server.Receive(-1));
        client.Dispose();

        Assert.Equal(ReceiveStatus.Closed, await receive);
        Assert.Equal(1006, server.CloseCode);
        Assert.Equal(ConnectionStep.Receive, server.LostAt);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Dispose_from_another_thread_ends_a_call_that_waits_in_tls(bool sends)
    {
        using WebSocketListener listener = Loopback.Listen(new WebSocketListenerOptions { Certificate = TestCertificates.Server, SendTimeout = int.MaxValue });
        Task<WebSocketConnection> accept = Loopback.Run(() => listener.Accept().Accept());
        using WebSocketConnection client = await Loopback.Run(() => WebSocketClient.Connect(
            "wss://localhost:" + listener.Port, new WebSocketClientOptions { RootCertificate = TestCertificates.Root }));
        WebSocketConnection server = await accept;
        Task wait = Loopback.Run(() =>
        {
            server.Send([1], 0, 1, isText: false);
            if (sends)
            {
                Assert.Throws<WebSocketConnectionException>((Action)(() =>
                {
                    byte[] much = new byte[16 * 1024 * 1024];
                    while (true)
                    {
                        server.Send(much, 0, much.Length, isText: false);
                    }
                }));
            }
            else
            {
                Assert.Equal(ReceiveStatus.Closed, server.Receive(-1));
            }
        });

        // By then the other thread has begun.
        Assert.Equal(ReceiveStatus.Data, client.Receive(Loopback.LongWait));
        server.Dispose();
        await wait;
    }

    // The client has answered the close and waits for the server to end TCP; TLS's own goodbye then meets a socket that is gone.
    [Fact]
    public async Task Dispose_from_another_thread_during_the_close_handshake_ends_the_receive_in_order()
    {
        (WebSocketConnection client, RawPeer peer, _) = await ConnectToGate();
        using (peer)
        {
            Task<ReceiveStatus> receive = Loopback.Run(() => client.Receive(-1));
            peer.WriteFrame(RawPeer.Close, RawPeer.CloseBody(1001));
            Assert.Equal(RawPeer.Close, peer.ReadFrame()!.Value.FirstByte);
            client.Dispose();

            Assert.Equal(ReceiveStatus.Closed, await receive);
            Assert.Equal(1001, client.CloseCode);
        }
    }

    // A client, and a server of which what it writes, in TLS's records, goes through a gate.
    private static async Task<(WebSocketConnection Client, RawPeer Peer, GateStream Gate)> ConnectToGate()
    {
        using TcpListener listener = Loopback.ListenRaw();
        Task<(RawPeer Peer, GateStream Gate)> accept = Loopback.Run(() =>
        {
            Socket socket = listener.AcceptSocket();
            GateStream gate = new(new NetworkStream(socket, ownsSocket: true));
            SslStream tls = new(gate);
            tls.AuthenticateAsServer(TestCertificates.Server);
            RawPeer peer = new(socket, tls, isClient: false);
            peer.AnswerHandshake();
            return (peer, gate);
        });
        WebSocketConnection client = await Loopback.Run(() => WebSocketClient.Connect(
            "wss://localhost:" + listener.PortOf(), new WebSocketClientOptions { RootCertificate = TestCertificates.Root, KeepAliveInterval = 0 }));
        (RawPeer peer, GateStream gate) = await accept;
        return (client, peer, gate);
    }

    private static ReceiveStatus[] ReceiveOften(WebSocketConnection connection)
    {
        ReceiveStatus[] statuses = new ReceiveStatus[10];
        for (int i = 0; i < statuses.Length; i++)
        {
            statuses[i] = connection.Receive(10);
        }

        return statuses;
    }

    private static X509Certificate2 CertificateOf(string kind) => kind switch
    {
        "expired" => TestCertificates.Expired,
        "other host" => TestCertificates.WrongHost,
        "other root" => TestCertificates.Untrusted,
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };

    private static async Task<WebSocketConnectionException> ConnectFails(X509Certificate2 certificate, WebSocketClientOptions options)
    {
        using WebSocketListener listener = Loopback.Listen(new WebSocketListenerOptions { Certificate = certificate });
        Task read = Loopback.Run(() => Assert.Throws<WebSocketConnectionException>(listener.Accept().Read));
        WebSocketConnectionException error = await Loopback.Run(() =>
            Assert.Throws<WebSocketConnectionException>(() => WebSocketClient.Connect("wss://localhost:" + listener.Port, options)));
        await read;
        return error;
    }
}
