using System;
using System.Linq;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Threading.Tasks;

namespace Ws.Micro.Net.Tests;

/// <summary>How a client reads a URL (RFC 6455 §3), and what it asks the server for (§4.1).</summary>
public sealed class UrlTests
{
    [Theory]
    [InlineData("", "/")]
    [InlineData("/", "/")]
    [InlineData("?", "/?")]
    [InlineData("?a=/b", "/?a=/b")]
    [InlineData("/a/b%23c?d=e", "/a/b%23c?d=e")]
    public async Task The_resource_name_is_the_path_and_the_query(string rest, string requested)
    {
        foreach (string scheme in new[] { "ws", "WS", "Ws" })
        {
            using TcpListener listener = Loopback.ListenRaw();
            string host = "127.0.0.1:" + listener.PortOf();
            string head = await RequestTo(listener, scheme + "://" + host + rest);

            Assert.StartsWith("GET " + requested + " HTTP/1.1\r\n", head, StringComparison.Ordinal);
            Assert.Contains("\r\nHost: " + host + "\r\n", head, StringComparison.Ordinal);
        }
    }

    // No address is ever found for a name under .invalid (RFC 2606), so nothing need listen on a port that others may use.
    [Theory]
    [InlineData("ws://nowhere.invalid/", "nowhere.invalid port 80:")]
    [InlineData("wss://nowhere.invalid", "nowhere.invalid port 443:")]
    [InlineData("WSS://nowhere.invalid?x", "nowhere.invalid port 443:")]
    [InlineData("wss://nowhere.invalid:80/", "nowhere.invalid port 80:")]
    public async Task The_port_is_the_schemes_own_unless_given(string url, string where)
    {
        WebSocketConnectionException error = await Loopback.Run(() =>
            Assert.Throws<WebSocketConnectionException>(() => WebSocketClient.Connect(url, new WebSocketClientOptions())));

        Assert.Equal(ConnectionStep.Resolve, error.Step);
        Assert.Contains(where, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ws")]
    [InlineData("wss")]
    public async Task A_host_by_IPv6_address_is_reached(string scheme)
    {
        WebSocketListenerOptions options = new() { Certificate = scheme == "wss" ? TestCertificates.Server6 : null };
        WebSocketListener listener;
        try
        {
            listener = new WebSocketListener(new IPEndPoint(IPAddress.IPv6Loopback, 0), options);
        }
        catch (SocketException e)
        {
            Assert.Skip("No IPv6 loopback here: " + e.Message);
            return;
        }

        using (listener)
        {
            listener.Start();
            Task<WebSocketConnection> accept = Loopback.Run(() => listener.Accept().Accept());
            using WebSocketConnection client = await Loopback.Run(() => WebSocketClient.Connect(
                scheme + "://[::1]:" + listener.Port, new WebSocketClientOptions { RootCertificate = TestCertificates.Root }));
            using WebSocketConnection server = await accept;
            Assert.Equal(EngineState.Open, client.State);
        }
    }

    [Fact]
    public async Task Each_connection_has_a_key_of_its_own()
    {
        using TcpListener listener = Loopback.ListenRaw();
        string[] keys = new string[20];
        for (int i = 0; i < keys.Length; i++)
        {
            string head = await RequestTo(listener, "ws://127.0.0.1:" + listener.PortOf());
            keys[i] = head.Split("\r\n").Single(line => line.StartsWith("Sec-WebSocket-Key: ", StringComparison.Ordinal))[19..];
            Assert.Equal(16, Convert.FromBase64String(keys[i]).Length);
        }

        Assert.Equal(keys.Length, keys.Distinct().Count());
    }

    [Fact]
    public async Task The_servers_name_goes_out_in_the_tls_handshake()
    {
        using TcpListener listener = Loopback.ListenRaw();
        Task<WebSocketConnectionException> connect = Loopback.Run(() => Assert.Throws<WebSocketConnectionException>(() =>
            WebSocketClient.Connect("wss://localhost:" + listener.PortOf(), new WebSocketClientOptions { RootCertificate = TestCertificates.Root })));
        string? name = null;
        using (Socket socket = await listener.AcceptSocketAsync().WaitAsync(Loopback.HangLimit))
        using (SslStream tls = new(new NetworkStream(socket)))
        {
            await tls.AuthenticateAsServerAsync(new SslServerAuthenticationOptions
            {
                ServerCertificateSelectionCallback = (_, host) =>
                {
                    name = host;
                    return TestCertificates.Server;
                },
            }).WaitAsync(Loopback.HangLimit);
        }

        Assert.Equal(ConnectionStep.Handshake, (await connect).Step);
        Assert.Equal("localhost", name);
    }

    // The head of the request to that URL, whose server then ends the connection.
    private static async Task<string> RequestTo(TcpListener listener, string url)
    {
        Task connect = Loopback.Run(() =>
            Assert.Throws<WebSocketConnectionException>(() => WebSocketClient.Connect(url, new WebSocketClientOptions())));
        string head;
        using (RawPeer peer = RawPeer.Take(listener))
        {
            head = peer.ReadHead();
        }

        await connect;
        return head;
    }
}
