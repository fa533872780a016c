using System;
using System.Text;
using Ws.Micro.Handshake;

namespace Ws.Micro.Tests;

/// <summary>What is agreed on for permessage-deflate, by role (RFC 7692 §5, §7.1).</summary>
public sealed class DeflateNegotiationTests
{
    private const string Offer = "permessage-deflate";

    [Theory]
    [InlineData("permessage-deflate", "permessage-deflate")]
    [InlineData("Permessage-Deflate", "permessage-deflate")]
    [InlineData("permessage-deflate; client_max_window_bits", "permessage-deflate")]
    [InlineData("permessage-deflate; server_no_context_takeover", "permessage-deflate; server_no_context_takeover")]
    [InlineData("permessage-deflate; client_no_context_takeover", "permessage-deflate; client_no_context_takeover")]
    [InlineData("permessage-deflate; server_max_window_bits=8", "permessage-deflate; server_max_window_bits=8")]
    [InlineData("permessage-deflate; server_max_window_bits=15", "permessage-deflate; server_max_window_bits=15")]
    [InlineData("permessage-deflate; server_max_window_bits=\"10\"", "permessage-deflate; server_max_window_bits=10")]
    [InlineData("permessage-deflate; client_max_window_bits=8", "permessage-deflate; client_max_window_bits=8")]
    [InlineData("permessage-deflate; client_max_window_bits=15", "permessage-deflate")]
    [InlineData("x-other; a=1, permessage-deflate;server_max_window_bits = 12", "permessage-deflate; server_max_window_bits=12")]
    [InlineData("permessage-deflate; server_max_window_bits=7, permessage-deflate; server_max_window_bits=9", "permessage-deflate; server_max_window_bits=9")]
    [InlineData("permessage-deflate; unknown, permessage-deflate", "permessage-deflate")]
    [InlineData("permessage-deflate; server_no_context_takeover; server_no_context_takeover, permessage-deflate", "permessage-deflate")]
    public void A_server_takes_the_first_offer_that_it_can_keep(string offers, string response) =>
        Assert.Equal(response, Respond(offers, new DeflateOptions()));

    [Theory]
    [InlineData("")]
    [InlineData("x-webkit-deflate-frame")]
    [InlineData("permessage-deflate; server_max_window_bits")]
    [InlineData("permessage-deflate; server_max_window_bits=7")]
    [InlineData("permessage-deflate; server_max_window_bits=16")]
    [InlineData("permessage-deflate; server_max_window_bits=\"\"")]
    [InlineData("permessage-deflate; server_max_window_bits=08")]
    [InlineData("permessage-deflate; server_max_window_bits=+9")]
    [InlineData("permessage-deflate; server_max_window_bits=9.0")]
    [InlineData("permessage-deflate; server_max_window_bits=010")]
    [InlineData("permessage-deflate; server_max_window_bits=9; server_max_window_bits=9")]
    [InlineData("permessage-deflate; client_max_window_bits=7")]
    [InlineData("permessage-deflate; client_max_window_bits=16")]
    [InlineData("permessage-deflate; client_max_window_bits; client_max_window_bits=9")]
    [InlineData("permessage-deflate; server_no_context_takeover=1")]
    [InlineData("permessage-deflate; client_no_context_takeover=\"true\"")]
    [InlineData("permessage-deflate; unknown")]
    [InlineData("permessage-deflate; unknown=1; server_max_window_bits=9")]
    public void A_server_declines_an_offer_that_breaks_a_rule(string offers) =>
        Assert.Null(Respond(offers, new DeflateOptions()));

    [Fact]
    public void A_servers_policy_bounds_what_is_agreed()
    {
        DeflateOptions small = new() { MaxSendWindowBits = 9, MaxReceiveWindowBits = 10, SendContextTakeover = false, ReceiveContextTakeover = false };
        const string All = "permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=9; client_max_window_bits=10";
        Assert.Equal(All, Respond("permessage-deflate; client_max_window_bits", small));
        Assert.Equal(All, Respond("permessage-deflate; client_max_window_bits=15; server_max_window_bits=12", small));

        // §7.1.2.2: who does not offer the parameter may use 15 bits, which is more than this server has.
        Assert.Null(Respond(Offer, small));
        Assert.Equal(All, Respond("permessage-deflate, permessage-deflate; client_max_window_bits", small));
    }

