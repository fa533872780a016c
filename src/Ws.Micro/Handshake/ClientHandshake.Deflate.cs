namespace Ws.Micro.Handshake;

// permessage-deflate in the client's handshake (RFC 7692 §5).
public sealed partial class ClientHandshake
{
    private readonly DeflateOptions? _deflate;

    /// <inheritdoc cref="ClientHandshake(byte[], byte[], string[])"/>
    /// <param name="buffer">Takes the response's head; its size is the limit of the head in bytes.</param>
    /// <param name="nonce">16 fresh bytes of a random source (§4.1).</param>
    /// <param name="subprotocols">The subprotocols to offer, in order of preference; each a token, none twice.</param>
    /// <param name="deflate">What to offer for permessage-deflate; null: nothing.</param>
    public ClientHandshake(byte[] buffer, byte[] nonce, string[] subprotocols, DeflateOptions? deflate)
        : this(buffer, nonce, subprotocols) => _deflate = deflate;

    /// <summary>What the server agreed to for permessage-deflate, or null.</summary>
    public DeflateParameters? Deflate;

    partial void WriteOffer(ref string head)
    {
        if (_deflate != null)
        {
            head += "\r\nSec-WebSocket-Extensions: " + DeflateNegotiation.WriteOffer(_deflate);
        }
    }

    // RFC 7692 §7.1: parameters that do not answer the offer fail the connection. It was offered once, so it may be there once.
    partial void CheckExtension(int start, int end, ref HandshakeError error)
    {
        if (_deflate != null && Deflate == null && DeflateNegotiation.IsNamed(Head.Buffer, start, end))
        {
            Deflate = DeflateNegotiation.CheckResponse(Head.Buffer, start, end, _deflate);
            error = Deflate == null ? HandshakeError.DeflateNotAsOffered : HandshakeError.None;
        }
    }
}
