namespace Ws.Micro.Handshake;

/// <summary>How far an opening handshake has come.</summary>
public enum HandshakeStatus
{
    /// <summary>The head is not whole yet.</summary>
    NeedMore,

    /// <summary>The head is whole and keeps every rule.</summary>
    Done,

    /// <summary>The head breaks a rule, or says no.</summary>
    Refused,
}
