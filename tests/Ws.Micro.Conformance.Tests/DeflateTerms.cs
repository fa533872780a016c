using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;

namespace Ws.Micro.Conformance.Tests;

/// <summary>What one end may do when it compresses (RFC 7692 §7.1).</summary>
/// <param name="NoTakeover">Whether each message starts without the context of those before.</param>
/// <param name="Bits">The window, 8 to 15; null: not said, which means 15.</param>
internal readonly record struct DeflateLimits(bool NoTakeover = false, int? Bits = null);

/// <summary>permessage-deflate's limits on both ends, told by who they bind, not by role: asked for by the suite's peer, or agreed.</summary>
internal sealed record DeflateTerms(DeflateLimits Stack = default, DeflateLimits Peer = default)
{
    /// <summary>As the peer is client: its Sec-WebSocket-Extensions, an offer for each.</summary>
    public static string Offer(IReadOnlyList<DeflateTerms> asked) => string.Join(", ", asked.Select(terms => terms.AsOffer().ToString()));

    /// <summary>As the peer is client: what the server agreed to. It must keep to the first offer: ours are such as any stack can keep.</summary>
    public static DeflateTerms CheckResponse(IReadOnlyList<DeflateTerms> asked, string? response)
    {
        Assert.True(response is not null, "the offer was declined");
        Parameters offered = asked[0].AsOffer(), agreed = Parameters.Parse(response);
        Assert.True(agreed.ServerNoTakeover || !offered.ServerNoTakeover, $"server_no_context_takeover was asked for (§7.1.1.1): {response}");
        Assert.True(offered.ServerBits is null || agreed.ServerBits <= offered.ServerBits, $"server_max_window_bits above what was asked for (§7.1.2.1): {response}");
        Assert.True(!agreed.HasClientBits || agreed.ClientBits is not null, $"client_max_window_bits without a value in a response (§7.1.2.2): {response}");
        Assert.True(agreed.ClientBits is null || agreed.ClientBits <= (offered.ClientBits ?? 15), $"client_max_window_bits above what was offered (§7.1.2.2): {response}");
        return new DeflateTerms(
            new DeflateLimits(agreed.ServerNoTakeover, agreed.ServerBits ?? 15),
            new DeflateLimits(agreed.ClientNoTakeover || offered.ClientNoTakeover, agreed.ClientBits ?? offered.ClientBits ?? 15));
    }

    /// <summary>As the peer is server: its answer to the client's offer, with the first terms that the offer has room for, and what is then agreed.</summary>
    public static (string Response, DeflateTerms Agreed) Answer(IReadOnlyList<DeflateTerms> asked, string? offer)
    {
        Assert.True(offer is not null, "nothing was offered");
        Parameters offered = Parameters.Parse(offer);
        DeflateTerms terms = asked.First(one => one.Stack.Bits is null || offered.HasClientBits);

        // §7.1.1.1, §7.1.2.1: what the client asks of the server must be in the response. Otherwise what it hints at holds for itself.
        int? serverBits = Least(terms.Peer.Bits, offered.ServerBits), clientBits = Least(terms.Stack.Bits, offered.ClientBits);
        Parameters response = new(
            terms.Peer.NoTakeover || offered.ServerNoTakeover, terms.Stack.NoTakeover, serverBits, terms.Stack.Bits is not null,
            terms.Stack.Bits is null ? null : clientBits);
        return (response.ToString(), new DeflateTerms(
            new DeflateLimits(terms.Stack.NoTakeover || offered.ClientNoTakeover, clientBits ?? 15),
            new DeflateLimits(response.ServerNoTakeover, serverBits ?? 15)));
    }

    /// <summary>What is agreed when both ends ask for limits.</summary>
    public DeflateTerms And(DeflateTerms other) => new(And(Stack, other.Stack), And(Peer, other.Peer));

    private static DeflateLimits And(DeflateLimits one, DeflateLimits other) =>
        new(one.NoTakeover || other.NoTakeover, Least(one.Bits, other.Bits) ?? 15);

    private static int? Least(int? one, int? other) => one is null ? other : other is null ? one : Math.Min(one.Value, other.Value);

    // A client that does not offer client_max_window_bits cannot be asked to use less than 15 (§7.1.2.2).
    private Parameters AsOffer() => new(Stack.NoTakeover, Peer.NoTakeover, Stack.Bits, true, Peer.Bits);

    /// <summary>One offer, or the response, as it stands in the header.</summary>
    private sealed record Parameters(bool ServerNoTakeover, bool ClientNoTakeover, int? ServerBits, bool HasClientBits, int? ClientBits)
    {
        private const string Extension = "permessage-deflate";
        private const string ServerNoContextTakeover = "server_no_context_takeover", ClientNoContextTakeover = "client_no_context_takeover";
        private const string ServerMaxWindowBits = "server_max_window_bits", ClientMaxWindowBits = "client_max_window_bits";

        /// <summary>Reads one that must be legal: known parameters, each once, with the values that they may have.</summary>
        public static Parameters Parse(string header)
        {
            string[] parts = header.Split(';', StringSplitOptions.TrimEntries);
            Assert.True(parts[0] == Extension, $"not {Extension}: {header}");
            Dictionary<string, string?> found = [];
            foreach (string[] pair in parts[1..].Select(part => part.Split('=')))
            {
                Assert.True(found.TryAdd(pair[0], pair.Length == 1 ? null : string.Join('=', pair[1..])), $"{pair[0]} twice: {header}");
            }

            foreach ((string name, string? value) in found)
            {
                bool isLegal = name switch
                {
                    ServerNoContextTakeover or ClientNoContextTakeover => value is null,
                    ServerMaxWindowBits => BitsOf(value) is not null,
                    ClientMaxWindowBits => value is null || BitsOf(value) is not null,
                    _ => false,
                };
                Assert.True(isLegal, $"{name}={value} is not a parameter of {Extension} (§7.1): {header}");
            }

            return new Parameters(
                found.ContainsKey(ServerNoContextTakeover), found.ContainsKey(ClientNoContextTakeover), BitsOf(found.GetValueOrDefault(ServerMaxWindowBits)),
                found.ContainsKey(ClientMaxWindowBits), BitsOf(found.GetValueOrDefault(ClientMaxWindowBits)));
        }

        public override string ToString() => Extension + (ServerNoTakeover ? "; " + ServerNoContextTakeover : "")
            + (ClientNoTakeover ? "; " + ClientNoContextTakeover : "") + (ServerBits is int server ? $"; {ServerMaxWindowBits}={server}" : "")
            + (!HasClientBits ? "" : ClientBits is int client ? $"; {ClientMaxWindowBits}={client}" : "; " + ClientMaxWindowBits);

        // §7.1.2: 8 to 15, decimal, without leading zeros.
        private static int? BitsOf(string? value) =>
            Enumerable.Range(8, 8).Where(bits => bits.ToString(CultureInfo.InvariantCulture) == value).Select(bits => (int?)bits).FirstOrDefault();
    }
}
