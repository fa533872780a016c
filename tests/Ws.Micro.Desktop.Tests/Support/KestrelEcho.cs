using System;
using System.Linq;
using System.Net;
using System.Threading.Tasks;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Ws.Micro.Desktop.Tests.Support;

/// <summary>An echo server on Kestrel and its own WebSockets.</summary>
internal sealed class KestrelEcho(WebApplication app) : IAsyncDisposable
{
    internal Uri Uri { get; private set; } = null!;

    internal static async Task<KestrelEcho> StartAsync(bool isSecure)
    {
        WebApplicationBuilder builder = WebApplication.CreateBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen =>
        {
            if (isSecure)
            {
                listen.UseHttps(TestCertificates.Server);
            }
        }));
        WebApplication app = builder.Build();
        app.UseWebSockets();
        app.Run(async context =>
        {
            using System.Net.WebSockets.WebSocket socket = await context.WebSockets.AcceptWebSocketAsync();
            await Echo.RunAsync(socket);
        });
        await app.StartAsync(Deadline.Token);
        string address = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        string scheme = isSecure ? "wss" : "ws";
        return new KestrelEcho(app) { Uri = new Uri($"{scheme}://localhost:{new Uri(address).Port}/") };
    }

    public async ValueTask DisposeAsync() => await app.DisposeAsync();
}
