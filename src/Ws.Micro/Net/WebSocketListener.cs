using System;
using System.Net;
using System.Net.Sockets;

namespace Ws.Micro.Net;

/// <summary>
/// Accepts connections as a server, one call at a time: <see cref="Accept"/> gives a request, which whoever serves it, perhaps in a thread
/// of its own, accepts or refuses. So a slow client holds up nobody else.
/// </summary>
public sealed class WebSocketListener : IDisposable
{
    private readonly WebSocketListenerOptions _options;
    private readonly Socket _socket;

    /// <summary>Binds to <paramref name="endPoint"/>; port 0 takes a free one.</summary>
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
    public void Start(int backlog = 8) => _socket.Listen(backlog);

    /// <summary>Waits for a client. Nothing has been read from it yet.</summary>
    /// <exception cref="SocketException">
    /// With <see cref="SocketError.Interrupted"/>: the listener was disposed. Otherwise this client could not be taken, because it has gone or the
    /// system has no socket left: call again, perhaps after a moment.
    /// </exception>
    public WebSocketRequest Accept()
    {
        Socket socket;
        try
        {
            socket = _socket.Accept();
        }
        catch (ObjectDisposedException)
        {
            // Disposed before the call, not within it: the same to the caller.
#if NANOFRAMEWORK_1_0
            throw new SocketException(SocketError.Interrupted);
#else
            throw new SocketException((int)SocketError.Interrupted);
#endif
        }

        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.NoDelay, true);
        return new WebSocketRequest(socket, null, _options);
    }

    /// <summary>Stops listening; ends an <see cref="Accept"/> that waits. Connections made go on.</summary>
    public void Dispose() => Platform.Close(_socket);
}
