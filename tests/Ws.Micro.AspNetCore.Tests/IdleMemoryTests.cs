using System;
using System.IO;
using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace Ws.Micro.AspNetCore.Tests;

/// <summary>What Kestrel and the socket hold for a connection that waits, alone in the process because all that it allocates is counted.</summary>
[Collection(nameof(IdleMemoryTests))]
[CollectionDefinition(nameof(IdleMemoryTests), DisableParallelization = true)]
public sealed class IdleMemoryTests
{
    private const int Connections = 300;

    // Counted objects, bytes: the engine's place for a control frame, and what keep-alive keeps. A buffer or a few more objects would show.
    private const int Margin = 350;

    // On our sockets neither pipes nor what sends and receives for them.
    private const int Spared = 1200;

    // Most of what is counted is the server's and the same for both, and so are the test's clients.
    [Fact]
    public async Task An_idle_connection_holds_no_buffer_and_hardly_more_than_with_the_servers_own_WebSockets()
    {
        long theirs = await MeasureAsync(own: false);
        long ours = await MeasureAsync(own: true);
        Assert.True(ours <= theirs + Margin, $"{ours} bytes for each connection, and {theirs} with the server's own.");
        KestrelServer.OnMicroSockets.Value = true;
        long onOurs = await MeasureAsync(own: true);
        Assert.True(onOurs <= theirs - Spared, $"{onOurs} bytes for each connection on our sockets, and {theirs} with the server's own.");
    }

    private static async Task<long> MeasureAsync(bool own)
    {
        int waiting = 0;
        await using KestrelServer server = await KestrelServer.StartAsync(
            async context =>
            {
                using WebSocket socket = await context.WebSockets.AcceptWebSocketAsync();
                byte[]? buffer = new byte[256];
                int count = (await socket.ReceiveAsync(buffer.AsMemory(), default)).Count;
                await socket.SendAsync(buffer.AsMemory(0, count), WebSocketMessageType.Binary, true, default);
                buffer = null;
                try
                {
                    ValueTask<ValueWebSocketReceiveResult> received = socket.ReceiveAsync(Memory<byte>.Empty, default);
                    Interlocked.Increment(ref waiting);
                    await received;
                }
                catch (WebSocketException)
                {
                }
            },
            build: own ? null : builder => builder.Services.AddSingleton<IStartupFilter, TheirsFirst>());
        Socket[] clients = new Socket[Connections + 1];
        clients[Connections] = Add(server, own);
        long before = await CountAsync(() => Volatile.Read(ref waiting) == 1);
        for (int i = 0; i < Connections; i++)
        {
            clients[i] = Add(server, own);
        }

        long after = await CountAsync(() => Volatile.Read(ref waiting) == Connections + 1);
        Array.ForEach(clients, client => client.Dispose());
        return (after - before) / Connections;
    }

    // A bare socket, because RawClient's deadlines would be counted too.
    private static Socket Add(KestrelServer server, bool own)
    {
        Socket client = new(SocketType.Stream, ProtocolType.Tcp) { ReceiveTimeout = (int)KestrelServer.Deadline.TotalMilliseconds };
        client.Connect(IPAddress.Loopback, server.Port);
        client.Send(Encoding.ASCII.GetBytes(RawClient.Head(server, "GET / HTTP/1.1")));
        byte[] received = new byte[1024];
        int count = 0;
        while (!received.AsSpan(0, count).EndsWith("\r\n\r\n"u8))
        {
            count += Receive();
        }

        client.Send(RawClient.Frame(2, new byte[100]));
        count = 0;
        while (count < 102)
        {
            count += Receive();
        }

        Assert.True(server.Accepted.TryDequeue(out WebSocket? accepted));
        Assert.Equal(own, accepted is Desktop.MicroWebSocket);
        return client;

        int Receive() => client.Receive(received.AsSpan(count)) is > 0 and int n ? n : throw new EndOfStreamException();
    }

    private static async Task<long> CountAsync(Func<bool> areWaiting)
    {
        while (!areWaiting())
        {
            await Task.Delay(10, KestrelServer.DeadlineToken());
        }

        return GC.GetTotalMemory(forceFullCollection: true);
    }

    private sealed class TheirsFirst : IStartupFilter
    {
        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
        {
            app.UseWebSockets();
            next(app);
        };
    }
}
