using System;
using System.IO;
using System.Linq;
using System.Net;
using System.Net.WebSockets;
using System.Security.Cryptography.X509Certificates;
using System.Threading.Tasks;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Ws.Micro.Net.Tests;

/// <summary>ASP.NET Core with its own WebSockets: /echo, /close, and /busy, which refuses.</summary>
internal sealed class KestrelServer : IAsyncDisposable
{
    private readonly WebApplication _application;
    private readonly TaskCompletionSource<string> _closed = new();
    private readonly TaskCompletionSource<string?> _clientCertificate = new();

    private KestrelServer(X509Certificate2? certificate)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, endPoint =>
        {
            if (certificate != null)
            {
                endPoint.UseHttps(https =>
                {
                    https.ServerCertificate = certificate;
                    https.ClientCertificateMode = ClientCertificateMode.AllowCertificate;
                    https.ClientCertificateValidation = (_, _, _) => true;
                });
            }
        }));
        builder.WebHost.UseKestrelHttpsConfiguration();
        _application = builder.Build();
        _application.UseWebSockets();
        _application.Run(Serve);
    }

    internal int Port => new Uri(_application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single()).Port;

    /// <summary>The close code and reason that came to /echo.</summary>
    internal Task<string> Closed => _closed.Task;

    /// <summary>The subject of the first client's certificate, or null.</summary>
    internal Task<string?> ClientCertificate => _clientCertificate.Task;

    internal static async Task<KestrelServer> Start(X509Certificate2? certificate)
    {
        KestrelServer server = new(certificate);
        await server._application.StartAsync();
        return server;
    }

    public ValueTask DisposeAsync() => _application.DisposeAsync();

    private async Task Serve(HttpContext context)
    {
        _clientCertificate.TrySetResult(context.Connection.ClientCertificate?.Subject);
        if (context.Request.Path == "/busy")
        {
            context.Response.StatusCode = 503;
            context.Response.Headers.RetryAfter = "7";
            return;
        }

        using WebSocket socket = await context.WebSockets.AcceptWebSocketAsync(context.WebSockets.WebSocketRequestedProtocols.Contains("echo") ? "echo" : null);
        if (context.Request.Path == "/close")
        {
            await socket.CloseAsync(WebSocketCloseStatus.EndpointUnavailable, "going", default);
            return;
        }

        MemoryStream message = new();
        byte[] buffer = new byte[16 * 1024];
        WebSocketReceiveResult result = await socket.ReceiveAsync(buffer, default);
        while (result.MessageType != WebSocketMessageType.Close)
        {
            message.Write(buffer, 0, result.Count);
            if (result.EndOfMessage)
            {
                await socket.SendAsync(message.ToArray(), result.MessageType, true, default);
                message = new();
            }

            result = await socket.ReceiveAsync(buffer, default);
        }

        _closed.SetResult((int)result.CloseStatus!.Value + " " + result.CloseStatusDescription);
        await socket.CloseAsync(result.CloseStatus.Value, null, default);
    }
}
