using System;
using System.IO;
using System.Net.WebSockets;
using System.Text;
using System.Threading;
using System.Threading.Tasks;

namespace Ws.Micro.EchoPeer;

/// <summary>The echo over a <see cref="WebSocket"/>: a chunk received is a fragment sent.</summary>
internal static class WebSocketEcho
{
    private const int ChunkSize = 64 * 1024;

    public static async Task RunAsync(WebSocket socket)
    {
        byte[] chunk = new byte[ChunkSize];
        try
        {
            for (; ; )
            {
                ValueWebSocketReceiveResult result = await socket.ReceiveAsync(chunk.AsMemory(), CancellationToken.None);
                if (result.MessageType == WebSocketMessageType.Close)
                {
                    break;
                }

                await socket.SendAsync(chunk.AsMemory(0, result.Count), result.MessageType, result.EndOfMessage, CancellationToken.None);
            }
            if (socket.State == WebSocketState.CloseReceived)
            {
                await socket.CloseOutputAsync(socket.CloseStatus!.Value, socket.CloseStatusDescription, CancellationToken.None);
            }
        }
        catch (WebSocketException)
        {
            // The peer broke the protocol or vanished: the socket has said so to the peer, and there is nothing left to echo.
        }
    }

    public static async Task<string> ReadTextAsync(WebSocket socket)
    {
        byte[] chunk = new byte[ChunkSize];
        using MemoryStream message = new();
        ValueWebSocketReceiveResult result;
        do
        {
            result = await socket.ReceiveAsync(chunk.AsMemory(), CancellationToken.None);
            message.Write(chunk, 0, result.Count);
        }
        while (!result.EndOfMessage);
        return Encoding.UTF8.GetString(message.ToArray());
    }
}
