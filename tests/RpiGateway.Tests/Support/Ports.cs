using System;
using System.Net;
using System.Net.Sockets;
using System.Threading;
using System.Threading.Tasks;

namespace RpiGateway.Tests;

internal static class Ports
{
    /// <summary>A port of this machine that nobody listens on.</summary>
    public static int Free()
    {
        using Socket socket = new(SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    /// <summary>Waits, longer than elsewhere, until somebody listens there.</summary>
    /// <exception cref="TimeoutException">Nobody has begun to in 4 minutes.</exception>
    public static async Task OpenAsync(int port)
    {
        using CancellationTokenSource deadline = new(TimeSpan.FromMinutes(4));
        while (!deadline.IsCancellationRequested)
        {
            try
            {
                using Socket socket = new(SocketType.Stream, ProtocolType.Tcp);
                await socket.ConnectAsync(IPAddress.Loopback, port);
                return;
            }
            catch (SocketException)
            {
                await Task.Delay(100);
            }
        }

        throw new TimeoutException($"nobody listens on port {port}");
    }
}
