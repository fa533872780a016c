using System.IO;
using System.Text;
using System.Threading;
using Ws.Micro.Net;

namespace Ws.Micro.EchoPeer;

/// <summary>The echo over a <see cref="WebSocketConnection"/>: a chunk received is a fragment sent.</summary>
internal static class DeviceEcho
{
    public static void Run(WebSocketConnection connection)
    {
        try
        {
            while (connection.Receive(Timeout.Infinite) is ReceiveStatus status and not ReceiveStatus.Closed)
            {
                if (status == ReceiveStatus.Data)
                {
                    connection.Send(connection.Data, connection.DataOffset, connection.DataCount, connection.IsText, connection.IsLast);
                }
            }
        }
        catch (WebSocketConnectionException)
        {
            // The peer vanished while it was sent to: there is nobody left to echo to.
        }
    }

    public static string ReadText(WebSocketConnection connection)
    {
        using MemoryStream message = new();
        while (connection.Receive(Timeout.Infinite) is ReceiveStatus status and not ReceiveStatus.Closed)
        {
            if (status != ReceiveStatus.Data)
            {
                continue;
            }

            message.Write(connection.Data, connection.DataOffset, connection.DataCount);
            if (connection.IsLast)
            {
                return Encoding.UTF8.GetString(message.ToArray());
            }
        }
        throw new IOException($"the server closed with {connection.CloseCode} before its first message was whole");
    }
}
