using System;
using System.Net.WebSockets;
using System.Threading.Tasks;

namespace Ws.Micro.Desktop.Tests.Support;

internal static class Echo
{
    /// <summary>Sends every part of every message back as it comes, then the peer's close frame.</summary>
    internal static async Task RunAsync(WebSocket socket)
    {
        byte[] buffer = new byte[16 * 1024];
        while (true)
        {
            ValueWebSocketReceiveResult part = await socket.ReceiveAsync(buffer.AsMemory(), Deadline.Token);
            if (part.MessageType == WebSocketMessageType.Close)
            {
                await socket.CloseOutputAsync(socket.CloseStatus ?? WebSocketCloseStatus.Empty, socket.CloseStatusDescription, Deadline.Token);
                return;
            }

            await socket.SendAsync(buffer.AsMemory(0, part.Count), part.MessageType, part.EndOfMessage, Deadline.Token);
        }
    }

    /// <summary>Receives one whole message of at most <paramref name="size"/> bytes.</summary>
    internal static async Task<(WebSocketMessageType Type, byte[] Payload)> ReceiveAsync(WebSocket socket, int size)
    {
        byte[] message = new byte[size + 1];
        int count = 0;
        while (true)
        {
            ValueWebSocketReceiveResult part = await socket.ReceiveAsync(message.AsMemory(count), Deadline.Token);
            count += part.Count;
            if (part.EndOfMessage)
            {
                return (part.MessageType, message[..count]);
            }
        }
    }
}
