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
    private const int Name = 0, ServerNoContextTakeover = 1, ClientNoContextTakeover = 2, ServerMaxWindowBits = 3, ClientMaxWindowBits = 4;

    private static readonly string[] Texts =
        "permessage-deflate server_no_context_takeover client_no_context_takeover server_max_window_bits client_max_window_bits".Split(' ');

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

            return Limit(
                offer, options.MaxSendWindowBits, options.MaxReceiveWindowBits, !options.SendContextTakeover, !options.ReceiveContextTakeover);
        }

        return null;
    }

    /// <summary>As a server: the Sec-WebSocket-Extensions value that says what was agreed, in ASCII. Allocates.</summary>
    public static string WriteResponse(DeflateParameters agreed) => Write(
        agreed.ServerNoContextTakeover,
        agreed.ClientNoContextTakeover,
        agreed.HasServerWindowBits || agreed.ServerWindowBits < DeflateParameters.MaxWindowBits ? agreed.ServerWindowBits : 0,
        agreed.HasClientWindowBits && agreed.ClientWindowBits < DeflateParameters.MaxWindowBits ? agreed.ClientWindowBits : 0);

    /// <summary>As a client: the Sec-WebSocket-Extensions value that offers what <paramref name="options"/> allow, in ASCII. Allocates.</summary>
    public static string WriteOffer(DeflateOptions options) => Write(
        !options.ReceiveContextTakeover,
        !options.SendContextTakeover, // §7.1.1.2: a hint, which lets the server keep less.
        options.MaxReceiveWindowBits < DeflateParameters.MaxWindowBits ? options.MaxReceiveWindowBits : 0,
        options.MaxSendWindowBits);

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

        return Limit(agreed, DeflateParameters.MaxWindowBits, options.MaxSendWindowBits, false, !options.SendContextTakeover);
    }

    // Whether the first extension of a Sec-WebSocket-Extensions value is permessage-deflate.
    internal static bool IsNamed(byte[] text, int start, int end)
    {
        ExtensionReader reader = new(text, start, end);
        return reader.NextExtension() && Find(ref reader, text) == Name;
    }

    // The parameters of the extension whose name the reader is at; null where it is another, or breaks a rule.
    private static DeflateParameters? ReadParameters(ref ExtensionReader reader, byte[] text, bool isOffer)
    {
        bool ok = Find(ref reader, text) == Name;
        int serverWindowBits = DeflateParameters.MaxWindowBits;
        int clientWindowBits = DeflateParameters.MaxWindowBits;

        // A bit for each parameter that was there.
        int given = 0;
        while (reader.NextParameter())
        {
            int parameter = Find(ref reader, text);
            ok &= (given & (1 << parameter)) == 0;
            given |= 1 << parameter;
            switch (parameter)
            {
                case ServerNoContextTakeover:
                case ClientNoContextTakeover:
                    ok &= !reader.HasValue;
                    break;

                case ServerMaxWindowBits:
                    serverWindowBits = WindowBits(ref reader, text);
                    ok &= serverWindowBits > 0;
                    break;

                case ClientMaxWindowBits:
                    clientWindowBits = !reader.HasValue && isOffer ? DeflateParameters.MaxWindowBits : WindowBits(ref reader, text);
                    ok &= clientWindowBits > 0;
                    break;

                default:
                    ok = false;
                    break;
            }
        }

        return !ok || reader.IsMalformed
            ? null
            : new DeflateParameters(
                serverWindowBits, clientWindowBits, (given & (1 << ServerNoContextTakeover)) != 0, (given & (1 << ClientNoContextTakeover)) != 0)
            {
                HasServerWindowBits = (given & (1 << ServerMaxWindowBits)) != 0,
                HasClientWindowBits = (given & (1 << ClientMaxWindowBits)) != 0,
            };
    }

    // What was offered, or answered, with what we ask for besides.
    private static DeflateParameters Limit(
        DeflateParameters asked, int serverWindowBits, int clientWindowBits, bool serverNoContextTakeover, bool clientNoContextTakeover) =>
        new(
            Min(asked.ServerWindowBits, serverWindowBits),
            Min(asked.ClientWindowBits, clientWindowBits),
            asked.ServerNoContextTakeover || serverNoContextTakeover,
            asked.ClientNoContextTakeover || clientNoContextTakeover)
        {
            HasServerWindowBits = asked.HasServerWindowBits,
            HasClientWindowBits = asked.HasClientWindowBits,
        };

    // Window bits of 0: not written; of 15 for the client: written without a value.
    private static string Write(bool serverNoContextTakeover, bool clientNoContextTakeover, int serverWindowBits, int clientWindowBits)
    {
        string value = Texts[Name];
        if (serverNoContextTakeover)
        {
            value += "; " + Texts[ServerNoContextTakeover];
        }

        if (clientNoContextTakeover)
        {
            value += "; " + Texts[ClientNoContextTakeover];
        }

        if (serverWindowBits > 0)
        {
            value += "; " + Texts[ServerMaxWindowBits] + "=" + serverWindowBits.ToString();
        }

        if (clientWindowBits > 0)
        {
            value += "; " + Texts[ClientMaxWindowBits];
            if (clientWindowBits < DeflateParameters.MaxWindowBits)
            {
                value += "=" + clientWindowBits.ToString();
            }
        }

        return value;
    }

    private static int Find(ref ExtensionReader reader, byte[] text) => Ascii.IndexOf(Texts, text, reader.NameStart, reader.NameStart + reader.NameCount, true);

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
