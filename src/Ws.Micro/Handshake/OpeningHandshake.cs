namespace Ws.Micro.Handshake;

/// <summary>What both sides of an opening handshake have: the peer's head, and what is wrong with it.</summary>
public abstract class OpeningHandshake
{
    private protected const string Upgrade = "\r\nUpgrade: websocket\r\nConnection: Upgrade", Version = "\r\nSec-WebSocket-Version: 13";

    private protected OpeningHandshake(byte[] buffer) => Head = new HttpHead(buffer);

    /// <summary>The peer's head: a server's request, a client's response.</summary>
    public readonly HttpHead Head;

    /// <summary>Why the handshake failed, or the request is refused.</summary>
    public HandshakeError Error;

    /// <summary>Goes on over <paramref name="count"/> bytes that the caller has put into the head's buffer; checks the head once it is whole.</summary>
    public HandshakeStatus Read(int count)
    {
        HandshakeStatus status = Head.Read(count);
        if (status == HandshakeStatus.NeedMore)
        {
            return status;
        }

        Error = status == HandshakeStatus.Refused ? Head.Error : Check();
        return Error == HandshakeError.None ? HandshakeStatus.Done : HandshakeStatus.Refused;
    }

    private protected abstract HandshakeError Check();
}
