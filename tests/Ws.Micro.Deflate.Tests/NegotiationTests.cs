using System;
using System.Linq;
using System.Text;
using Ws.Micro.Handshake;
using Ws.Micro.Tests.Support;

namespace Ws.Micro.Deflate.Tests;

/// <summary>
/// The parameters of permessage-deflate in whole handshakes, each head at every byte split (RFC 7692 §5.1, §7.1): pitfalls D3, D4 and D5. Every
/// pair of policies is in Ws.Micro.Tests, DeflateNegotiationTests.
/// </summary>
public sealed class NegotiationTests
{
    private static readonly string[] Names = ["server_max_window_bits", "client_max_window_bits"];

    // No whole number from 8 to 15, written the one way that the RFC allows.
    private static readonly string[] NoBits =
        ["=7", "=16", "=\"\"", "=08", "=+9", "=9.0", "=-9", "=0", "=1", "=99", "=010", "=0x9", "=9a", "=\"9", "=\" 9\"", "=15.", "=150", "=eight"];

    public static MatrixTheoryData<string, string> BadBits { get; } = new(Names, NoBits);

    public static MatrixTheoryData<string, string> BadParameters { get; } = new(
        ["", "; server_max_window_bits=9", "; client_no_context_takeover"],
        [
            "server_max_window_bits=9; server_max_window_bits=9",
            "client_max_window_bits=9; client_max_window_bits=9",
            "client_max_window_bits; client_max_window_bits=9",
            "server_no_context_takeover; server_no_context_takeover",
            "client_no_context_takeover; client_no_context_takeover",
            "client_no_context_takeover; server_no_context_takeover; client_no_context_takeover",
            "server_no_context_takeover=1",
            "client_no_context_takeover=\"\"",
            "unknown",
            "unknown=9",
            "server_max_window_bit=9",
            "server_max_window_bitss=9",
            "x-mux; client_max_window_bits",
        ]);

    [Theory]
    [MemberData(nameof(BadBits))]
    public void D3_window_bits_that_are_none_decline_the_offer_and_fail_the_response(string name, string value)
    {
        AssertOffer(name + value, null);
        if (!IsMalformed(value))
        {
            AssertOffer(name + value + ", permessage-deflate; server_max_window_bits=10", "permessage-deflate; server_max_window_bits=10");
        }

        AssertResponse(name + value, HandshakeError.DeflateNotAsOffered);
    }

    [Fact]
    public void D3_a_value_missing_is_as_bad_but_in_the_one_place_where_it_may()
    {
        AssertOffer("server_max_window_bits", null);
        AssertResponse("server_max_window_bits", HandshakeError.DeflateNotAsOffered);
    }

    [Theory]
    [InlineData(8)]
    [InlineData(9)]
    [InlineData(10)]
    [InlineData(14)]
    [InlineData(15)]
    public void D3_each_number_of_bits_is_taken_quoted_or_not(int bits)
    {
        foreach (string written in new[] { $"{bits}", $"\"{bits}\"" })
        {
            AssertOffer("server_max_window_bits=" + written, $"permessage-deflate; server_max_window_bits={bits}");
            DeflateParameters agreed = AssertResponse($"server_max_window_bits={written}; client_max_window_bits={written}", HandshakeError.None)!;
            Assert.Equal((bits, bits), (agreed.ServerWindowBits, agreed.ClientWindowBits));
        }
    }

    [Fact]
    public void D4_client_max_window_bits_without_a_value_is_legal_in_an_offer_and_not_in_a_response()
    {
        AssertOffer("client_max_window_bits", "permessage-deflate");
        DeflateOptions small = new() { MaxReceiveWindowBits = 11 };
        AssertOffer("client_max_window_bits", "permessage-deflate; client_max_window_bits=11", small);

        AssertResponse("client_max_window_bits", HandshakeError.DeflateNotAsOffered);
        Assert.Equal(11, AssertResponse("client_max_window_bits=11", HandshakeError.None)!.ClientWindowBits);
    }

    [Fact]
    public void D4_a_client_that_does_not_offer_it_is_not_told_to_use_less()
    {
        // §7.1.2.2: so a server with less memory for it declines.
        AssertOffer("server_max_window_bits=9", null, new DeflateOptions { MaxReceiveWindowBits = 14 });
        AssertOffer("server_max_window_bits=9", "permessage-deflate; server_max_window_bits=9");
    }

