using System;
using System.Net;
using System.Net.Security;
using System.Net.WebSockets;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using Ws.Micro.Desktop.Polling;
using Ws.Micro.Desktop.Tests.Support;

namespace Ws.Micro.Desktop.Tests;

/// <summary>The client through an HTTP proxy's tunnel.</summary>
public class ProxyTests
{
    private protected virtual bool UsesPollers => Poller.IsSupported;

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task Messages_go_through_the_tunnel(bool isSecure, bool wantsCredentials)
    {
        using ConnectProxy proxy = new(wantsCredentials);
        MicroWebSocketListenerOptions serverOptions = new();
        if (isSecure)
        {
            serverOptions.Tls = new SslServerAuthenticationOptions { ServerCertificate = TestCertificates.Server };
        }

        await using MicroWebSocketListener listener = Pair.Listen(serverOptions);
        MicroWebSocketClientOptions options = new() { Proxy = new WebProxy(proxy.Uri), RootCertificates = { TestCertificates.Root } };
        if (wantsCredentials)
        {
            options.Proxy.Credentials = new NetworkCredential("user", "päss");
        }

        Uri uri = isSecure ? listener.WssUri() : listener.WsUri();
        using MicroWebSocket client = await ConnectAsync(uri, options).InTime();
        Task serving = Echo.RunAsync(await listener.AcceptAsync().InTime());
        Task sending = client.SendAsync(new byte[100_000].AsMemory(), WebSocketMessageType.Binary, true, Deadline.Token).AsTask();
        Assert.Equal(100_000, (await Echo.ReceiveAsync(client, 100_000)).Payload.Length);
        await sending;
        await client.CloseAsync(WebSocketCloseStatus.NormalClosure, null, Deadline.Token);
        await serving.InTime();

        string request = Assert.Single(proxy.Requests);
        Assert.StartsWith($"CONNECT {uri.Host}:{uri.Port} HTTP/1.1\r\n", request);
        Assert.Equal($"{uri.Host}:{uri.Port}", RawHttp.Header(request, "Host"));
        Assert.Equal(wantsCredentials, RawHttp.Header(request, "Proxy-Authorization") != null);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_proxy_that_wants_other_credentials_is_named_with_its_407(bool wrongCredentials)
    {
        using ConnectProxy proxy = new(wantsCredentials: true);
        await using MicroWebSocketListener listener = Pair.Listen();
        MicroWebSocketClientOptions options = new() { Proxy = new WebProxy(proxy.Uri) };
        if (wrongCredentials)
        {
            options.Proxy.Credentials = new NetworkCredential("user", "wrong");
        }

        WebSocketConnectionException e = await Assert.ThrowsAsync<WebSocketConnectionException>(() => ConnectAsync(listener.WsUri(), options).InTime());
        Assert.Equal((ConnectionStep.Proxy, 407), (e.Step, e.StatusCode));
        Assert.Contains($"{proxy.Uri}", e.Message);
        Assert.Contains("407", e.Message);
    }

    [Fact]
    public async Task A_host_that_the_proxy_is_bypassed_for_is_reached_without_it()
    {
        using ConnectProxy proxy = new(wantsCredentials: false);
        await using MicroWebSocketListener listener = Pair.Listen();
        MicroWebSocketClientOptions options = new() { Proxy = new WebProxy(proxy.Uri, true) };
        using MicroWebSocket client = await ConnectAsync(new Uri($"ws://localhost:{listener.LocalEndPoint.Port}/"), options).InTime();
        Assert.Empty(proxy.Requests);
    }

    // RFC 6455 §3, §4.1: seen at a proxy, because a server on these ports might be another's.
    [Theory]
    [InlineData("ws://nowhere.invalid", "nowhere.invalid:80", "GET / HTTP/1.1", "nowhere.invalid")]
    [InlineData("WS://nowhere.invalid:80?a=b", "nowhere.invalid:80", "GET /?a=b HTTP/1.1", "nowhere.invalid")]
    [InlineData("ws://nowhere.invalid:443/", "nowhere.invalid:443", "GET / HTTP/1.1", "nowhere.invalid:443")]
    [InlineData("wss://nowhere.invalid/", "nowhere.invalid:443", null, null)]
    public async Task The_port_is_the_schemes_own_unless_given(string uri, string target, string? start, string? host)
    {
        (IPEndPoint endPoint, Task<(string Tunnel, string? Request)> serving) = RawHttp.ServeOne<(string, string?)>(async stream =>
        {
            string tunnel = await RawHttp.ReadHeadAsync(stream);
            if (start == null)
            {
                return (tunnel, null);
            }

            await stream.WriteAsync("HTTP/1.1 200 OK\r\n\r\n"u8.ToArray(), Deadline.Token);
            return (tunnel, await RawHttp.ReadHeadAsync(stream));
        });
        MicroWebSocketClientOptions options = new() { Proxy = new WebProxy($"http://{endPoint}") };
        await Assert.ThrowsAsync<WebSocketConnectionException>(() => ConnectAsync(new Uri(uri), options).InTime());
        (string tunnel, string? request) = await serving.InTime();
        Assert.StartsWith($"CONNECT {target} HTTP/1.1\r\n", tunnel);
        if (request != null)
        {
            Assert.StartsWith($"{start}\r\n", request);
            Assert.Equal(host, RawHttp.Header(request, "Host"));
        }
    }

    // A server that speaks first: its bytes follow the proxy's answer in one packet, and belong to the tunnel.
    [Fact]
    public async Task Bytes_behind_the_proxys_answer_are_not_lost()
    {
        (IPEndPoint endPoint, Task<bool> serving) = RawHttp.ServeOne(async stream =>
        {
            await RawHttp.ReadHeadAsync(stream);
            await stream.WriteAsync("HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n"u8.ToArray(), Deadline.Token);
            await RawHttp.ReadHeadAsync(stream);
            return true;
        });
        MicroWebSocketClientOptions options = new() { Proxy = new WebProxy($"http://{endPoint}") };
        WebSocketConnectionException e = await Assert.ThrowsAsync<WebSocketConnectionException>(() =>
            ConnectAsync(new Uri("ws://unknown.invalid/"), options).InTime());
        Assert.Equal((ConnectionStep.Handshake, 401), (e.Step, e.StatusCode));
        await serving.InTime();
    }

    [Theory]
    [InlineData("SSH-2.0-OpenSSH_10.0\r\n")]
    [InlineData("HTTP/2 200 OK\r\n\r\n")]
    [InlineData("HTTP/1.1 abc\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\n broken\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\n")]
    public async Task A_proxy_that_does_not_speak_HTTP_is_refused(string answer)
    {
        (IPEndPoint endPoint, Task<bool> serving) = RawHttp.ServeOne(async stream =>
        {
            await RawHttp.ReadHeadAsync(stream);
            await stream.WriteAsync(Encoding.ASCII.GetBytes(answer), Deadline.Token);
            return true;
        });
        MicroWebSocketClientOptions options = new() { Proxy = new WebProxy($"http://{endPoint}") };
        WebSocketConnectionException e = await Assert.ThrowsAsync<WebSocketConnectionException>(() =>
            ConnectAsync(new Uri("ws://unknown.invalid/"), options).InTime());
        Assert.Equal(ConnectionStep.Proxy, e.Step);
        await serving.InTime();
    }

    [Fact]
    public async Task A_proxy_that_is_not_http_is_an_argument_error()
    {
        MicroWebSocketClientOptions options = new() { Proxy = new WebProxy("socks5://127.0.0.1:1") };
        ArgumentException e = await Assert.ThrowsAsync<ArgumentException>(() => ConnectAsync(new Uri("ws://unknown.invalid/"), options).InTime());
        Assert.Contains("http://", e.Message);
    }

    private Task<MicroWebSocket> ConnectAsync(Uri uri, MicroWebSocketClientOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= new MicroWebSocketClientOptions();
        options.UsesPollers = UsesPollers;
        return MicroWebSocketClient.ConnectAsync(uri, options, cancellationToken);
    }
}

/// <summary>The same without pollers, as on other systems than Linux.</summary>
public sealed class ProxyWithoutPollersTests : ProxyTests
{
    private protected override bool UsesPollers => false;
}
