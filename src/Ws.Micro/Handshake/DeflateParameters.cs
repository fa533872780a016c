namespace Ws.Micro.Handshake;

/// <summary>What both sides agreed on for permessage-deflate (RFC 7692 §7.1).</summary>
public sealed class DeflateParameters
{
    /// <summary>The smallest LZ77 window, as a power of two: 256 bytes.</summary>
    public const int MinWindowBits = 8;

    /// <summary>The largest LZ77 window, as a power of two: 32 KiB. It is what stands where no parameter says otherwise.</summary>
    public const int MaxWindowBits = 15;

    internal DeflateParameters(int serverWindowBits, int clientWindowBits, bool serverNoContextTakeover, bool clientNoContextTakeover)
    {
        ServerWindowBits = serverWindowBits;
        ClientWindowBits = clientWindowBits;
        ServerNoContextTakeover = serverNoContextTakeover;
        ClientNoContextTakeover = clientNoContextTakeover;
    }

    /// <summary>Window bits, 8 to 15, that the server compresses with (server_max_window_bits, §7.1.2.1).</summary>
    public readonly int ServerWindowBits;

    /// <summary>Window bits, 8 to 15, that the client compresses with (client_max_window_bits, §7.1.2.2).</summary>
    public readonly int ClientWindowBits;

    /// <summary>Whether the server begins each message anew (server_no_context_takeover, §7.1.1.1).</summary>
    public readonly bool ServerNoContextTakeover;

    /// <summary>Whether the client begins each message anew (client_no_context_takeover, §7.1.1.2).</summary>
    public readonly bool ClientNoContextTakeover;

    // Whether an offer, or a response, holds client_max_window_bits; an offer may hold it without a value.
    internal bool HasClientWindowBits;

    // Whether it holds server_max_window_bits.
    internal bool HasServerWindowBits;
}
