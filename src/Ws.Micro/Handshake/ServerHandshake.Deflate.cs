namespace Ws.Micro.Handshake;

// permessage-deflate in the server's handshake (RFC 7692 §5).
public sealed partial class ServerHandshake
{
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

    partial void CheckExtensions(int start, int end, ref HandshakeError error)
    {
        if (!ExtensionReader.IsWellFormed(Head.Buffer, start, end))
        {
            error = HandshakeError.BadExtension;
        }
    }
}
