namespace Ws.Micro.Handshake;

/// <summary>
/// Negotiates permessage-deflate (RFC 7692 §5 and §7.1): as a server takes the first offer that it can keep, as a client makes an offer and
/// checks the answer against it. The rules, by parameter:
/// <code>
///                             in an offer             in a response                       both
/// server_no_context_takeover  no value                no value                            once
/// client_no_context_takeover  no value                no value                            once
/// server_max_window_bits      8 to 15                 8 to 15, not above the offer's      once, decimal without leading zeros
/// client_max_window_bits      8 to 15, or no value    8 to 15, only where offered         once, decimal without leading zeros
/// </code>
/// An offer that breaks one is declined and the next is tried (§5.1); a response that breaks one fails the connection (§7.1).
/// </summary>
public static class DeflateNegotiation
{
    private static readonly byte[] Name = Ascii.Bytes("permessage-deflate");
    private static readonly byte[] ServerNoContextTakeover = Ascii.Bytes("server_no_context_takeover");
    private static readonly byte[] ClientNoContextTakeover = Ascii.Bytes("client_no_context_takeover");
    private static readonly byte[] ServerMaxWindowBits = Ascii.Bytes("server_max_window_bits");
    private static readonly byte[] ClientMaxWindowBits = Ascii.Bytes("client_max_window_bits");

    /// <summary>
    /// As a server: what to agree to, of the offers in a Sec-WebSocket-Extensions value; null where none can be kept. Allocates.
    /// </summary>
    public static DeflateParameters? Accept(byte[] text, int start, int end, DeflateOptions options)
    {
        ExtensionReader reader = new(text, start, end);
        while (reader.NextExtension())
        {
            DeflateParameters? offer = ReadParameters(ref reader, text, true);
            if (offer == null)
            {
                continue;
            }

            // §7.1.2.2: a client that does not offer client_max_window_bits cannot be told to use less than 15.
            if (!offer.HasClientWindowBits && options.MaxReceiveWindowBits < DeflateParameters.MaxWindowBits)
            {
                continue;
            }

            offer.ServerWindowBits = Min(offer.ServerWindowBits, options.MaxSendWindowBits);
            offer.ClientWindowBits = Min(offer.ClientWindowBits, options.MaxReceiveWindowBits);
            offer.ServerNoContextTakeover |= !options.SendContextTakeover;
            offer.ClientNoContextTakeover |= !options.ReceiveContextTakeover;
            return offer;
        }

        return null;
    }

    /// <summary>As a server: the Sec-WebSocket-Extensions value that says what was agreed, in ASCII. Allocates.</summary>
    public static byte[] WriteResponse(DeflateParameters agreed)
    {
        string value = "permessage-deflate";
        if (agreed.ServerNoContextTakeover)
        {
            value += "; server_no_context_takeover";
        }

        if (agreed.ClientNoContextTakeover)
        {
            value += "; client_no_context_takeover";
        }

        if (agreed.HasServerWindowBits || agreed.ServerWindowBits < DeflateParameters.MaxWindowBits)
        {
            value += "; server_max_window_bits=" + agreed.ServerWindowBits.ToString();
        }

        if (agreed.HasClientWindowBits && agreed.ClientWindowBits < DeflateParameters.MaxWindowBits)
        {
            value += "; client_max_window_bits=" + agreed.ClientWindowBits.ToString();
        }

        return Ascii.Bytes(value);
    }

    /// <summary>As a client: the Sec-WebSocket-Extensions value that offers what <paramref name="options"/> allow, in ASCII. Allocates.</summary>
    public static byte[] WriteOffer(DeflateOptions options)
    {
        string value = "permessage-deflate";
        if (!options.ReceiveContextTakeover)
        {
            value += "; server_no_context_takeover";
        }

        if (!options.SendContextTakeover)
        {
            // §7.1.1.2: a hint, which lets the server keep less.
            value += "; client_no_context_takeover";
        }

        if (options.MaxReceiveWindowBits < DeflateParameters.MaxWindowBits)
        {
            value += "; server_max_window_bits=" + options.MaxReceiveWindowBits.ToString();
        }

        value += options.MaxSendWindowBits < DeflateParameters.MaxWindowBits
            ? "; client_max_window_bits=" + options.MaxSendWindowBits.ToString()
            : "; client_max_window_bits";
        return Ascii.Bytes(value);
    }

