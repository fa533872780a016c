using System;
using System.Net;
using System.Net.WebSockets;
using System.Threading.Tasks;
using Ws.Micro.Desktop;

namespace Ws.Micro.EchoPeer;

internal sealed class DotnetEchoServer : EchoServer
{
    private readonly MicroWebSocketListener _listener;

    public DotnetEchoServer(int port, TimeSpan closeTimeout, PerMessageDeflateOptions? deflate, bool pollers)
    {
        MicroWebSocketListenerOptions options = new()
        {
            MaxMessageSize = MaxMessageSize,
            CloseTimeout = closeTimeout,
            KeepAliveInterval = TimeSpan.Zero,
            Deflate = deflate,
        };
        options.UsesPollers &= pollers;
        _listener = new MicroWebSocketListener(new IPEndPoint(IPAddress.Loopback, port), options);
        _listener.Start();
        _ = AcceptAllAsync();
    }

    public override int Port => _listener.LocalEndPoint.Port;

    public override ValueTask DisposeAsync() => _listener.DisposeAsync();

    private async Task AcceptAllAsync()
    {
        try
        {
            for (; ; )
            {
                _ = Track(EchoAsync(await _listener.AcceptAsync()));
            }
        }
        catch (ObjectDisposedException)
        {
            // The listener was disposed.
        }
    }

    private static async Task EchoAsync(WebSocket accepted)
    {
        using WebSocket socket = accepted;
        await WebSocketEcho.RunAsync(socket);
    }
}
