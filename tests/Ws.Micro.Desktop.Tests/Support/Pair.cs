using System;
using System.Net;
using System.Threading.Tasks;

namespace Ws.Micro.Desktop.Tests.Support;

/// <summary>Our client and our listener's socket, connected over loopback.</summary>
internal sealed record Pair(MicroWebSocket Client, MicroWebSocket Server) : IDisposable
{
    internal static async Task<Pair> ConnectAsync(Action<MicroWebSocketOptions>? configure = null)
    {
        MicroWebSocketListenerOptions serverOptions = new() { KeepAliveInterval = TimeSpan.Zero };
        MicroWebSocketClientOptions clientOptions = new() { KeepAliveInterval = TimeSpan.Zero };
        configure?.Invoke(serverOptions);
        configure?.Invoke(clientOptions);
        await using MicroWebSocketListener listener = Listen(serverOptions);
        MicroWebSocket client = await MicroWebSocketClient.ConnectAsync(listener.WsUri(), clientOptions).InTime();
        return new Pair(client, await listener.AcceptAsync().InTime());
    }

    internal static MicroWebSocketListener Listen(MicroWebSocketListenerOptions? options = null)
    {
        MicroWebSocketListener listener = new(new IPEndPoint(IPAddress.Loopback, 0), options);
        listener.Start();
        return listener;
    }

    public void Dispose()
    {
        Client.Dispose();
        Server.Dispose();
    }
}

internal static class MicroWebSocketListenerUri
{
    internal static Uri WsUri(this MicroWebSocketListener listener, string path = "/") => new($"ws://{listener.LocalEndPoint}{path}");

    internal static Uri WssUri(this MicroWebSocketListener listener) => new($"wss://localhost:{listener.LocalEndPoint.Port}/");
}

internal static class MicroWebSocketOptionsPollers
{
    /// <summary>Has the listener, or the client, do without pollers, as on other systems than Linux.</summary>
    internal static void DoWithoutPollers(this MicroWebSocketOptions options)
    {
        if (options is MicroWebSocketListenerOptions listener)
        {
            listener.UsesPollers = false;
        }

        if (options is MicroWebSocketClientOptions client)
        {
            client.UsesPollers = false;
        }
    }
}
