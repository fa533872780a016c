namespace Ws.Micro.Handshake;

/// <summary>What both sides agreed on for permessage-deflate (RFC 7692 §7.1).</summary>
public sealed class DeflateParameters
{
    /// <summary>The smallest LZ77 window, as a power of two: 256 bytes.</summary>
    public const int MinWindowBits = 8;

    /// <summary>The largest LZ77 window, as a power of two: 32 KiB. It is what stands where no parameter says otherwise.</summary>
    public const int MaxWindowBits = 15;

    /// <summary>Window bits, 8 to 15, that the server compresses with (server_max_window_bits, §7.1.2.1).</summary>
    public int ServerWindowBits { get; internal set; } = MaxWindowBits;

    /// <summary>Window bits, 8 to 15, that the client compresses with (client_max_window_bits, §7.1.2.2).</summary>
    public int ClientWindowBits { get; internal set; } = MaxWindowBits;

    /// <summary>Whether the server begins each message anew (server_no_context_takeover, §7.1.1.1).</summary>
    public bool ServerNoContextTakeover { get; internal set; }

    /// <summary>Whether the client begins each message anew (client_no_context_takeover, §7.1.1.2).</summary>
    public bool ClientNoContextTakeover { get; internal set; }

    // Whether an offer, or a response, holds client_max_window_bits; an offer may hold it without a value.
    internal bool HasClientWindowBits;

    // Whether it holds server_max_window_bits.
    internal bool HasServerWindowBits;
}
