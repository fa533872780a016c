using System;
using System.Net;
using System.Net.Http;
using System.Net.WebSockets;
using System.Threading.Tasks;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Ws.Micro.Desktop;

namespace Ws.Micro.AspNetCore.Tests;

/// <summary>RFC 8441, over HTTP/2 without TLS by prior knowledge.</summary>
public abstract class Http2Tests(bool onMicroSockets) : SocketsTests(onMicroSockets)
{
    private readonly HttpMessageInvoker _http = new(new SocketsHttpHandler());

    [Theory]
    [InlineData(WebSocketMessageType.Text)]
    [InlineData(WebSocketMessageType.Binary)]
    public async Task Echoes_and_closes_two_on_one_connection(WebSocketMessageType type)
    {
        await using KestrelServer server = await StartAsync(KestrelServer.EchoAsync);
        using ClientWebSocket one = await ConnectAsync(server), two = await ConnectAsync(server);
        await Echo.AssertAsync(one, 1 << 20, type);
        await one.CloseAsync((WebSocketCloseStatus)3002, "one", KestrelServer.DeadlineToken());
        Assert.Equal(((WebSocketCloseStatus)3002, "one"), (one.CloseStatus, one.CloseStatusDescription));
        await Echo.AssertAsync(two, 0, type);

        // Noted by now: a client has its answer before the server's AcceptAsync returns.
        Assert.All(server.Accepted, socket => Assert.IsType<MicroWebSocket>(socket));
        Assert.Equal(2, server.Accepted.Count);
        await Echo.AssertAsync(two, 65_536, type);
    }

    [Fact]
    public async Task Answers_the_subprotocol_the_endpoint_chose()
    {
        await using KestrelServer server = await StartAsync(async context =>
        {
            using WebSocket socket = await context.WebSockets.AcceptWebSocketAsync("b");
            await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, context.RequestAborted);
        });
        using ClientWebSocket client = await ConnectAsync(server, options =>
        {
            options.AddSubProtocol("a");
            options.AddSubProtocol("b");
        });
        Assert.Equal("b", client.SubProtocol);
    }

    [Theory]
    [InlineData("http://b.example", "403")]
    [InlineData("http://127.0.0.1:{0}", null)]
    public async Task The_origin_counts(string origin, string? refused)
    {
        await using KestrelServer server = await StartAsync(KestrelServer.EchoAsync);
        Task<ClientWebSocket> connect = ConnectAsync(server, options => options.SetRequestHeader("Origin", string.Format(null, origin, server.Port)));
        if (refused is null)
        {
            (await connect).Dispose();
        }
        else
        {
            Assert.Contains(refused, (await Assert.ThrowsAsync<WebSocketException>(() => connect)).ToString());
        }
    }

    [Fact]
    public async Task Another_version_is_refused_with_400_and_its_own_named()
    {
        await using KestrelServer server = await StartAsync(KestrelServer.EchoAsync);
        using var request = new HttpRequestMessage(HttpMethod.Connect, $"http://127.0.0.1:{server.Port}/")
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        request.Headers.Protocol = "websocket";
        request.Headers.Add("Sec-WebSocket-Version", "8");
        using HttpResponseMessage response = await _http.SendAsync(request, KestrelServer.DeadlineToken());
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal(["13"], response.Headers.GetValues("Sec-WebSocket-Version"));
    }

    [Fact]
    public async Task Aborting_the_socket_resets_its_stream_alone()
    {
        await using KestrelServer server = await StartAsync(async context =>
        {
            if (context.Request.Path != "/abort")
            {
                await KestrelServer.EchoAsync(context);
                return;
            }
            WebSocket socket = await context.WebSockets.AcceptWebSocketAsync();
            socket.Abort();
        });
        using ClientWebSocket other = await ConnectAsync(server), aborted = await ConnectAsync(server, path: "/abort");
        await Assert.ThrowsAsync<WebSocketException>(() => aborted.ReceiveAsync(new byte[1], KestrelServer.DeadlineToken()));
        await Echo.AssertAsync(other, 126, WebSocketMessageType.Text);
    }

    private static Task<KestrelServer> StartAsync(RequestDelegate endpoint) => KestrelServer.StartAsync(endpoint, protocols: HttpProtocols.Http2);

    private async Task<ClientWebSocket> ConnectAsync(KestrelServer server, Action<ClientWebSocketOptions>? configure = null, string path = "/")
    {
        var client = new ClientWebSocket();
        client.Options.HttpVersion = HttpVersion.Version20;
        client.Options.HttpVersionPolicy = HttpVersionPolicy.RequestVersionExact;
        configure?.Invoke(client.Options);
        await client.ConnectAsync(server.Uri(path), _http, KestrelServer.DeadlineToken());
        return client;
    }
}

public sealed class Http2OnKestrelsSocketsTests() : Http2Tests(onMicroSockets: false);

public sealed class Http2OnMicroSocketsTests() : Http2Tests(onMicroSockets: true);
