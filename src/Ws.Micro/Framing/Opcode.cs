namespace Ws.Micro.Framing;

/// <summary>What a frame carries (RFC 6455 §5.2 and §11.8). Values 3 to 7 and 11 to 15 are reserved and fail the connection.</summary>
public enum Opcode : byte
{
    /// <summary>The next fragment of the message that a text or binary frame began.</summary>
    Continuation = 0,

    /// <summary>The first, or only, frame of a UTF-8 text message.</summary>
    Text = 1,

    /// <summary>The first, or only, frame of a binary message.</summary>
    Binary = 2,

    /// <summary>Begins or answers the closing handshake (§5.5.1).</summary>
    Close = 8,

    /// <summary>Asks for a <see cref="Pong"/> with the same payload (§5.5.2).</summary>
    Ping = 9,

    /// <summary>Answers a <see cref="Ping"/>, or is an unasked sign of life (§5.5.3).</summary>
    Pong = 10,
}
