using System;
using System.Threading;
using System.Threading.Tasks;
using Ws.Micro.Net;

namespace Ws.Micro.EchoPeer;

internal sealed class DeviceEchoClient : EchoClient
{
    private readonly WebSocketClientOptions _options;

    public DeviceEchoClient(TimeSpan closeTimeout, PerMessageDeflateOptions? deflate) => _options = new WebSocketClientOptions
    {
        MaxMessageSize = EchoServer.MaxMessageSize,
        CloseTimeout = (int)closeTimeout.TotalMilliseconds,
        KeepAliveInterval = 0,
        Deflate = deflate,
    };

    public override Task EchoAsync(Uri uri) => RunAsync(uri, connection =>
    {
        DeviceEcho.Run(connection);
        return 0;
    });

    public override Task<string> ReadTextAsync(Uri uri) => RunAsync(uri, connection =>
    {
        string text = DeviceEcho.ReadText(connection);
        DeviceEcho.Run(connection);
        return text;
    });

    // The device's shell blocks, so it gets a thread of its own.
    private Task<T> RunAsync<T>(Uri uri, Func<WebSocketConnection, T> use) => Task.Factory.StartNew(
        () =>
        {
            using WebSocketConnection connection = WebSocketClient.Connect(uri.AbsoluteUri, _options);
            return use(connection);
        },
        CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
}
