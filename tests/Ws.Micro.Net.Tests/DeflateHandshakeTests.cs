using System;
using System.Net.Sockets;
using System.Threading.Tasks;
using Ws.Micro.Handshake;

namespace Ws.Micro.Net.Tests;

/// <summary>permessage-deflate in the opening handshake of connections (RFC 7692 §5): agreed on, declined, and answered wrongly.</summary>
public sealed class DeflateHandshakeTests
{
    private const string Extensions = "Sec-WebSocket-Extensions: ";

    [Fact]
    public async Task Both_sides_agree_on_the_smaller_windows_and_on_a_subprotocol()
    {
        WebSocketClientOptions ours = new()
        {
            Subprotocols = ["other", "mqtt"],
            Deflate = new PerMessageDeflateOptions { MaxSendWindowBits = 10, MaxReceiveWindowBits = 9, ReceiveContextTakeover = false },
        };
        WebSocketListenerOptions theirs = new()
        {
            Subprotocols = ["mqtt"],
            Deflate = new PerMessageDeflateOptions { MaxSendWindowBits = 12, MaxReceiveWindowBits = 8 },
        };
        (WebSocketConnection client, WebSocketConnection server) = await Loopback.ConnectPair(ours, theirs);
        using (client)
        using (server)
        {
            foreach (WebSocketConnection connection in new[] { client, server })
            {
                Assert.Equal("mqtt", connection.Subprotocol);
                DeflateParameters agreed = connection.Deflate!;
                Assert.Equal((9, 8, true, false), (agreed.ServerWindowBits, agreed.ClientWindowBits, agreed.ServerNoContextTakeover, agreed.ClientNoContextTakeover));
            }

            await AssertTalk(client, server);
        }
    }

