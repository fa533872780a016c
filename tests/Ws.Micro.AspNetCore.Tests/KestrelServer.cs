using System;
using System.Collections.Concurrent;
using System.Linq;
using System.Net;
using System.Net.WebSockets;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Ws.Micro.AspNetCore.Tests;

/// <summary>A Kestrel on a free loopback port with the drop-in in its pipeline. It notes every WebSocket that an endpoint is given.</summary>
internal sealed class KestrelServer(WebApplication app) : IAsyncDisposable
{
    /// <summary>How long a test waits for what has to happen.</summary>
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    /// <summary>Whether servers that the test starts are on the library's own sockets.</summary>
    public static AsyncLocal<bool> OnMicroSockets { get; } = new();

    public ConcurrentQueue<WebSocket> Accepted { get; } = new();

    public int Port { get; private set; }

    public Uri Uri(string path = "/") => new($"ws://127.0.0.1:{Port}{path}");

    public static CancellationToken DeadlineToken()
        => CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken, new CancellationTokenSource(Deadline).Token).Token;

    /// <summary>Serves <paramref name="endpoint"/>, at every path that <paramref name="map"/> leaves.</summary>
    public static async Task<KestrelServer> StartAsync(RequestDelegate endpoint, WebSocketOptions? options = null,
        Action<WebApplicationBuilder>? build = null, Action<WebApplication>? map = null, HttpProtocols protocols = HttpProtocols.Http1,
        Action<ListenOptions>? listen = null)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, options =>
        {
            options.Protocols = protocols;
            listen?.Invoke(options);
        }));
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(1));
        if (OnMicroSockets.Value)
        {
            builder.WebHost.UseMicroSockets();
        }

        build?.Invoke(builder);

        var server = new KestrelServer(builder.Build());
        WebApplication app = server.Application;
        if (options is null)
        {
            app.UseMicroWebSockets();
        }
        else
        {
            app.UseMicroWebSockets(options);
        }

        app.Use((context, next) =>
        {
            if (context.Features.Get<IHttpWebSocketFeature>() is IHttpWebSocketFeature feature)
            {
                context.Features.Set<IHttpWebSocketFeature>(new NotingFeature(feature, server.Accepted));
            }

            return next(context);
        });
        app.UseRouting();
        map?.Invoke(app);
        app.MapFallback(endpoint);
        await app.StartAsync(DeadlineToken());
        string address = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        server.Port = new Uri(address).Port;
        return server;
    }

    /// <summary>Sends back every piece of every message as it comes, and the peer's close code and reason.</summary>
    public static async Task EchoAsync(HttpContext context)
    {
        using WebSocket socket = await context.WebSockets.AcceptWebSocketAsync();
        byte[] buffer = new byte[4096];
        for (; ; )
        {
            ValueWebSocketReceiveResult piece = await socket.ReceiveAsync(buffer.AsMemory(), context.RequestAborted);
            if (piece.MessageType == WebSocketMessageType.Close)
            {
                break;
            }

            await socket.SendAsync(buffer.AsMemory(0, piece.Count), piece.MessageType, piece.EndOfMessage, context.RequestAborted);
        }
        await socket.CloseAsync(socket.CloseStatus ?? WebSocketCloseStatus.Empty, socket.CloseStatusDescription, context.RequestAborted);
    }

    public async ValueTask DisposeAsync()
    {
        await app.StopAsync();
        await app.DisposeAsync();
    }

    private WebApplication Application => app;

    private sealed class NotingFeature(IHttpWebSocketFeature inner, ConcurrentQueue<WebSocket> accepted) : IHttpWebSocketFeature
    {
        public bool IsWebSocketRequest => inner.IsWebSocketRequest;

        public async Task<WebSocket> AcceptAsync(WebSocketAcceptContext context)
        {
            WebSocket socket = await inner.AcceptAsync(context);
            accepted.Enqueue(socket);
            return socket;
        }
    }
}
