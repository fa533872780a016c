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
        byte[] text = _head.Buffer;
        DeflateParameters? agreed = null;
        for (int line = _head.NextLine(0); agreed == null && _head.IsHeader(line); line = _head.NextLine(line))
        {
            _head.Split(line, out int nameEnd, out int start, out int end);
            if (Ascii.EqualsIgnoreCase(text, line, nameEnd - line, HeaderNames.SecWebSocketExtensions))
            {
                agreed = DeflateNegotiation.Accept(text, start, end, options);
            }
        }

        return agreed;
    }

    partial void CheckExtensions(int start, int end, ref HandshakeError error)
    {
        if (!ExtensionReader.IsWellFormed(_head.Buffer, start, end))
        {
            error = HandshakeError.BadExtension;
        }
    }
}
