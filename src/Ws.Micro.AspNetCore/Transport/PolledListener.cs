using System;
using System.Net;
using System.Net.Sockets;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.AspNetCore.Connections;

namespace Ws.Micro.AspNetCore.Transport;

/// <summary>Accepts Kestrel's connections.</summary>
internal sealed class PolledListener(Socket socket, bool noDelay) : IConnectionListener
{
    public EndPoint EndPoint { get; } = socket.LocalEndPoint!;

    /// <returns>Null when listening has ended.</returns>
    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        while (true)
        {
            Socket? client = null;
            try
            {
                client = await socket.AcceptAsync(cancellationToken);
                client.NoDelay = noDelay;
                return new PolledConnection(client);
            }
            catch (Exception e) when (e is ObjectDisposedException or SocketException { SocketErrorCode: SocketError.OperationAborted })
            {
                client?.Dispose();
                return null;
            }
            catch (SocketException)
            {
                // A client that went before it was accepted, or no handle left: go on, but not in a tight loop.
                client?.Dispose();
                await Task.Delay(10, cancellationToken);
            }
        }
    }

    public ValueTask UnbindAsync(CancellationToken cancellationToken = default) => DisposeAsync();

    public ValueTask DisposeAsync()
    {
        socket.Dispose();
        return default;
    }
}
