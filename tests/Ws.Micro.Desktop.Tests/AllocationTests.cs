using System;
using System.Net.WebSockets;
using System.Threading.Tasks;
using Ws.Micro.Desktop.Tests.Support;

namespace Ws.Micro.Desktop.Tests;

/// <summary>Runs alone, because what it measures is the allocation of the whole process.</summary>
[CollectionDefinition(nameof(AllocationTests), DisableParallelization = true)]
public sealed class AllocationTestsAlone;

[Collection(nameof(AllocationTests))]
public sealed class AllocationTests
{
    private const int Messages = 10_000;
    private const int Size = 150;

    // The least of several rounds: what the runner itself allocates meanwhile is not counted against the sockets, while one allocation
    // a message, at 24 bytes or more, would show in each round.
    [Theory]
    [InlineData(WebSocketMessageType.Binary, true)]
    [InlineData(WebSocketMessageType.Text, true)]
    [InlineData(WebSocketMessageType.Binary, false)]
    public async Task A_message_echoed_allocates_nothing(WebSocketMessageType type, bool pollers)
    {
        using Pair pair = await Pair.ConnectAsync(options =>
        {
            options.KeepAliveInterval = TimeSpan.FromSeconds(30);
            if (!pollers)
            {
                options.DoWithoutPollers();
            }
        });
        Task serving = Task.Run(() => EchoAsync(pair.Server));
        byte[] message = new byte[Size];
        message.AsSpan().Fill((byte)'m');
        byte[] buffer = new byte[4096];
        await RunAsync(pair.Client, message, type, buffer);

        long least = long.MaxValue;
        for (int round = 0; round < 5 && least >= Messages; round++)
        {
            long before = GC.GetTotalAllocatedBytes(precise: true);
            await RunAsync(pair.Client, message, type, buffer);
            least = Math.Min(least, GC.GetTotalAllocatedBytes(precise: true) - before);
        }

        Assert.True(least < Messages, $"{least} bytes for {Messages} messages echoed.");
        await pair.Client.CloseAsync(WebSocketCloseStatus.NormalClosure, null, Deadline.Token);
        await serving.InTime();
    }

    private static async Task RunAsync(MicroWebSocket client, byte[] message, WebSocketMessageType type, byte[] buffer)
    {
        for (int i = 0; i < Messages; i++)
        {
            await client.SendAsync(message.AsMemory(), type, WebSocketMessageFlags.EndOfMessage, default);
            ValueWebSocketReceiveResult echo = await client.ReceiveAsync(buffer.AsMemory(), default);
            if (echo.Count != Size || echo.MessageType != type || !echo.EndOfMessage)
            {
                Assert.Fail($"Echo {i} is {echo.MessageType} of {echo.Count} bytes.");
            }
        }
    }

    private static async Task EchoAsync(MicroWebSocket server)
    {
        byte[] buffer = new byte[4096];
        ValueWebSocketReceiveResult message;
        while ((message = await server.ReceiveAsync(buffer.AsMemory(), default)).MessageType != WebSocketMessageType.Close)
        {
            await server.SendAsync(buffer.AsMemory(0, message.Count), message.MessageType, message.EndOfMessage, default);
        }

        await server.CloseAsync(WebSocketCloseStatus.NormalClosure, null, default);
    }
}
