namespace Ws.Micro.Net;

/// <summary>What <see cref="WebSocketConnection.Receive"/> came back with.</summary>
public enum ReceiveStatus
{
    /// <summary>A part of a message, perhaps all of it.</summary>
    Data,

    /// <summary>A pong: the peer is alive.</summary>
    Pong,

    /// <summary>Nothing arrived in time. The connection stands.</summary>
    Timeout,

    /// <summary>The connection is over: see <see cref="WebSocketConnection.CloseCode"/>.</summary>
    Closed,
}
