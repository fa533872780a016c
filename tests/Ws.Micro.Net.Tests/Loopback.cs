using System;
using System.Net;
using System.Net.Sockets;
using System.Threading.Tasks;

namespace Ws.Micro.Net.Tests;

/// <summary>Connections over 127.0.0.1, and blocking work on threads of its own.</summary>
internal static class Loopback
{
    /// <summary>Longer than anything here takes: only what hangs reaches it.</summary>
    internal static readonly TimeSpan HangLimit = TimeSpan.FromSeconds(90);

    /// <summary>The same for a call of Receive that is expected to bring something, in milliseconds.</summary>
    internal const int LongWait = 60_000;

    internal static Task<T> Run<T>(Func<T> work) =>
        Task.Factory.StartNew(work, default, TaskCreationOptions.LongRunning, TaskScheduler.Default).WaitAsync(HangLimit);

    internal static Task Run(Action work) =>
        Task.Factory.StartNew(work, default, TaskCreationOptions.LongRunning, TaskScheduler.Default).WaitAsync(HangLimit);

    internal static WebSocketListener Listen(WebSocketListenerOptions? options = null)
    {
        WebSocketListener listener = new(new IPEndPoint(IPAddress.Loopback, 0), options ?? new WebSocketListenerOptions());
        listener.Start();
        return listener;
    }

    /// <summary>A listening socket that speaks no WebSocket of its own accord.</summary>
    internal static TcpListener ListenRaw()
    {
        TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return listener;
    }

    internal static int PortOf(this TcpListener listener) => ((IPEndPoint)listener.LocalEndpoint).Port;

    internal static WebSocketConnection Connect(int port, WebSocketClientOptions? options = null, string path = "/") =>
        WebSocketClient.Connect("ws://127.0.0.1:" + port + path, options ?? new WebSocketClientOptions());

    /// <summary>Both ends of one connection.</summary>
    internal static async Task<(WebSocketConnection Client, WebSocketConnection Server)> ConnectPair(
        WebSocketClientOptions? client = null, WebSocketListenerOptions? server = null)
    {
        using WebSocketListener listener = Listen(server);
        Task<WebSocketConnection> accept = Run(() => listener.Accept().Accept());
        WebSocketConnection connected = await Run(() => Connect(listener.Port, client));
        return (connected, await accept);
    }

    /// <summary>A connection in the role asked for, with a raw peer at its other end.</summary>
    internal static async Task<(WebSocketConnection Connection, RawPeer Peer)> ConnectToRawPeer(
        bool asServer, Action<WebSocketOptions>? set = null, params string[] headers)
    {
        if (asServer)
        {
            WebSocketListenerOptions options = new();
            set?.Invoke(options);
            using WebSocketListener listener = Listen(options);
            Task<WebSocketConnection> accept = Run(() => listener.Accept().Accept());
            RawPeer client = await Run(() => RawPeer.Connect(listener.Port, headers));
            return (await accept, client);
        }
        else
        {
            WebSocketClientOptions options = new();
            set?.Invoke(options);
            using TcpListener listener = ListenRaw();
            Task<RawPeer> accept = Run(() => RawPeer.Accept(listener, headers));
            WebSocketConnection connected = await Run(() => Connect(listener.PortOf(), options));
            return (connected, await accept);
        }
    }

    /// <summary>Receives one whole message and checks the marks of its parts.</summary>
    internal static Message ReceiveMessage(this WebSocketConnection connection)
    {
        Message message = new();
        bool isLast = false;
        for (bool first = true; !isLast; first = false)
        {
            ReceiveStatus status = connection.Receive(LongWait);
            while (status == ReceiveStatus.Pong)
            {
                status = connection.Receive(LongWait);
            }

            Assert.Equal(ReceiveStatus.Data, status);
            Assert.Equal(first, connection.IsFirst);
            message.Append(connection);
            isLast = connection.IsLast;
        }

        return message;
    }

    /// <summary>Sends each message back as it arrives, part by part, until the connection is over.</summary>
    internal static void EchoUntilClosed(this WebSocketConnection connection)
    {
        ReceiveStatus status = connection.Receive(LongWait);
        while (status is ReceiveStatus.Data or ReceiveStatus.Pong)
        {
            if (status == ReceiveStatus.Data)
            {
                connection.Send(connection.Data, connection.DataOffset, connection.DataCount, connection.IsText, connection.IsLast);
            }

            status = connection.Receive(LongWait);
        }

        Assert.Equal(ReceiveStatus.Closed, status);
    }

    /// <summary>Sends each message back once it is whole, so that neither side writes while the other does.</summary>
    internal static void EchoWholeUntilClosed(this WebSocketConnection connection)
    {
        Message message = new();
        ReceiveStatus status = connection.Receive(LongWait);
        while (status == ReceiveStatus.Data)
        {
            message.Append(connection);
            if (connection.IsLast)
            {
                byte[] bytes = message.Bytes;
                connection.Send(bytes, 0, bytes.Length, message.IsText);
                message = new();
            }

            status = connection.Receive(LongWait);
        }

        Assert.Equal(ReceiveStatus.Closed, status);
    }
}
