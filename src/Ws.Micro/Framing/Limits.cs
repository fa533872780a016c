namespace Ws.Micro.Framing;

/// <summary>Sizes fixed by the RFC, and the bounds that keep a flood from costing more than its bytes (RFC 6455 §10.4).</summary>
public static class Limits
{
    /// <summary>The largest payload of a control frame, in bytes (§5.5).</summary>
    public const int MaxControlPayload = 125;

    /// <summary>The largest header: 2 bytes, a 64-bit length, a 32-bit mask key (§5.2).</summary>
    public const int MaxHeaderSize = 14;

    /// <summary>The largest message accepted unless set otherwise: 16 MiB. Messages are streamed, so this costs no memory.</summary>
    public const long DefaultMaxMessageSize = 16 * 1024 * 1024;

    /// <summary>A fragment below this many bytes counts as tiny: its header weighs as much as what it brings.</summary>
    public const int TinyFragmentSize = 16;

    /// <summary>How many tiny fragments one message may have.</summary>
    public const int MaxTinyFragments = 1024;

    /// <summary>How many control frames may arrive within one second.</summary>
    public const int MaxControlFramesPerSecond = 256;
}
