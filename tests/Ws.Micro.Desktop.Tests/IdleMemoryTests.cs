using System;
using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;
using System.Threading.Tasks;
using Ws.Micro.Desktop.Tests.Support;

namespace Ws.Micro.Desktop.Tests;

/// <summary>What the listener and the client hold for a connection that waits, beside the other tests of what the process allocates.</summary>
[Collection(nameof(AllocationTests))]
public sealed class IdleMemoryTests
{
    private const int Connections = 500;

    // Counted objects, on 64-bit .NET, the client's socket and the task that waits among them. A buffer for each connection would show, and so would
    // a timer or another waiting method.
    [Theory]
    [InlineData(true, 3000)]
    [InlineData(false, 3700)]
    public async Task An_idle_connection_holds_no_buffer_and_few_objects(bool pollers, int limit)
    {
        await using MicroWebSocketListener listener = Pair.Listen(new MicroWebSocketListenerOptions { UsesPollers = pollers });
        Socket[] clients = new Socket[Connections + 1];
        MicroWebSocket[] servers = new MicroWebSocket[Connections];
        byte[] request = Encoding.ASCII.GetBytes(RawHttp.Request());
        byte[] frame = RawFrame.Bytes(RawFrame.Fin | RawFrame.Binary, new byte[150], isMasked: true);
        byte[] answer = new byte[1024];
        using MicroWebSocket first = await AddAsync(Connections);
        long before = GC.GetTotalMemory(forceFullCollection: true);
        for (int i = 0; i < Connections; i++)
        {
            servers[i] = await AddAsync(i);
        }

        long each = (GC.GetTotalMemory(forceFullCollection: true) - before) / Connections;
        for (int i = 0; i < Connections; i++)
        {
            servers[i].Dispose();
            clients[i].Dispose();
        }

        clients[Connections].Dispose();
        Assert.True(each <= limit, $"{each} bytes for each connection, at most {limit} are allowed.");

        async Task<MicroWebSocket> AddAsync(int index)
        {
            Socket client = new(SocketType.Stream, ProtocolType.Tcp) { ReceiveTimeout = 30_000 };
            clients[index] = client;
            client.Connect(listener.LocalEndPoint);
            client.Send(request);
            MicroWebSocket server = await listener.AcceptAsync().AsTask().InTime();
            Assert.NotEqual(0, client.Receive(answer));
            _ = WaitAsync(server);
            client.Send(frame);
            int echoed = 0;
            while (echoed < 154)
            {
                echoed += client.Receive(answer);
            }

            return server;
        }
    }

    // The same of a client, the server's socket counted.
    [Theory]
    [InlineData(true, 3000)]
    [InlineData(false, 3700)]
    public async Task An_idle_client_holds_no_buffer_and_few_objects(bool pollers, int limit)
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        MicroWebSocketClientOptions options = new() { UsesPollers = pollers };
        Uri uri = new($"ws://{listener.LocalEndpoint}/");
        Socket[] servers = new Socket[Connections + 1];
        MicroWebSocket[] clients = new MicroWebSocket[Connections];
        byte[] frame = RawFrame.Bytes(RawFrame.Fin | RawFrame.Binary, new byte[150], isMasked: false);
        byte[] answer = new byte[1024];
        using MicroWebSocket first = await AddAsync(Connections);
        long before = GC.GetTotalMemory(forceFullCollection: true);
        for (int i = 0; i < Connections; i++)
        {
            clients[i] = await AddAsync(i);
        }

        long each = (GC.GetTotalMemory(forceFullCollection: true) - before) / Connections;
        for (int i = 0; i < Connections; i++)
        {
            clients[i].Dispose();
            servers[i].Dispose();
        }

        servers[Connections].Dispose();
        Assert.True(each <= limit, $"{each} bytes for each connection, at most {limit} are allowed.");

        async Task<MicroWebSocket> AddAsync(int index)
        {
            Task<MicroWebSocket> connecting = MicroWebSocketClient.ConnectAsync(uri, options);
            Socket server = listener.AcceptSocket();
            server.ReceiveTimeout = 30_000;
            servers[index] = server;
            string request = "";
            while (!request.EndsWith("\r\n\r\n", StringComparison.Ordinal))
            {
                request += Encoding.ASCII.GetString(answer, 0, server.Receive(answer));
            }

            server.Send(Encoding.ASCII.GetBytes(RawHttp.Accept(request)));
            MicroWebSocket client = await connecting.InTime();
            _ = WaitAsync(client);
            server.Send(frame);
            int echoed = 0;
            while (echoed < 158)
            {
                echoed += server.Receive(answer);
            }

            return client;
        }
    }

    private static async Task WaitAsync(MicroWebSocket socket)
    {
        byte[] buffer = new byte[256];
        int count = (await socket.ReceiveAsync(buffer.AsMemory(), default)).Count;
        await socket.SendAsync(buffer.AsMemory(0, count), WebSocketMessageType.Binary, true, default);
        buffer = [];
        try
        {
            await socket.ReceiveAsync(Memory<byte>.Empty, default);
        }
        catch (Exception e) when (e is WebSocketException or ObjectDisposedException)
        {
        }
    }
}
