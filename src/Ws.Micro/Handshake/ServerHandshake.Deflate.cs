namespace Ws.Micro.Handshake;

// permessage-deflate in the server's handshake (RFC 7692 §5).
public sealed partial class ServerHandshake
{
    // What WriteAccept answers to the client's extensions, or null.
    internal string? Extensions;

    /// <summary>
    /// What to agree on for permessage-deflate: the first of the client's offers, in its order, that <paramref name="options"/> allow (RFC 7692
    /// §5.1); null where none is. Allocates.
    /// </summary>
    public DeflateParameters? SelectDeflate(DeflateOptions options)
    {
        DeflateParameters? agreed = null;
        Head.Rewind();
        while (agreed == null && Head.NextHeader())
        {
            if (Head.Name == Tokens.SecWebSocketExtensions)
            {
                agreed = DeflateNegotiation.Accept(Head.Buffer, Head.ValueStart, Head.ValueEnd, options);
            }
        }

        return agreed;
    }

    /// <inheritdoc cref="WriteAccept(byte[], string)"/>
    /// <param name="output">At least 320 bytes, and the length of the subprotocol.</param>
    /// <param name="subprotocol">One that the client offered (§4.2.2), in ASCII, or null.</param>
    /// <param name="extensions">What was agreed, as <see cref="DeflateNegotiation.WriteResponse"/> gives it, or null.</param>
    public int WriteAccept(byte[] output, string? subprotocol, string? extensions)
    {
        Extensions = extensions;
        return WriteAccept(output, subprotocol);
    }

    partial void WriteExtensions(byte[] output, ref int at)
    {
        if (Extensions != null)
        {
            at = Ascii.Write(Extensions, output, Ascii.Write("\r\nSec-WebSocket-Extensions: ", output, at));
        }
    }

    partial void CheckExtensions(ref HandshakeError error)
    {
        if (!ExtensionReader.IsWellFormed(Head.Buffer, Head.ValueStart, Head.ValueEnd))
        {
            error = HandshakeError.BadExtension;
        }
    }
}
