using System;
using System.Net;
using System.Net.Sockets;
using System.Threading;
using System.Threading.Tasks;

namespace Ws.Micro.Desktop.Polling;

// Connecting, without Socket.ConnectAsync: after that .NET's own epoll tells the socket's events too, and each wakes a second thread.
internal sealed partial class PolledStream
{
    /// <summary>Connects by TCP to the first of a host's addresses that answers.</summary>
    /// <exception cref="SocketException">None did, or there is none.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static async Task<PolledStream> ConnectAsync(DnsEndPoint host, CancellationToken cancellationToken)
    {
        SocketException? refused = null;
        foreach (IPAddress address in await Dns.GetHostAddressesAsync(host.Host, host.AddressFamily, cancellationToken).ConfigureAwait(false))
        {
            try
            {
                return await ConnectAsync(new IPEndPoint(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address, host.Port), cancellationToken).ConfigureAwait(false);
            }
            catch (SocketException e)
            {
                refused = e;
            }
        }

        throw refused ?? new SocketException((int)SocketError.NoData);
    }

    private static async Task<PolledStream> ConnectAsync(IPEndPoint endPoint, CancellationToken cancellationToken)
    {
        Socket socket = new(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, Blocking = false };
        PolledStream? stream = null;
        try
        {
            Begin(socket, endPoint);
            stream = new PolledStream(socket, Poller.Next(), isConnecting: true);

            // A socket that is connected, or could not be, can be written to.
            await stream.WriteAsync(ReadOnlyMemory<byte>.Empty, cancellationToken).ConfigureAwait(false);
            int error = (int)socket.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.Error)!;
            return error == 0 ? stream : throw new SocketException(error);
        }
        catch
        {
            stream?.Dispose();
            socket.Dispose();
            throw;
        }
    }

    private static void Begin(Socket socket, IPEndPoint endPoint)
    {
        try
        {
            socket.Connect(endPoint);
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.WouldBlock or SocketError.InProgress)
        {
        }
    }
}
