using System;
using System.Linq;
using System.Net;
using System.Net.WebSockets;
using System.Threading.Tasks;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Ws.Micro.AspNetCore;

namespace Ws.Micro.EchoPeer;

internal sealed class KestrelEchoServer : EchoServer
{
    private readonly WebApplication _app;

    private KestrelEchoServer(WebApplication app) => _app = app;

    public override int Port => new Uri(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()).Port;

    public static async Task<KestrelEchoServer> StartAsync(int port, TimeSpan closeTimeout, PerMessageDeflateOptions? deflate, bool onMicroSockets)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port));
        if (onMicroSockets)
        {
            builder.WebHost.UseMicroSockets();
        }

        WebApplication app = builder.Build();
        KestrelEchoServer server = new(app);
        app.UseMicroWebSockets(new MicroWebSocketMiddlewareOptions
        {
            MaxMessageSize = MaxMessageSize,
            CloseTimeout = closeTimeout,
            KeepAliveInterval = TimeSpan.Zero,
            Deflate = deflate,
        });
        app.Run(context => server.Track(EchoAsync(context)));
        await app.StartAsync();
        return server;
    }

    public override ValueTask DisposeAsync() => _app.DisposeAsync();

    private static async Task EchoAsync(HttpContext context)
    {
        if (!context.WebSockets.IsWebSocketRequest)
        {
            context.Response.StatusCode = StatusCodes.Status426UpgradeRequired;
            return;
        }
        using WebSocket socket = await context.WebSockets.AcceptWebSocketAsync();
        await WebSocketEcho.RunAsync(socket);
    }
}
