using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net;
using System.Net.Http;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;
using Ws.Micro.Desktop;
using Ws.Micro.Testing;

namespace Ws.Micro.AspNetCore.Tests;

/// <summary>What HTTP and the application expect of Kestrel's sockets, whichever they are.</summary>
public abstract class HttpTests(bool onMicroSockets) : SocketsTests(onMicroSockets)
{
    [Theory]
    [InlineData(HttpProtocols.Http1, false)]
    [InlineData(HttpProtocols.Http1, true)]
    [InlineData(HttpProtocols.Http2, true)]
    public async Task Bodies_of_any_size_go_both_ways_many_at_a_time_on_connections_that_stay(HttpProtocols protocols, bool tls)
    {
        await using KestrelServer server = await StartAsync(
            async context =>
            {
                using MemoryStream body = new();
                await context.Request.Body.CopyToAsync(body, context.RequestAborted);
                await context.Response.Body.WriteAsync(body.ToArray(), context.RequestAborted);
            },
            protocols, tls);
        using HttpClient client = Client(protocols);
        await Task.WhenAll(Enumerable.Range(0, 4).Select(async seed =>
        {
            foreach (int size in new[] { 0, 1, 4095, 4097, 3_000_000 })
            {
                byte[] body = new byte[size];
                new Random(seed).NextBytes(body);
                using HttpResponseMessage response = await client.PostAsync(
                    new Uri($"{(tls ? "https" : "http")}://localhost:{server.Port}/"), new ByteArrayContent(body), KestrelServer.DeadlineToken());
                Assert.Equal(body, await response.Content.ReadAsByteArrayAsync(KestrelServer.DeadlineToken()));
            }
        }));
    }