    [Theory]
    [MemberData(nameof(BadParameters))]
    public void D5_an_unknown_parameter_or_one_that_stands_twice_declines_the_offer_and_the_next_is_tried(string before, string bad)
    {
        string offer = before.TrimStart(';', ' ') + (before.Length == 0 ? "" : "; ") + bad;
        AssertOffer(offer, null);
        AssertOffer(offer + ", permessage-deflate; server_max_window_bits=12, permessage-deflate", "permessage-deflate; server_max_window_bits=12");

        // In a header line of its own too.
        AssertOffer(offer + "\r\nSec-WebSocket-Extensions: x-mux, permessage-deflate; server_no_context_takeover", "permessage-deflate; server_no_context_takeover");
        AssertResponse(offer, HandshakeError.DeflateNotAsOffered);
    }

    [Fact]
    public void A_response_is_one_extension_that_was_offered_and_grants_what_was_asked()
    {
        DeflateOptions asking = new() { MaxReceiveWindowBits = 10, ReceiveContextTakeover = false };
        AssertResponse("server_max_window_bits=10; server_no_context_takeover", HandshakeError.None, asking);
        AssertResponse("server_max_window_bits=8; server_no_context_takeover", HandshakeError.None, asking);
        AssertResponse("server_max_window_bits=11; server_no_context_takeover", HandshakeError.DeflateNotAsOffered, asking);
        AssertResponse("server_no_context_takeover", HandshakeError.DeflateNotAsOffered, asking);
        AssertResponse("server_max_window_bits=10", HandshakeError.DeflateNotAsOffered, asking);
        AssertResponse("client_no_context_takeover, permessage-deflate", HandshakeError.DeflateNotAsOffered);
        AssertResponse("client_no_context_takeover, x-mux", HandshakeError.DeflateNotAsOffered);
        AssertResponse("client_no_context_takeover\r\nSec-WebSocket-Extensions: permessage-deflate", HandshakeError.ExtensionNotOffered);
        Heads.ReadResponse(Heads.Response("", "Sec-WebSocket-Extensions: x-mux"), HandshakeError.ExtensionNotOffered, deflate: new DeflateOptions());
        Heads.ReadResponse(Heads.Response("", "Sec-WebSocket-Extensions: permessage-deflate"), HandshakeError.ExtensionNotOffered);
        Assert.Null(Heads.ReadResponse(Heads.Response(), HandshakeError.None, deflate: new DeflateOptions()).Deflate);
    }

    [Fact]
    public void A_client_keeps_to_its_own_limits_though_the_server_grants_more()
    {
        DeflateParameters agreed = AssertResponse(
            "client_max_window_bits=12", HandshakeError.None, new DeflateOptions { MaxSendWindowBits = 9, SendContextTakeover = false })!;
        Assert.Equal((9, true, 15, false), (agreed.ClientWindowBits, agreed.ClientNoContextTakeover, agreed.ServerWindowBits, agreed.ServerNoContextTakeover));
    }

    [Fact]
    public void A_server_keeps_to_its_own_limits_though_the_client_allows_more()
    {
        DeflateOptions small = new() { MaxSendWindowBits = 9, MaxReceiveWindowBits = 10, SendContextTakeover = false, ReceiveContextTakeover = false };
        const string All = "permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=9; client_max_window_bits=10";
        AssertOffer("client_max_window_bits", All, small);
        AssertOffer("client_max_window_bits=12; server_max_window_bits=12", All, small);
    }

    private static void AssertOffer(string parameters, string? response, DeflateOptions? options = null)
    {
        string request = Heads.Request("", "Sec-WebSocket-Extensions: permessage-deflate; " + parameters);
        ServerHandshake handshake = Heads.Read(request, IsMalformed(parameters) ? HandshakeError.BadExtension : HandshakeError.None);
        DeflateParameters? agreed = IsMalformed(parameters) ? null : handshake.SelectDeflate(options ?? new DeflateOptions());
        Assert.Equal(response, agreed == null ? null : DeflateNegotiation.WriteResponse(agreed));
    }

    // RFC 6455 §9.1: quotes are closed, and hold a token. Such a header is no list of offers at all, and the request is refused.
    private static bool IsMalformed(string parameters) => parameters.Count(c => c == '"') % 2 != 0 || parameters.Contains("\" ", StringComparison.Ordinal);

    private static DeflateParameters? AssertResponse(string parameters, HandshakeError error, DeflateOptions? options = null)
    {
        string response = Heads.Response("", "Sec-WebSocket-Extensions: permessage-deflate; " + parameters);
        return Heads.ReadResponse(response, error, deflate: options ?? new DeflateOptions()).Deflate;
    }
}
