namespace Ws.Micro;

/// <summary>Where a connection stands after its opening handshake (RFC 6455 §7.1).</summary>
public enum EngineState
{
    /// <summary>Both sides may send.</summary>
    Open,

    /// <summary>We sent a close frame; the peer's has not come.</summary>
    ClosedByUs,

    /// <summary>The peer's close frame came; ours has not been sent.</summary>
    ClosedByPeer,

    /// <summary>Both close frames have passed: the closing handshake is done.</summary>
    Closed,

    /// <summary>The peer broke a rule; our close frame, with the code that says so, has not been sent.</summary>
    Failed,
}
