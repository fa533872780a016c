using System;
using System.Linq;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Threading;
using System.Threading.Channels;
using System.Threading.Tasks;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Ws.Micro.AspNetCore;
using Ws.Micro.Desktop;
using Ws.Micro.Net;

namespace Ws.Micro.Interop.Tests;

/// <summary>The WebSocket stacks of this repository. Kestrel's is a server only.</summary>
public enum Stack
{
    Device,
    Dotnet,
    Kestrel,
}

/// <summary>A server on 127.0.0.1 that holds the same conversation with everyone, until disposed.</summary>
internal abstract class Server : IAsyncDisposable
{
    public abstract Uri Url { get; }

    /// <summary>Starts a server of ours; wss where it has a certificate.</summary>
    public static async Task<Server> StartAsync(Stack stack, Conversation talk, X509Certificate2? certificate, params string[] allowedOrigins) => stack switch
    {
        Stack.Device => new DeviceServer(talk, certificate, allowedOrigins),
        Stack.Dotnet => new DotnetServer(talk, certificate, allowedOrigins),
        _ => await KestrelServer.StartAsync(talk, certificate, app =>
        {
            MicroWebSocketMiddlewareOptions options = new() { Deflate = talk.Compression?.Ours.ToOptions(isServer: true) };
            foreach (string origin in allowedOrigins)
            {
                options.AllowedOrigins.Add(origin);
            }

            app.UseMicroWebSockets(options);
        }, talk.Compression?.Ours),
    };

    /// <summary>What the server saw of the next connection to end.</summary>
    public abstract Task<Transcript> TranscriptAsync();

    public abstract ValueTask DisposeAsync();
}

/// <summary>A server in this process.</summary>
internal abstract class InProcessServer(Conversation talk, X509Certificate2? certificate) : Server
{
    private readonly Channel<Transcript> _transcripts = Channel.CreateUnbounded<Transcript>();

    public override Uri Url => new($"{(certificate == null ? "ws" : "wss")}://127.0.0.1:{Port}/");

    protected abstract int Port { get; }

    public override Task<Transcript> TranscriptAsync() => _transcripts.Reader.ReadAsync().AsTask().InTime();

    protected async Task ServeAsync(Func<Task<Endpoint>> accept)
    {
        Transcript transcript;
        try
        {
            using Endpoint endpoint = await accept();
            transcript = await endpoint.AnswerAsync(talk);
        }
        catch (Exception e)
        {
            transcript = new Transcript([], 0, null, e.Message);
        }
        _transcripts.Writer.TryWrite(transcript);
    }
}

internal sealed class DeviceServer : InProcessServer
{
    private readonly WebSocketListener _listener;

    public DeviceServer(Conversation talk, X509Certificate2? certificate, string[] allowedOrigins)
        : base(talk, certificate)
    {
        int limit = (int)Deadline.Limit.TotalMilliseconds;
        _listener = new WebSocketListener(new IPEndPoint(IPAddress.Loopback, 0), new WebSocketListenerOptions
        {
            Certificate = certificate,
            AllowedOrigins = allowedOrigins,
            ConnectTimeout = limit,
            SendTimeout = limit,
            CloseTimeout = limit,
            Deflate = talk.Compression?.Ours.ToOptions(isServer: true),
        });
        _listener.Start();
        new Thread(AcceptAll) { IsBackground = true }.Start();
    }

    protected override int Port => _listener.Port;

    public override ValueTask DisposeAsync()
    {
        _listener.Dispose();
        return ValueTask.CompletedTask;
    }

    private void AcceptAll()
    {
        try
        {
            while (true)
            {
                WebSocketRequest request = _listener.Accept();
                _ = ServeAsync(async () => new DeviceEndpoint(await DeviceEndpoint.RunAsync(request.Accept)));
            }
        }
        catch (ObjectDisposedException)
        {
            // The listener was disposed.
        }
    }
}

internal sealed class DotnetServer : InProcessServer
{
    private readonly MicroWebSocketListener _listener;

    public DotnetServer(Conversation talk, X509Certificate2? certificate, string[] allowedOrigins)
        : base(talk, certificate)
    {
        MicroWebSocketListenerOptions options = new()
        {
            Tls = certificate == null ? null : new SslServerAuthenticationOptions { ServerCertificate = certificate },
            HandshakeTimeout = Deadline.Limit,
            CloseTimeout = Deadline.Limit,
            Deflate = talk.Compression?.Ours.ToOptions(isServer: true),
        };
        foreach (string origin in allowedOrigins)
        {
            options.AllowedOrigins.Add(origin);
        }

        _listener = new MicroWebSocketListener(new IPEndPoint(IPAddress.Loopback, 0), options);
        _listener.Start();
        _ = AcceptAllAsync();
    }

    protected override int Port => _listener.LocalEndPoint.Port;

    public override ValueTask DisposeAsync() => _listener.DisposeAsync();

    private async Task AcceptAllAsync()
    {
        try
        {
            while (true)
            {
                MicroWebSocket socket = await _listener.AcceptAsync();
                _ = ServeAsync(() => Task.FromResult<Endpoint>(new WebSocketEndpoint(socket)));
            }
        }
        catch (ObjectDisposedException)
        {
            // The listener was disposed.
        }
    }
}

/// <summary>Kestrel, with the drop-in or with its own WebSockets.</summary>
internal sealed class KestrelServer : InProcessServer
{
    private readonly WebApplication _app;

    private KestrelServer(WebApplication app, Conversation talk, X509Certificate2? certificate)
        : base(talk, certificate) => _app = app;

    protected override int Port => new Uri(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single()).Port;

    /// <param name="talk">The conversation that it holds.</param>
    /// <param name="certificate">For wss.</param>
    /// <param name="useWebSockets">Adds the middleware.</param>
    /// <param name="deflate">What the application asks for of permessage-deflate when it accepts; null: nothing.</param>
    public static async Task<Server> StartAsync(
        Conversation talk, X509Certificate2? certificate, Action<WebApplication> useWebSockets, DeflateTerms? deflate)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen =>
        {
            if (certificate != null)
            {
                listen.UseHttps(certificate);
            }
        }));
        WebApplication app = builder.Build();
        KestrelServer server = new(app, talk, certificate);
        useWebSockets(app);
        WebSocketAcceptContext acceptance = deflate?.ToAcceptContext() ?? new();
        app.Run(context => server.ServeAsync(async () =>
            new WebSocketEndpoint(await context.WebSockets.AcceptWebSocketAsync(acceptance), context.Response.Headers.SecWebSocketExtensions)));
        await app.StartAsync();
        return server;
    }

    public override ValueTask DisposeAsync() => _app.DisposeAsync();
}
