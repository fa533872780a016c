using System;
using System.Buffers;
using System.Net;
using System.Net.WebSockets;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Ws.Micro.AspNetCore;
using Ws.Micro.Benchmarks.Deflate;
using Ws.Micro.Desktop;

namespace Ws.Micro.Benchmarks.Servers;

/// <summary>
/// The sub-command 'echo-server', which the benchmarks start as a process of its own: sends each message back whole. Prints its port, and ends
/// with its input; a line of input collects garbage and is answered.
/// </summary>
internal static class EchoServer
{
    public static async Task RunAsync(EchoServerSettings settings)
    {
        IPEndPoint any = new(IPAddress.Loopback, 0);
        int port = settings.Kind == ServerKind.Listener ? Listen(any, settings) : await HostAsync(any, settings);
        Console.WriteLine(port);
        while (await Console.In.ReadLineAsync() != null)
        {
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            GC.WaitForPendingFinalizers();
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            Console.WriteLine(GC.GetTotalMemory(false));
        }
    }

    private static int Listen(IPEndPoint endPoint, EchoServerSettings settings)
    {
        MicroWebSocketListener listener = new(endPoint, new MicroWebSocketListenerOptions
        {
            Deflate = settings.WindowBits == 0 ? null : Window(settings.WindowBits),

            // As ASP.NET Core has it.
            KeepAliveInterval = TimeSpan.FromMinutes(2),
            KeepAliveTimeout = Timeout.InfiniteTimeSpan,
        });
        listener.Start();
        _ = AcceptAsync(listener, settings);
        return listener.LocalEndPoint.Port;
    }

    private static async Task AcceptAsync(MicroWebSocketListener listener, EchoServerSettings settings)
    {
        while (true)
        {
            _ = EchoAsync(await listener.AcceptAsync(), settings);
        }
    }

    private static async Task<int> HostAsync(IPEndPoint endPoint, EchoServerSettings settings)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(options => options.Listen(endPoint));
        builder.Services.Configure<SocketTransportOptions>(options => options.UnsafePreferInlineScheduling = settings.Sockets == KestrelSockets.Inline);
        if (settings.Sockets == KestrelSockets.Micro)
        {
            builder.WebHost.UseMicroSockets();
        }

        WebApplication app = builder.Build();
        if (settings.Kind == ServerKind.DropIn)
        {
            app.UseMicroWebSockets(new MicroWebSocketMiddlewareOptions { Deflate = settings.WindowBits == 0 ? null : Window(settings.WindowBits) });
        }
        else
        {
            app.UseWebSockets();
        }

        app.Run(async context => await EchoAsync(await context.WebSockets.AcceptWebSocketAsync(Accept(settings)), settings));
        await app.StartAsync();
        IServerAddressesFeature addresses = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!;
        return new Uri(string.Join("", addresses.Addresses)).Port;
    }

    private static WebSocketAcceptContext Accept(EchoServerSettings settings) => settings.WindowBits == 0 || settings.Kind == ServerKind.DropIn
        ? new WebSocketAcceptContext()
        : new WebSocketAcceptContext { DangerousEnableCompression = true, ServerMaxWindowBits = settings.WindowBits };

    private static PerMessageDeflateOptions Window(int bits)
    {
        PerMessageDeflateOptions options = Sockets.OnDotnet;
        options.MaxSendWindowBits = bits;
        options.MaxReceiveWindowBits = bits;
        return options;
    }

    private static async Task EchoAsync(WebSocket socket, EchoServerSettings settings)
    {
        byte[]? held = settings.HoldsBuffer ? new byte[settings.BufferSize] : null;
        try
        {
            while (await EchoMessageAsync(socket, held, settings.BufferSize))
            {
            }

            await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);
        }
        catch (WebSocketException)
        {
            // The load drops its connections when it is done.
        }
        finally
        {
            socket.Dispose();
        }
    }

    // False where the peer closes.
    private static async ValueTask<bool> EchoMessageAsync(WebSocket socket, byte[]? held, int size)
    {
        if (held == null && (await socket.ReceiveAsync(Memory<byte>.Empty, CancellationToken.None)).MessageType == WebSocketMessageType.Close)
        {
            return false;
        }

        byte[] buffer = held ?? ArrayPool<byte>.Shared.Rent(size);
        try
        {
            int count = 0;
            ValueWebSocketReceiveResult result;
            do
            {
                result = await socket.ReceiveAsync(buffer.AsMemory(count), CancellationToken.None);
                count += result.Count;
            }
            while (!result.EndOfMessage);

            if (result.MessageType == WebSocketMessageType.Close)
            {
                return false;
            }

            await socket.SendAsync(buffer.AsMemory(0, count), result.MessageType, true, CancellationToken.None);
            return true;
        }
        finally
        {
            if (held == null)
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }
        }
    }
}