    [Fact]
    public async Task A_head_that_comes_byte_by_byte_and_requests_that_come_at_once_are_answered_in_turn()
    {
        await using KestrelServer server = await KestrelServer.StartAsync(context => context.Response.WriteAsync(context.Request.Path));
        using RawClient client = await RawClient.ConnectAsync(server);
        foreach (char letter in Get("/slow"))
        {
            await client.SendAsync($"{letter}");
        }

        Assert.Contains("200 OK", await client.ReadHeadAsync(), StringComparison.Ordinal);
        await client.SendAsync($"{Get("/a")}{Get("/b")}{Get("/c").Replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n", StringComparison.Ordinal)}");
        string answers = await client.ReadToEndAsync();
        Assert.Equal(3, answers.Split("200 OK").Length - 1);
        int a = answers.IndexOf("/a", StringComparison.Ordinal), b = answers.IndexOf("/b", StringComparison.Ordinal);
        Assert.True(0 <= a && a < b && b < answers.IndexOf("/c", StringComparison.Ordinal), answers);
    }

    [Theory]
    [InlineData(20_000)]
    [InlineData(70_000)]
    public async Task A_head_too_long_is_refused(int size)
    {
        await using KestrelServer server = await KestrelServer.StartAsync(KestrelServer.EchoAsync);
        using RawClient client = await RawClient.ConnectAsync(server);
        await client.SendAsync($"GET /{new string('a', size)} HTTP/1.1\r\nHost: a\r\n\r\n");
        Assert.Contains("414 URI Too Long", await client.ReadToEndAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_client_that_goes_aborts_the_request(bool reset)
    {
        TaskCompletionSource begun = new(), aborted = new();
        await using KestrelServer server = await KestrelServer.StartAsync(async context =>
        {
            context.RequestAborted.Register(() => aborted.TrySetResult());
            begun.SetResult();
            await aborted.Task;
        });
        using TcpClient client = await ConnectAsync(server);
        await client.Client.SendAsync(Encoding.ASCII.GetBytes(Get("/")), KestrelServer.DeadlineToken());
        await begun.Task.WaitAsync(KestrelServer.Deadline);
        client.Client.LingerState = new LingerOption(reset, 0);
        client.Close();
        await aborted.Task.WaitAsync(KestrelServer.Deadline);
    }

    [Fact]
    public async Task A_reader_that_is_slow_holds_the_writer_up_and_loses_nothing()
    {
        const int Size = 30_000_000;
        int written = 0;
        await using KestrelServer server = await KestrelServer.StartAsync(async context =>
        {
            byte[] piece = new byte[100_000];
            for (int i = 0; i < Size / piece.Length; i++)
            {
                Array.Fill(piece, (byte)i);
                await context.Response.Body.WriteAsync(piece, context.RequestAborted);
                Interlocked.Add(ref written, piece.Length);
            }
        });
        using TcpClient client = await ConnectAsync(server);
        await client.Client.SendAsync("GET / HTTP/1.0\r\n\r\n"u8.ToArray(), KestrelServer.DeadlineToken());
        int before;
        do
        {
            before = Volatile.Read(ref written);
            await Task.Delay(300, KestrelServer.DeadlineToken());
        }
        while (before == 0 || Volatile.Read(ref written) != before);

        Assert.InRange(before, 1, Size - 1);
        using MemoryStream received = new();
        await client.GetStream().CopyToAsync(received, KestrelServer.DeadlineToken());
        byte[] all = received.ToArray();
        byte[] body = all[(all.AsSpan().IndexOf("\r\n\r\n"u8) + 4)..];
        Assert.Equal(Size, body.Length);
        Assert.All(Enumerable.Range(0, Size / 100_000), i => Assert.Equal((byte)i, body[(i * 100_000) + 50_000]));
    }

    [Fact]
    public async Task A_server_that_stops_ends_what_waits_for_a_peer()
    {
        TaskCompletionSource<Exception?> ended = new();
        KestrelServer server = await KestrelServer.StartAsync(async context =>
        {
            using WebSocket socket = await context.WebSockets.AcceptWebSocketAsync();
            await socket.SendAsync(new byte[1], WebSocketMessageType.Binary, true, default);
            ended.SetResult(await Record.ExceptionAsync(async () => await socket.ReceiveAsync(new byte[10], default)));
        });
        using ClientWebSocket client = new();
        await client.ConnectAsync(server.Uri(), KestrelServer.DeadlineToken());
        await client.ReceiveAsync(new byte[10], KestrelServer.DeadlineToken());
        await server.DisposeAsync();
        Assert.IsAssignableFrom<WebSocketException>(await ended.Task.WaitAsync(KestrelServer.Deadline));
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public async Task A_WebSocket_goes_through_TLS_and_through_connection_middleware(bool tls, bool logged)
    {
        await using KestrelServer server = await StartAsync(KestrelServer.EchoAsync, HttpProtocols.Http1, tls, logged);
        using ClientWebSocket client = new();
        client.Options.RemoteCertificateValidationCallback = static (_, _, _, _) => true;
        await client.ConnectAsync(new Uri($"{(tls ? "wss" : "ws")}://localhost:{server.Port}/"), KestrelServer.DeadlineToken());
        foreach (int size in new[] { 0, 125, 70_000, 1_000_000 })
        {
            await Echo.AssertAsync(client, size, WebSocketMessageType.Binary);
        }

        await client.CloseAsync(WebSocketCloseStatus.NormalClosure, "done", KestrelServer.DeadlineToken());
        Assert.Equal("done", client.CloseStatusDescription);
        Assert.IsType<MicroWebSocket>(Assert.Single(server.Accepted));
    }

    [Fact]
    public async Task An_address_in_use_is_said_to_be()
    {
        await using KestrelServer server = await KestrelServer.StartAsync(KestrelServer.EchoAsync);
        WebApplicationBuilder builder = NewBuilder();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, server.Port));
        await using WebApplication second = builder.Build();
        IOException refused = await Assert.ThrowsAsync<IOException>(() => second.StartAsync(KestrelServer.DeadlineToken()));
        Assert.Contains("address already in use", refused.Message, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task A_Unix_domain_socket_is_served()
    {
        string path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        WebApplicationBuilder builder = NewBuilder();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.ListenUnixSocket(path));
        await using WebApplication app = builder.Build();
        app.MapFallback(context => context.Response.WriteAsync("here"));
        await app.StartAsync(KestrelServer.DeadlineToken());
        using HttpClient client = new(new SocketsHttpHandler
        {
            ConnectCallback = async (_, cancellationToken) =>
            {
                Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellationToken);
                return new NetworkStream(socket, ownsSocket: true);
            },
        });
        Assert.Equal("here", await client.GetStringAsync(new Uri("http://localhost/"), KestrelServer.DeadlineToken()));
    }

    [Fact]
    public async Task A_connection_has_the_features_that_Kestrels_have()
    {
        TaskCompletionSource<Dictionary<string, object?>> seen = new();
        await using KestrelServer server = await KestrelServer.StartAsync(context =>
        {
            ConnectionInfo connection = context.Connection;
            connection.Id = $"[{connection.Id}]";
            seen.SetResult(new()
            {
                ["id"] = connection.Id,
                ["local"] = (connection.LocalIpAddress, connection.LocalPort),
                ["remote"] = (connection.RemoteIpAddress, connection.RemotePort),
                ["socket"] = context.Features.Get<Microsoft.AspNetCore.Connections.Features.IConnectionSocketFeature>()?.Socket.RemoteEndPoint,
                ["transport"] = context.Features.Get<Microsoft.AspNetCore.Connections.Features.IConnectionTransportFeature>()?.Transport,
                ["items"] = context.Features.Get<Microsoft.AspNetCore.Connections.Features.IConnectionItemsFeature>()?.Items,
            });
            return Task.CompletedTask;
        });
        using TcpClient client = await ConnectAsync(server);
        await client.Client.SendAsync(Encoding.ASCII.GetBytes(Get("/")), KestrelServer.DeadlineToken());
        Dictionary<string, object?> features = await seen.Task.WaitAsync(KestrelServer.Deadline);
        IPEndPoint local = (IPEndPoint)client.Client.LocalEndPoint!;
        Assert.Matches(@"^\[\w+\]$", (string)features["id"]!);
        Assert.Equal(((IPAddress?)IPAddress.Loopback, server.Port), features["local"]);
        Assert.Equal(((IPAddress?)IPAddress.Loopback, local.Port), features["remote"]);
        Assert.Equal(new IPEndPoint(IPAddress.Loopback, local.Port), features["socket"]);
        Assert.NotNull(features["transport"]);
        Assert.NotNull(features["items"]);
    }

    private static string Get(string path) => $"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n";

    private static HttpClient Client(HttpProtocols protocols)
    {
        SocketsHttpHandler handler = new();
        handler.SslOptions.RemoteCertificateValidationCallback = static (_, _, _, _) => true;
        return new HttpClient(handler)
        {
            DefaultRequestVersion = protocols == HttpProtocols.Http2 ? HttpVersion.Version20 : HttpVersion.Version11,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
    }

    private static async Task<TcpClient> ConnectAsync(KestrelServer server)
    {
        TcpClient client = new();
        await client.ConnectAsync(IPAddress.Loopback, server.Port, KestrelServer.DeadlineToken());
        return client;
    }

    private static WebApplicationBuilder NewBuilder()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        if (KestrelServer.OnMicroSockets.Value)
        {
            builder.WebHost.UseMicroSockets();
        }

        return builder;
    }

    private static Task<KestrelServer> StartAsync(RequestDelegate endpoint, HttpProtocols protocols, bool tls, bool logged = false) => KestrelServer.StartAsync(
        endpoint,
        protocols: protocols,
        listen: options =>
        {
            if (logged)
            {
                options.UseConnectionLogging();
            }

            if (tls)
            {
                options.UseHttps(TestCertificates.Server);
            }
        });
}

