namespace Ws.Micro;

/// <summary>What <see cref="WebSocketEngine.Receive"/> found.</summary>
public enum EngineEvent
{
    /// <summary>All input was taken; more is needed.</summary>
    None,

    /// <summary>A part of a message, perhaps all of it: see <see cref="WebSocketEngine.Data"/>.</summary>
    Data,

    /// <summary>A ping. <see cref="WebSocketEngine.WritePong"/> answers it, until the next call of Receive.</summary>
    Ping,

    /// <summary>A pong; its payload is in <see cref="WebSocketEngine.ControlPayload"/> until the next call of Receive.</summary>
    Pong,

    /// <summary>The peer's close frame: see <see cref="WebSocketEngine.CloseCode"/>. Whatever follows it is ignored.</summary>
    Close,

    /// <summary>The peer broke a rule: see <see cref="WebSocketEngine.Error"/>. Whatever follows is ignored.</summary>
    Failed,
}
