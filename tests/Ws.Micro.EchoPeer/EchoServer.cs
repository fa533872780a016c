using System;
using System.Threading.Tasks;

namespace Ws.Micro.EchoPeer;

/// <summary>The WebSocket stacks of this repository.</summary>
public enum Stack
{
    /// <summary>The blocking shell that runs on the device.</summary>
    Device,

    /// <summary>The asynchronous client and listener for .NET.</summary>
    Dotnet,

    /// <summary>Kestrel with this library's drop-in; a server only.</summary>
    Kestrel,

    /// <summary>That on this library's sockets.</summary>
    KestrelOnMicroSockets,
}

/// <summary>A server on 127.0.0.1 that echoes every message with its type, until disposed. Keep-alive pings are off.</summary>
public abstract class EchoServer : IAsyncDisposable
{
    /// <summary>The largest message echoed, in bytes.</summary>
    public const long MaxMessageSize = 64L * 1024 * 1024;

    private readonly TaskCompletionSource _firstConnectionEnded = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The TCP port listened on, 1 to 65535.</summary>
    public abstract int Port { get; }

    /// <summary>Starts an echo server.</summary>
    /// <param name="stack">The stack that serves.</param>
    /// <param name="port">0 to 65535; 0 takes a free port.</param>
    /// <param name="closeTimeout">How long a peer may take to answer a close frame.</param>
    /// <param name="deflate">What to accept of permessage-deflate; null: nothing.</param>
    /// <exception cref="System.Net.Sockets.SocketException">The port cannot be listened on.</exception>
    public static async Task<EchoServer> StartAsync(Stack stack, int port, TimeSpan closeTimeout, PerMessageDeflateOptions? deflate = null) => stack switch
    {
        Stack.Device => new DeviceEchoServer(port, closeTimeout, deflate),
        Stack.Dotnet => new DotnetEchoServer(port, closeTimeout, deflate, pollers: true),
        Stack.Kestrel or Stack.KestrelOnMicroSockets => await KestrelEchoServer.StartAsync(
            port, closeTimeout, deflate, onMicroSockets: stack == Stack.KestrelOnMicroSockets),
        _ => throw new ArgumentOutOfRangeException(nameof(stack), stack, "not a stack"),
    };

    /// <summary>Starts <see cref="Stack.Dotnet"/> on a free port as on systems where it has no pollers.</summary>
    /// <param name="closeTimeout">How long a peer may take to answer a close frame.</param>
    /// <param name="deflate">What to accept of permessage-deflate; null: nothing.</param>
    public static EchoServer StartWithoutPollers(TimeSpan closeTimeout, PerMessageDeflateOptions? deflate) =>
        new DotnetEchoServer(0, closeTimeout, deflate, pollers: false);

    /// <summary>Completes when the first connection has ended, as far as the stack is concerned.</summary>
    public Task FirstConnectionEnded => _firstConnectionEnded.Task;

    /// <summary>Stops listening.</summary>
    public abstract ValueTask DisposeAsync();

    /// <summary>To be called with the task that serves a connection.</summary>
    private protected Task Track(Task connection)
    {
        connection.ContinueWith(_firstConnectionEnded.TrySetFromTask, TaskScheduler.Default);
        return connection;
    }
}