    [Theory]
    [InlineData("permessage-deflate", 15, 15, false, false)]
    [InlineData("permessage-deflate; server_max_window_bits=8; client_max_window_bits=9", 8, 9, false, false)]
    [InlineData("permessage-deflate; server_no_context_takeover; client_no_context_takeover", 15, 15, true, true)]
    [InlineData("PERMESSAGE-DEFLATE; server_max_window_bits=\"11\"", 11, 15, false, false)]
    public void A_client_takes_what_the_server_agrees_to(string response, int serverBits, int clientBits, bool serverFresh, bool clientFresh)
    {
        DeflateParameters? agreed = Check(response, new DeflateOptions());
        Assert.NotNull(agreed);
        Assert.Equal(serverBits, agreed.ServerWindowBits);
        Assert.Equal(clientBits, agreed.ClientWindowBits);
        Assert.Equal(serverFresh, agreed.ServerNoContextTakeover);
        Assert.Equal(clientFresh, agreed.ClientNoContextTakeover);
    }

    [Theory]
    [InlineData("")]
    [InlineData("x-other")]
    [InlineData("permessage-deflate, permessage-deflate")]
    [InlineData("permessage-deflate, x-other")]
    [InlineData("permessage-deflate; unknown")]
    [InlineData("permessage-deflate; client_max_window_bits")]
    [InlineData("permessage-deflate; client_max_window_bits=7")]
    [InlineData("permessage-deflate; server_max_window_bits=16")]
    [InlineData("permessage-deflate; server_max_window_bits=08")]
    [InlineData("permessage-deflate; server_max_window_bits=\"\"")]
    [InlineData("permessage-deflate; server_no_context_takeover=0")]
    [InlineData("permessage-deflate; server_no_context_takeover; server_no_context_takeover")]
    [InlineData("permessage-deflate; server_max_window_bits=\"9")]
    public void A_client_refuses_a_response_that_breaks_a_rule(string response) =>
        Assert.Null(Check(response, new DeflateOptions()));

    [Theory]
    [InlineData("permessage-deflate")]
    [InlineData("permessage-deflate; server_max_window_bits=10")]
    [InlineData("permessage-deflate; server_max_window_bits=9")]
    [InlineData("permessage-deflate; server_no_context_takeover")]
    [InlineData("permessage-deflate; server_no_context_takeover; server_max_window_bits=10")]
    public void A_client_refuses_a_response_that_does_not_take_what_the_offer_asked(string response) =>
        Assert.Null(Check(response, new DeflateOptions { MaxReceiveWindowBits = 9, ReceiveContextTakeover = false }));

    [Fact]
    public void Every_pair_of_policies_comes_to_an_agreement_that_keeps_both()
    {
        foreach (DeflateOptions client in Policies())
        {
            foreach (DeflateOptions server in Policies())
            {
                byte[] offer = Encoding.ASCII.GetBytes(DeflateNegotiation.WriteOffer(client));
                DeflateParameters? theirs = DeflateNegotiation.Accept(offer, 0, offer.Length, server);
                Assert.NotNull(theirs);
                byte[] response = Encoding.ASCII.GetBytes(DeflateNegotiation.WriteResponse(theirs));
                DeflateParameters? ours = DeflateNegotiation.CheckResponse(response, 0, response.Length, client);
                Assert.NotNull(ours);
                Assert.Equal(theirs.ServerWindowBits, ours.ServerWindowBits);
                Assert.Equal(theirs.ServerNoContextTakeover, ours.ServerNoContextTakeover);
                Assert.Equal(theirs.ClientNoContextTakeover, ours.ClientNoContextTakeover);
                Assert.Equal(theirs.ClientWindowBits, ours.ClientWindowBits);
                Assert.True(ours.ServerWindowBits <= Math.Min(server.MaxSendWindowBits, client.MaxReceiveWindowBits));
                Assert.True(ours.ClientWindowBits <= Math.Min(client.MaxSendWindowBits, server.MaxReceiveWindowBits));
            }
        }
    }

    private static DeflateOptions[] Policies()
    {
        DeflateOptions[] all = new DeflateOptions[8 * 8 * 4];
        for (int i = 0; i < all.Length; i++)
        {
            all[i] = new DeflateOptions
            {
                MaxSendWindowBits = 8 + (i & 7),
                MaxReceiveWindowBits = 8 + ((i >> 3) & 7),
                SendContextTakeover = (i & 64) != 0,
                ReceiveContextTakeover = (i & 128) != 0,
            };
        }

        return all;
    }

    private static string? Respond(string offers, DeflateOptions options)
    {
        byte[] text = Encoding.ASCII.GetBytes(offers);
        DeflateParameters? agreed = DeflateNegotiation.Accept(text, 0, text.Length, options);
        return agreed == null ? null : DeflateNegotiation.WriteResponse(agreed);
    }

    private static DeflateParameters? Check(string response, DeflateOptions options)
    {
        byte[] text = Encoding.ASCII.GetBytes(response);
        return DeflateNegotiation.CheckResponse(text, 0, text.Length, options);
    }
}
