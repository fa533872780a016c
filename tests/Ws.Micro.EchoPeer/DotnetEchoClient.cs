using System;
using System.Net.WebSockets;
using System.Threading.Tasks;
using Ws.Micro.Desktop;

namespace Ws.Micro.EchoPeer;

internal sealed class DotnetEchoClient : EchoClient
{
    private readonly MicroWebSocketClientOptions _options;

    public DotnetEchoClient(TimeSpan closeTimeout, PerMessageDeflateOptions? deflate) => _options = new MicroWebSocketClientOptions
    {
        MaxMessageSize = EchoServer.MaxMessageSize,
        CloseTimeout = closeTimeout,
        KeepAliveInterval = TimeSpan.Zero,
        Deflate = deflate,
    };

    public override async Task EchoAsync(Uri uri)
    {
        using WebSocket socket = await MicroWebSocketClient.ConnectAsync(uri, _options);
        await WebSocketEcho.RunAsync(socket);
    }

    public override async Task<string> ReadTextAsync(Uri uri)
    {
        using WebSocket socket = await MicroWebSocketClient.ConnectAsync(uri, _options);
        string text = await WebSocketEcho.ReadTextAsync(socket);
        await WebSocketEcho.RunAsync(socket);
        return text;
    }
}