public sealed class HttpOnKestrelsSocketsTests() : HttpTests(onMicroSockets: false)
{
    [Fact]
    public async Task Only_on_the_librarys_sockets_the_application_runs_where_they_are_polled()
    {
        Assert.DoesNotContain("poller", await ReceivingThreadAsync() ?? "", StringComparison.Ordinal);
        KestrelServer.OnMicroSockets.Value = true;
        Assert.Equal("Ws.Micro poller", await ReceivingThreadAsync());
    }

    private static async Task<string?> ReceivingThreadAsync()
    {
        TaskCompletionSource<string?> thread = new();
        await using KestrelServer server = await KestrelServer.StartAsync(async context =>
        {
            using WebSocket socket = await context.WebSockets.AcceptWebSocketAsync();
            await socket.ReceiveAsync(new byte[100].AsMemory(), default);
            await socket.SendAsync(new byte[1], WebSocketMessageType.Binary, true, default);
            await socket.ReceiveAsync(new byte[100].AsMemory(), default);
            thread.SetResult(Thread.CurrentThread.Name);
        });
        using ClientWebSocket client = new();
        await client.ConnectAsync(server.Uri(), KestrelServer.DeadlineToken());
        await client.SendAsync(new byte[1], WebSocketMessageType.Binary, true, KestrelServer.DeadlineToken());
        await client.ReceiveAsync(new byte[10], KestrelServer.DeadlineToken());
        await Task.Delay(100, KestrelServer.DeadlineToken());
        await client.SendAsync(new byte[1], WebSocketMessageType.Binary, true, KestrelServer.DeadlineToken());
        return await thread.Task.WaitAsync(KestrelServer.Deadline);
    }
}

public sealed class HttpOnMicroSocketsTests() : HttpTests(onMicroSockets: true);
