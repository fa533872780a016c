using System;
using System.Net;
using System.Net.Sockets;
using System.Threading;

namespace Ws.Micro.Net;

/// <summary>
/// Accepts connections as a server, one call at a time: <see cref="Accept"/> gives a request, which whoever serves it, perhaps in a thread
/// of its own, accepts or refuses. So a slow client holds up nobody else.
/// </summary>
public sealed class WebSocketListener : IDisposable
{
    private readonly WebSocketListenerOptions _options;
    private readonly Socket _socket;
    private bool _listens;

    /// <summary>Binds to <paramref name="endPoint"/>; port 0 takes a free one.</summary>
    /// <exception cref="ArgumentException">A setting is not of its form.</exception>
    /// <exception cref="SocketException">The address is not to be had.</exception>
    public WebSocketListener(IPEndPoint endPoint, WebSocketListenerOptions options)
    {
        options.Validate();
        _options = options;
        _socket = new Socket(endPoint.Address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        _socket.Bind(endPoint);
    }

    /// <summary>The port that is listened on.</summary>
    public int Port => ((IPEndPoint)_socket.LocalEndPoint!).Port;

    /// <summary>Begins to listen.</summary>
    /// <param name="backlog">Connections that may wait for <see cref="Accept"/>.</param>
    public void Start(int backlog = 8)
    {
        _socket.Listen(backlog);
        _listens = true;
    }

    /// <summary>
    /// Waits for a client. Nothing has been read from it yet. One that has gone before it could be taken is passed over; while the system has no
    /// socket left, it waits for one.
    /// </summary>
    /// <exception cref="ObjectDisposedException">The listener was disposed, or not started.</exception>
    public WebSocketRequest Accept()
    {
        while (_listens)
        {
            Socket? socket = null;
            try
            {
                socket = _socket.Accept();
                socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.NoDelay, true);
                return new WebSocketRequest(socket, null, _options);
            }
            catch (SocketException)
            {
                // The client has gone, or there is no socket for it; go on, but not in a tight loop.
                Platform.Close(socket);
                Thread.Sleep(10);
            }
        }

        throw new ObjectDisposedException(nameof(WebSocketListener));
    }

    /// <summary>Stops listening; ends an <see cref="Accept"/> that waits. Connections made go on. From any thread.</summary>
    public void Dispose()
    {
        _listens = false;
        Platform.Close(_socket);
    }
}
