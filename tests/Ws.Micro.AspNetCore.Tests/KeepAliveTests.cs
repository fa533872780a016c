using System;
using System.Net.WebSockets;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.AspNetCore.Builder;

namespace Ws.Micro.AspNetCore.Tests;

/// <summary>A client that takes nothing holds no endpoint for ever.</summary>
public sealed class KeepAliveTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_send_to_a_client_that_takes_nothing_ends_though_no_receive_waits(bool onMicroSockets)
    {
        KestrelServer.OnMicroSockets.Value = onMicroSockets;
        TaskCompletionSource<Exception?> end = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using KestrelServer server = await KestrelServer.StartAsync(
            async context =>
            {
                using WebSocket socket = await context.WebSockets.AcceptWebSocketAsync();
                byte[] message = new byte[64 * 1024];
                end.SetResult(await Record.ExceptionAsync(async () =>
                {
                    while (true)
                    {
                        await socket.SendAsync(message, WebSocketMessageType.Binary, true, CancellationToken.None);
                    }
                }));
            },
            new WebSocketOptions { KeepAliveInterval = TimeSpan.FromMilliseconds(50), KeepAliveTimeout = TimeSpan.FromMilliseconds(200) });
        using RawClient client = await RawClient.ConnectAsync(server);
        await client.SendAsync(RawClient.Head(server, "GET / HTTP/1.1"));

        WebSocketException error = Assert.IsType<WebSocketException>(await end.Task.WaitAsync(KestrelServer.Deadline));
        Assert.Contains("took nothing", error.Message, StringComparison.Ordinal);
    }
}
