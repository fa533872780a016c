using System;
using System.Text;
using Ws.Micro.Handshake;

namespace Ws.Micro.Deflate.Tests.Support;

/// <summary>What two sides have agreed on for permessage-deflate, and the extensions that they make of it.</summary>
/// <param name="ServerBits">The server's window.</param>
/// <param name="ClientBits">The client's.</param>
/// <param name="ServerFresh">server_no_context_takeover.</param>
/// <param name="ClientFresh">client_no_context_takeover.</param>
internal sealed record Agreed(int ServerBits = 15, int ClientBits = 15, bool ServerFresh = false, bool ClientFresh = false)
{
    /// <summary>The windows' bits, from the smallest to the largest.</summary>
    public static readonly int[] AllBits = [8, 9, 10, 11, 12, 13, 14, 15];

    public static readonly bool[] Roles = [true, false];

    /// <summary>The same, seen by one side: its own window and the peer's.</summary>
    public static Agreed Seen(bool isServer, int ours, int theirs) => isServer ? new(ours, theirs) : new(theirs, ours);

    public static PerMessageDeflateOptions Options(int chainDepth = 16, bool dynamicCodes = false, int lookupBits = 0, int minMessageSize = 0) => new()
    {
        MemoryLimit = int.MaxValue,
        ChainDepth = chainDepth,
        DynamicCodes = dynamicCodes,
        LookupBits = lookupBits,
        MinMessageSize = minMessageSize,
    };

    /// <summary>The parameters, as a client reads them out of a response.</summary>
    public DeflateParameters Parameters()
    {
        byte[] response = Encoding.ASCII.GetBytes($"permessage-deflate; server_max_window_bits={ServerBits}; client_max_window_bits={ClientBits}"
            + (ServerFresh ? "; server_no_context_takeover" : "") + (ClientFresh ? "; client_no_context_takeover" : ""));
        return DeflateNegotiation.CheckResponse(response, 0, response.Length, new DeflateOptions())!;
    }

    public PerMessageDeflate Extension(bool isServer, PerMessageDeflateOptions? options = null) => new(isServer, Parameters(), options ?? Options());

    public WebSocketEngine Engine(bool isServer, PerMessageDeflateOptions? options = null, long maxMessageSize = long.MaxValue) =>
        new(isServer, maxMessageSize, Extension(isServer, options));

    public static byte[] Bytes(string hex) => Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal));
}