    /// <summary>
    /// As a client: what a response agrees to, of what <see cref="WriteOffer"/> offered with the same options; null where the response is not
    /// an answer to that offer, which fails the connection. Allocates.
    /// </summary>
    public static DeflateParameters? CheckResponse(byte[] text, int start, int end, DeflateOptions options)
    {
        ExtensionReader reader = new(text, start, end);
        DeflateParameters? agreed = reader.NextExtension() ? ReadParameters(ref reader, text, false) : null;
        if (agreed == null || reader.NextExtension() || reader.IsMalformed)
        {
            return null;
        }

        // §7.1.1.1, §7.1.2.1: the server must take what the offer asked for, and may go further. Silence would mean 15.
        if (agreed.ServerWindowBits > options.MaxReceiveWindowBits || (!agreed.ServerNoContextTakeover && !options.ReceiveContextTakeover))
        {
            return null;
        }

        agreed.ClientWindowBits = Min(agreed.ClientWindowBits, options.MaxSendWindowBits);
        agreed.ClientNoContextTakeover |= !options.SendContextTakeover;
        return agreed;
    }

    // Whether the first extension of a Sec-WebSocket-Extensions value is permessage-deflate.
    internal static bool IsNamed(byte[] text, int start, int end)
    {
        ExtensionReader reader = new(text, start, end);
        return reader.NextExtension() && Ascii.EqualsIgnoreCase(text, reader.NameStart, reader.NameCount, Name);
    }

    // The parameters of the extension whose name the reader is at; null where it is another, or breaks a rule.
    private static DeflateParameters? ReadParameters(ref ExtensionReader reader, byte[] text, bool isOffer)
    {
        bool ok = Ascii.EqualsIgnoreCase(text, reader.NameStart, reader.NameCount, Name);
        DeflateParameters found = new();
        while (reader.NextParameter())
        {
            if (Is(ref reader, text, ServerNoContextTakeover))
            {
                ok &= !reader.HasValue && !found.ServerNoContextTakeover;
                found.ServerNoContextTakeover = true;
            }
            else if (Is(ref reader, text, ClientNoContextTakeover))
            {
                ok &= !reader.HasValue && !found.ClientNoContextTakeover;
                found.ClientNoContextTakeover = true;
            }
            else if (Is(ref reader, text, ServerMaxWindowBits))
            {
                int bits = WindowBits(ref reader, text);
                ok &= bits > 0 && !found.HasServerWindowBits;
                found.HasServerWindowBits = true;
                found.ServerWindowBits = bits;
            }
            else if (Is(ref reader, text, ClientMaxWindowBits))
            {
                int bits = !reader.HasValue && isOffer ? DeflateParameters.MaxWindowBits : WindowBits(ref reader, text);
                ok &= bits > 0 && !found.HasClientWindowBits;
                found.HasClientWindowBits = true;
                found.ClientWindowBits = bits;
            }
            else
            {
                ok = false;
            }
        }

        return ok && !reader.IsMalformed ? found : null;
    }

    private static bool Is(ref ExtensionReader reader, byte[] text, byte[] name) =>
        Ascii.EqualsIgnoreCase(text, reader.NameStart, reader.NameCount, name);

    // §7.1.2: a decimal integer from 8 to 15 without leading zeros; 0 for anything else.
    private static int WindowBits(ref ExtensionReader reader, byte[] text)
    {
        int at = reader.ValueStart;
        if (!reader.HasValue || reader.ValueCount < 1 || reader.ValueCount > 2)
        {
            return 0;
        }

        int bits = text[at] - '0';
        if (reader.ValueCount == 2)
        {
            int low = text[at + 1] - '0';
            bits = bits == 1 && low >= 0 && low <= 9 ? 10 + low : 0;
        }

        return bits >= DeflateParameters.MinWindowBits && bits <= DeflateParameters.MaxWindowBits ? bits : 0;
    }

    private static int Min(int a, int b) => a < b ? a : b;
}
