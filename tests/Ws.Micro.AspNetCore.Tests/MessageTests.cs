using System;
using System.Linq;
using System.Net.WebSockets;
using System.Threading.Tasks;
using Microsoft.AspNetCore.Http;
using Ws.Micro.Desktop;

namespace Ws.Micro.AspNetCore.Tests;

public abstract class MessageTests(bool onMicroSockets) : SocketsTests(onMicroSockets)
{
    public static TheoryData<int, WebSocketMessageType> Messages { get; } = new(
        from size in new[] { 0, 125, 126, 65_535, 65_536, 1 << 20 }
        from type in new[] { WebSocketMessageType.Text, WebSocketMessageType.Binary }
        select (size, type));

    [Theory, MemberData(nameof(Messages))]
    public async Task Echoes_to_the_frameworks_client(int size, WebSocketMessageType type)
    {
        await using KestrelServer server = await KestrelServer.StartAsync(KestrelServer.EchoAsync);
        using var client = new ClientWebSocket();
        await client.ConnectAsync(server.Uri(), KestrelServer.DeadlineToken());
        await Echo.AssertAsync(client, size, type);

        // Noted by now: the client has its answer before the server's AcceptAsync returns.
        Assert.IsType<MicroWebSocket>(Assert.Single(server.Accepted));
        await client.CloseAsync(WebSocketCloseStatus.NormalClosure, "done", KestrelServer.DeadlineToken());
        Assert.Equal(WebSocketCloseStatus.NormalClosure, client.CloseStatus);
        Assert.Equal("done", client.CloseStatusDescription);
    }

    [Theory]
    [InlineData(1000, "bye")]
    [InlineData(4999, "größer als fünf")]
    [InlineData(1001, "")]
    public async Task The_endpoint_closes_with_code_and_reason(int code, string reason)
    {
        var answered = new TaskCompletionSource<(WebSocketState, WebSocketCloseStatus?, string?)>();
        await using KestrelServer server = await KestrelServer.StartAsync(async context =>
        {
            using WebSocket socket = await context.WebSockets.AcceptWebSocketAsync();
            await socket.CloseAsync((WebSocketCloseStatus)code, reason, context.RequestAborted);
            answered.SetResult((socket.State, socket.CloseStatus, socket.CloseStatusDescription));
        });
        using var client = new ClientWebSocket();
        await client.ConnectAsync(server.Uri(), KestrelServer.DeadlineToken());
        WebSocketReceiveResult close = await client.ReceiveAsync(new byte[10], KestrelServer.DeadlineToken());
        Assert.Equal((WebSocketMessageType.Close, code, reason), (close.MessageType, (int)close.CloseStatus!, close.CloseStatusDescription));
        await client.CloseOutputAsync((WebSocketCloseStatus)3001, "heard", KestrelServer.DeadlineToken());
        Assert.Equal((WebSocketState.Closed, (WebSocketCloseStatus)3001, "heard"), await answered.Task.WaitAsync(KestrelServer.Deadline));
    }

    [Fact]
    public async Task A_message_longer_than_allowed_ends_with_1009()
    {
        await using KestrelServer server = await KestrelServer.StartAsync(
            KestrelServer.EchoAsync, new MicroWebSocketMiddlewareOptions { MaxMessageSize = 1000, ReceiveBufferSize = 256 });
        using var client = new ClientWebSocket();
        await client.ConnectAsync(server.Uri(), KestrelServer.DeadlineToken());
        await Echo.AssertAsync(client, 1000, WebSocketMessageType.Binary);
        await client.SendAsync(new byte[1001], WebSocketMessageType.Binary, true, KestrelServer.DeadlineToken());
        while (client.State == WebSocketState.Open)
        {
            await client.ReceiveAsync(new byte[1001], KestrelServer.DeadlineToken());
        }

        Assert.Equal(WebSocketCloseStatus.MessageTooBig, client.CloseStatus);
    }
}

internal static class Echo
{
    /// <summary>Sends a message of <paramref name="size"/> bytes and receives the same one.</summary>
    public static async Task AssertAsync(WebSocket socket, int size, WebSocketMessageType type)
    {
        byte[] sent = new byte[size];
        for (int i = 0; i < size; i++)
        {
            sent[i] = (byte)('a' + (i % 23));
        }
        // The echo starts before the message ends, and neither side has room for all of it.
        Task sending = socket.SendAsync(sent, type, true, KestrelServer.DeadlineToken());

        byte[] received = new byte[size + 1];
        int count = 0;
        WebSocketReceiveResult piece;
        do
        {
            piece = await socket.ReceiveAsync(new ArraySegment<byte>(received, count, received.Length - count), KestrelServer.DeadlineToken());
            Assert.Equal(type, piece.MessageType);
            count += piece.Count;
        }
        while (!piece.EndOfMessage);
        await sending;
        Assert.Equal(sent, received.AsSpan(0, count).ToArray());
    }
}

public sealed class MessageOnKestrelsSocketsTests() : MessageTests(onMicroSockets: false);

public sealed class MessageOnMicroSocketsTests() : MessageTests(onMicroSockets: true);
