using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Net.WebSockets;
using Microsoft.AspNetCore.Http;
using Ws.Micro.Handshake;

namespace Ws.Micro.Interop.Tests;

/// <summary>What is agreed on for permessage-deflate (RFC 7692 §7.1): the windows in bits, and who takes no context over.</summary>
internal sealed record DeflateTerms(int ServerBits, int ClientBits, bool ServerForgets, bool ClientForgets)
{
    public static readonly DeflateTerms Any = new(15, 15, false, false);

    /// <summary>From a header's parameters; null where it has not permessage-deflate.</summary>
    public static DeflateTerms? Parse(string? header)
    {
        if (string.IsNullOrEmpty(header))
        {
            return null;
        }

        string[] parts = header.Split(';', StringSplitOptions.TrimEntries);
        Assert.Equal("permessage-deflate", parts[0]);
        Dictionary<string, string> parameters = parts[1..].Select(static part => part.Split('=')).ToDictionary(static pair => pair[0], static pair => pair[^1]);
        int Bits(string name) => int.Parse(parameters.GetValueOrDefault(name, "15"), NumberStyles.None, CultureInfo.InvariantCulture);
        return new DeflateTerms(
            Bits("server_max_window_bits"), Bits("client_max_window_bits"),
            parameters.ContainsKey("server_no_context_takeover"), parameters.ContainsKey("client_no_context_takeover"));
    }

    public static DeflateTerms? From(DeflateParameters? agreed) => agreed == null
        ? null
        : new(agreed.ServerWindowBits, agreed.ClientWindowBits, agreed.ServerNoContextTakeover, agreed.ClientNoContextTakeover);

    /// <summary>Our settings that ask for this.</summary>
    public PerMessageDeflateOptions ToOptions(bool isServer) => new()
    {
        MaxSendWindowBits = isServer ? ServerBits : ClientBits,
        MaxReceiveWindowBits = isServer ? ClientBits : ServerBits,
        SendContextTakeover = isServer ? !ServerForgets : !ClientForgets,
        ReceiveContextTakeover = isServer ? !ClientForgets : !ServerForgets,
        MemoryLimit = int.MaxValue,
    };

    /// <summary>The settings of .NET's client that ask for this.</summary>
    public WebSocketDeflateOptions ToClientWebSocket() => new()
    {
        ServerMaxWindowBits = ServerBits,
        ClientMaxWindowBits = ClientBits,
        ServerContextTakeover = !ServerForgets,
        ClientContextTakeover = !ClientForgets,
    };

    /// <summary>ASP.NET Core's settings that ask for this, as far as they can: they say nothing of the client's end.</summary>
    public WebSocketAcceptContext ToAcceptContext() => new()
    {
        DangerousEnableCompression = true,
        ServerMaxWindowBits = Math.Max(9, ServerBits),
        DisableServerContextTakeover = ServerForgets,
    };
}

/// <summary>What a conversation has to agree on for permessage-deflate, and who asks for it; the other end takes anything.</summary>
internal sealed record Compression(DeflateTerms Terms, bool PeerAsks)
{
    public DeflateTerms Ours => PeerAsks ? DeflateTerms.Any : Terms;

    public DeflateTerms Theirs => PeerAsks ? Terms : DeflateTerms.Any;
}