    [Fact]
    public async Task The_memory_limit_chooses_the_windows()
    {
        PerMessageDeflateOptions Limited() => new() { MemoryLimit = 8192, DynamicCodes = false, LookupBits = 0 };
        (WebSocketConnection client, WebSocketConnection server) = await Loopback.ConnectPair(
            new WebSocketClientOptions { Deflate = Limited() }, new WebSocketListenerOptions { Deflate = Limited() });
        using (client)
        using (server)
        {
            Assert.Equal((10, 10), (client.Deflate!.ServerWindowBits, client.Deflate.ClientWindowBits));
            await AssertTalk(client, server);
        }
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public async Task Where_only_one_side_or_none_wants_it_the_connection_goes_on_without(bool clientWants, bool serverWants)
    {
        (WebSocketConnection client, WebSocketConnection server) = await Loopback.ConnectPair(
            new WebSocketClientOptions { Deflate = clientWants ? new PerMessageDeflateOptions() : null },
            new WebSocketListenerOptions { Deflate = serverWants ? new PerMessageDeflateOptions() : null });
        using (client)
        using (server)
        {
            Assert.Null(client.Deflate);
            Assert.Null(server.Deflate);
            await AssertTalk(client, server);
        }
    }

    [Theory]
    [InlineData("permessage-deflate")]
    [InlineData("permessage-deflate; server_max_window_bits=8")]
    [InlineData("permessage-deflate; unknown; client_max_window_bits")]
    [InlineData("permessage-deflate; client_max_window_bits=16")]
    [InlineData("x-webkit-deflate-frame")]
    public async Task An_offer_that_cannot_be_kept_is_declined_and_the_connection_goes_on_without(string offer)
    {
        // The first two: the client does not let itself be told to use less than 15 bits, and there is less memory for it here.
        (WebSocketConnection connection, RawPeer peer) = await Loopback.ConnectToRawPeer(
            asServer: true, options => options.Deflate = new PerMessageDeflateOptions { MaxReceiveWindowBits = 12 }, Extensions + offer);
        using (connection)
        using (peer)
        {
            Assert.Null(connection.Deflate);
            Assert.DoesNotContain("Extensions", peer.Head, StringComparison.OrdinalIgnoreCase);
            byte[] zeros = new byte[200];
            await Loopback.Run(() => connection.Send(zeros, 0, zeros.Length, isText: false));
            (int first, byte[] payload) = peer.ReadFrame()!.Value;
            Assert.Equal(0x82, first);
            Assert.Equal(zeros, payload);
        }
    }

    [Fact]
    public async Task A_servers_answer_says_what_was_agreed()
    {
        (WebSocketConnection connection, RawPeer peer) = await Loopback.ConnectToRawPeer(
            asServer: true,
            options => options.Deflate = new PerMessageDeflateOptions { MaxSendWindowBits = 9, MaxReceiveWindowBits = 10, SendContextTakeover = false },
            Extensions + "x-first, permessage-deflate; unknown",
            Extensions + "permessage-deflate; client_max_window_bits");
        using (connection)
        using (peer)
        {
            Assert.Contains(
                Extensions + "permessage-deflate; server_no_context_takeover; server_max_window_bits=9; client_max_window_bits=10\r\n",
                peer.Head,
                StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_clients_request_offers_what_its_options_allow()
    {
        (WebSocketConnection connection, RawPeer peer) = await Loopback.ConnectToRawPeer(
            asServer: false,
            options => options.Deflate = new PerMessageDeflateOptions { MaxSendWindowBits = 11, MaxReceiveWindowBits = 9, SendContextTakeover = false });
        using (connection)
        using (peer)
        {
            Assert.Contains(
                Extensions + "permessage-deflate; client_no_context_takeover; server_max_window_bits=9; client_max_window_bits=11\r\n",
                peer.Head,
                StringComparison.Ordinal);

            // Declined by silence.
            Assert.Null(connection.Deflate);
        }
    }

    [Theory]
    [InlineData("permessage-deflate; server_max_window_bits=10", HandshakeError.DeflateNotAsOffered)]
    [InlineData("permessage-deflate", HandshakeError.DeflateNotAsOffered)]
    [InlineData("permessage-deflate; server_max_window_bits=9; client_max_window_bits", HandshakeError.DeflateNotAsOffered)]
    [InlineData("permessage-deflate; server_max_window_bits=9; unknown", HandshakeError.DeflateNotAsOffered)]
    [InlineData("permessage-deflate; server_max_window_bits=9, permessage-deflate; server_max_window_bits=9", HandshakeError.DeflateNotAsOffered)]
    [InlineData("x-webkit-deflate-frame", HandshakeError.ExtensionNotOffered)]
    public async Task An_answer_that_is_none_to_the_offer_is_an_error_that_says_so(string answer, HandshakeError expected)
    {
        using TcpListener listener = Loopback.ListenRaw();
        WebSocketClientOptions options = new() { Deflate = new PerMessageDeflateOptions { MaxReceiveWindowBits = 9 } };
        Task<WebSocketConnection> connect = Loopback.Run(() => Loopback.Connect(listener.PortOf(), options));
        using RawPeer peer = await Loopback.Run(() => RawPeer.Accept(listener, Extensions + answer));

        WebSocketConnectionException error = await Assert.ThrowsAsync<WebSocketConnectionException>(() => connect);
        Assert.Equal((ConnectionStep.Handshake, expected), (error.Step, error.HandshakeError));
        Assert.Contains(expected == HandshakeError.ExtensionNotOffered ? "extension not offered" : "permessage-deflate", error.Message, StringComparison.Ordinal);
        Assert.Null(await Loopback.Run(peer.ReadFrame));
    }

    [Fact]
    public void Bad_options_are_an_argument_error_before_anything_is_sent()
    {
        WebSocketClientOptions options = new() { Deflate = new PerMessageDeflateOptions { MemoryLimit = 100 } };
        ArgumentOutOfRangeException error = Assert.Throws<ArgumentOutOfRangeException>(() => WebSocketClient.Connect("ws://127.0.0.1:1/", options));
        Assert.StartsWith("MemoryLimit is 100; it must be at least ", error.Message, StringComparison.Ordinal);
        (MemoryTransport left, _) = MemoryTransport.Pair();
        WebSocketListenerOptions server = new() { Deflate = new PerMessageDeflateOptions { MaxSendWindowBits = 7 } };
        Assert.Equal("MaxSendWindowBits", Assert.Throws<ArgumentOutOfRangeException>(() => new WebSocketRequest(left, server)).ParamName);
    }

    private static async Task AssertTalk(WebSocketConnection client, WebSocketConnection server)
    {
        byte[] message = Message.Utf8(700);
        foreach ((WebSocketConnection from, WebSocketConnection to) in new[] { (client, server), (server, client), (client, server), (server, client) })
        {
            await Loopback.Run(() => from.Send(message, 0, message.Length, isText: true));
            Assert.Equal(message, (await Loopback.Run(to.ReceiveMessage)).Bytes);
        }
    }
}
