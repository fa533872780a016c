using System;
using System.Net;
using System.Net.Sockets;
using System.Threading;
using System.Threading.Tasks;
using Ws.Micro.Net;

namespace Ws.Micro.EchoPeer;

/// <summary>A thread that accepts, and a thread for each connection.</summary>
internal sealed class DeviceEchoServer : EchoServer
{
    // A suite may come with all its connections at once.
    private const int Backlog = 4096;

    private readonly WebSocketListener _listener;

    public DeviceEchoServer(int port, TimeSpan closeTimeout, PerMessageDeflateOptions? deflate)
    {
        _listener = new WebSocketListener(new IPEndPoint(IPAddress.Loopback, port), new WebSocketListenerOptions
        {
            MaxMessageSize = MaxMessageSize,
            CloseTimeout = (int)closeTimeout.TotalMilliseconds,
            KeepAliveInterval = 0,
            Deflate = deflate,
        });
        _listener.Start(Backlog);
        new Thread(AcceptAll) { IsBackground = true }.Start();
    }

    public override int Port => _listener.Port;

    public override ValueTask DisposeAsync()
    {
        _listener.Dispose();
        return ValueTask.CompletedTask;
    }

    private void AcceptAll()
    {
        try
        {
            for (; ; )
            {
                WebSocketRequest request = _listener.Accept();
                Track(Task.Factory.StartNew(() => Serve(request), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default));
            }
        }
        catch (ObjectDisposedException)
        {
            // The listener was disposed.
        }
    }

    private static void Serve(WebSocketRequest request)
    {
        try
        {
            using WebSocketConnection connection = request.Accept();
            DeviceEcho.Run(connection);
        }
        catch (WebSocketConnectionException)
        {
            // The request was refused, and has been answered.
        }
    }
}
