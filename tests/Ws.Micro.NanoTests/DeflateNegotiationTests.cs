using nanoFramework.TestFramework;
using Ws.Micro.Handshake;
using Ws.Micro.NanoTests.Support;

namespace Ws.Micro.NanoTests;

/// <summary>The negotiation of permessage-deflate (RFC 7692 §7.1).</summary>
[TestClass]
public static class DeflateNegotiationTests
{
    [TestMethod]
    public static void A_small_window_both_ways_is_offered_and_agreed()
    {
        DeflateOptions options = new() { MaxSendWindowBits = 10, MaxReceiveWindowBits = 10 };
        byte[] offer = Bytes.Of(DeflateNegotiation.WriteOffer(options));
        DeflateParameters atServer = DeflateNegotiation.Accept(offer, 0, offer.Length, new DeflateOptions())!;
        byte[] response = Bytes.Of(DeflateNegotiation.WriteResponse(atServer));
        DeflateParameters atClient = DeflateNegotiation.CheckResponse(response, 0, response.Length, options)!;

        Expect.Same(Bytes.Of("permessage-deflate; server_max_window_bits=10; client_max_window_bits=10"), offer, "offer");
        Expect.Same(offer, response, "response");
        Assert.AreEqual("10 10 False False", Show(atServer));
        Assert.AreEqual("10 10 False False", Show(atClient));
    }

    [TestMethod]
    public static void The_server_takes_the_first_offer_that_it_can_keep()
    {
        DeflateOptions small = new() { MaxSendWindowBits = 9, MaxReceiveWindowBits = 10 };

        Agrees("permessage-deflate", new DeflateOptions(), "15 15 False False");
        Agrees("permessage-deflate; client_max_window_bits", small, "9 10 False False");
        Agrees("permessage-deflate; client_max_window_bits=8; server_no_context_takeover", small, "9 8 True False");
        Agrees("x-other, permessage-deflate; client_max_window_bits; server_max_window_bits=8", small, "8 10 False False");
        Agrees("permessage-deflate; client_max_window_bits=99, permessage-deflate; client_max_window_bits", small, "9 10 False False");
        Agrees("permessage-deflate; client_max_window_bits", new DeflateOptions { SendContextTakeover = false }, "15 15 True False");
    }

    [TestMethod]
    public static void Offers_that_break_a_rule_or_ask_too_much_are_declined()
    {
        DeflateOptions small = new() { MaxSendWindowBits = 10, MaxReceiveWindowBits = 10 };

        Declines("permessage-deflate", small);
        Declines("permessage-deflate; server_max_window_bits", new DeflateOptions());
        Declines("permessage-deflate; server_max_window_bits=7", new DeflateOptions());
        Declines("permessage-deflate; server_max_window_bits=16", new DeflateOptions());
        Declines("permessage-deflate; server_max_window_bits=08", new DeflateOptions());
        Declines("permessage-deflate; server_no_context_takeover=1", new DeflateOptions());
        Declines("permessage-deflate; server_no_context_takeover; server_no_context_takeover", new DeflateOptions());
        Declines("permessage-deflate; unknown", new DeflateOptions());
        Declines("permessage-bzip2", new DeflateOptions());
    }

    [TestMethod]
    public static void A_response_must_answer_the_offer()
    {
        DeflateOptions offered = new() { MaxSendWindowBits = 10, MaxReceiveWindowBits = 10 };

        Assert.AreEqual("9 10 False False", Show(Check("permessage-deflate; server_max_window_bits=9", offered)!));
        Assert.AreEqual("10 8 True True", Show(Check(
            "permessage-deflate; client_no_context_takeover; server_no_context_takeover; client_max_window_bits=8; server_max_window_bits=10",
            offered)!));
        Assert.IsNull(Check("permessage-deflate", offered), "a window of 15 was not offered");
        Assert.IsNull(Check("permessage-deflate; server_max_window_bits=11", offered));
        Assert.IsNull(Check("permessage-deflate; server_max_window_bits=10; client_max_window_bits", offered));
        Assert.IsNull(Check("permessage-deflate; server_max_window_bits=10, permessage-deflate; server_max_window_bits=10", offered));
        Assert.IsNull(Check("x-other", offered));
    }

    private static void Agrees(string offer, DeflateOptions options, string expected)
    {
        byte[] text = Bytes.Of(offer);
        Assert.AreEqual(expected, Show(DeflateNegotiation.Accept(text, 0, text.Length, options)!), offer);
    }

    private static void Declines(string offer, DeflateOptions options)
    {
        byte[] text = Bytes.Of(offer);
        Assert.IsNull(DeflateNegotiation.Accept(text, 0, text.Length, options), offer);
    }

    private static DeflateParameters? Check(string response, DeflateOptions offered)
    {
        byte[] text = Bytes.Of(response);
        return DeflateNegotiation.CheckResponse(text, 0, text.Length, offered);
    }

    // The server's and the client's window, and whether each begins every message anew.
    private static string Show(DeflateParameters agreed) =>
        agreed.ServerWindowBits.ToString() + " " + agreed.ClientWindowBits.ToString() + " "
        + (agreed.ServerNoContextTakeover ? "True" : "False") + " " + (agreed.ClientNoContextTakeover ? "True" : "False");
}
