namespace Ws.Micro.Handshake;

/// <summary>
/// The server's side of the opening handshake (RFC 6455 §4.2) over fixed buffers: reads and checks the request, then writes the answer.
/// Allocates only at construction and where a method says so. Not safe for use by two threads at once.
/// </summary>
public sealed partial class ServerHandshake
{
    private readonly AcceptKey _acceptKey = new();
    private readonly byte[] _accept = new byte[AcceptKey.Size];
    private int _pathStart;
    private int _pathEnd;
    private int _keyStart;

    /// <param name="buffer">Takes the request's head; its size is the limit of the head in bytes.</param>
    public ServerHandshake(byte[] buffer) => Head = new HttpHead(buffer);

    /// <summary>The request's head.</summary>
    public readonly HttpHead Head;

    /// <summary>Why the request is refused.</summary>
    public HandshakeError Error;

    /// <summary>The path and query of the request, as sent: always begins with a slash. Allocates.</summary>
    public string GetPath() => Head.GetText(_pathStart, _pathEnd);

    /// <summary>Goes on over <paramref name="count"/> bytes that the caller has put into the head's buffer; checks the request once it is whole.</summary>
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

    /// <summary>
    /// Whether a browser's page may connect (§10.2): requests without an Origin come from no browser; others need each of theirs in
    /// <paramref name="allowed"/>, where "*" stands for any. Otherwise <see cref="Error"/> is set. Allocates.
    /// </summary>
    public bool CheckOrigin(string[] allowed)
    {
        Head.Rewind();
        while (Head.NextHeader())
        {
            if (Head.Name == Tokens.Origin && !IsAllowed(Head.ValueStart, Head.ValueEnd, allowed))
            {
                Error = HandshakeError.OriginNotAllowed;
                return false;
            }
        }

        return true;
    }

    /// <summary>The first of the client's subprotocols, in its order, that is in <paramref name="supported"/>; null where none is.</summary>
    public string? SelectSubprotocol(string[] supported)
    {
        byte[] text = Head.Buffer;
        Head.Rewind();
        while (Head.NextHeader())
        {
            if (Head.Name != Tokens.SecWebSocketProtocol)
            {
                continue;
            }

            ElementReader elements = new(text, Head.ValueStart, Head.ValueEnd);
            while (elements.Next())
            {
                for (int i = 0; i < supported.Length; i++)
                {
                    if (Ascii.Equals(text, elements.Start, elements.Count, supported[i]))
                    {
                        return supported[i];
                    }
                }
            }
        }

        return null;
    }

    /// <summary>
    /// Writes the 101 response and returns its size in bytes, or the size needed where that is more than <paramref name="output"/> has.
    /// </summary>
    /// <param name="output">At least 256 bytes, and the lengths of the other two.</param>
    /// <param name="subprotocol">One that the client offered (§4.2.2), in ASCII, or null.</param>
    /// <param name="extensions">What was agreed, such as DeflateNegotiation.WriteResponse gives, or null.</param>
    public int WriteAccept(byte[] output, byte[]? subprotocol, byte[]? extensions)
    {
        _acceptKey.Compute(Head.Buffer, _keyStart, _accept, 0);
        HeadWriter writer = new(output);
        writer.Write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ");
        writer.Write(_accept);
        if (subprotocol != null)
        {
            writer.Write("\r\nSec-WebSocket-Protocol: ");
            writer.Write(subprotocol);
        }

        if (extensions != null)
        {
            writer.Write("\r\nSec-WebSocket-Extensions: ");
            writer.Write(extensions);
        }

        writer.Write("\r\n\r\n");
        return writer.Size;
    }

    /// <summary>The HTTP status that answers <paramref name="error"/>.</summary>
    public static int StatusOf(HandshakeError error) =>
        error == HandshakeError.HeadTooLarge || error == HandshakeError.TooManyHeaders ? 431
        : error == HandshakeError.NotGet ? 405
        : error == HandshakeError.NotAnUpgrade || error == HandshakeError.BadVersion ? 426
        : error == HandshakeError.OriginNotAllowed ? 403
        : 400;

    /// <summary>
    /// Writes a response that refuses the request and closes the connection, and returns its size in bytes.
    /// </summary>
    /// <param name="output">At least 256 bytes.</param>
    /// <param name="status">A status of three digits, such as <see cref="StatusOf"/> gives, 404 or 503.</param>
    /// <param name="reason">Its reason phrase in ASCII, without control characters.</param>
    public static int WriteRefusal(byte[] output, int status, byte[] reason)
    {
        HeadWriter writer = new(output);
        writer.Write("HTTP/1.1 ");
        writer.WriteStatus(status);
        writer.Write(" ");
        writer.Write(reason);
        writer.Write("\r\nConnection: close\r\nContent-Length: 0\r\n");

        // §4.4: the server says which versions it speaks; RFC 9110 §15.5.22: and which protocol.
        writer.Write(status == 405 ? "Allow: GET\r\n\r\n" : status == 426 ? "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\r\n" : "\r\n");
        return writer.Size;
    }

    private HandshakeError Check()
    {
        HandshakeError error = CheckStartLine();
        if (error != HandshakeError.None)
        {
            return error;
        }

        byte[] text = Head.Buffer;
        int hosts = 0, keys = 0, versions = 0;
        bool upgrade = false, connection = false, versionOk = false;
        while (Head.NextHeader())
        {
            int start = Head.ValueStart;
            int end = Head.ValueEnd;
            switch (Head.Name)
            {
                case Tokens.Host:
                    hosts++;
                    if (start == end)
                    {
                        return HandshakeError.BadHost;
                    }

                    break;

                case Tokens.Upgrade:
                    upgrade |= ElementReader.Contains(text, start, end, Tokens.WebSocket);
                    break;

                case Tokens.Connection:
                    connection |= ElementReader.Contains(text, start, end, Tokens.Upgrade);
                    break;

                case Tokens.SecWebSocketVersion:
                    versions++;
                    versionOk = Ascii.Equals(text, start, end - start, "13");
                    break;

                case Tokens.SecWebSocketKey:
                    keys++;
                    _keyStart = start;
                    if (!IsKey(text, start, end))
                    {
                        error = HandshakeError.BadKey;
                    }

                    break;

                case Tokens.SecWebSocketProtocol:
                    if (!IsTokenList(text, start, end))
                    {
                        error = HandshakeError.BadSubprotocol;
                    }

                    break;

                case Tokens.SecWebSocketExtensions:
                    CheckExtensions(start, end, ref error);
                    break;

                case Tokens.ContentLength:
                case Tokens.TransferEncoding:
                    return HandshakeError.BodyNotAllowed;
            }
        }

        return hosts != 1 ? HandshakeError.BadHost
            : !upgrade || !connection ? HandshakeError.NotAnUpgrade
            : versions != 1 || !versionOk ? HandshakeError.BadVersion
            : keys != 1 ? HandshakeError.BadKey
            : error;
    }

    // Without any extension of its own, the library passes over what is offered.
    partial void CheckExtensions(int start, int end, ref HandshakeError error);

    // §4.2.1: GET, a path or an absolute http or https URI, and HTTP/1.1.
    private HandshakeError CheckStartLine()
    {
        byte[] text = Head.Buffer;
        int end = Head.Rewind();
        if (end < 4 || !Ascii.Equals(text, 0, 4, "GET "))
        {
            return HandshakeError.NotGet;
        }

        _pathStart = 4;
        _pathEnd = end - 9;
        if (_pathEnd <= _pathStart || !Ascii.Equals(text, _pathEnd, 9, " HTTP/1.1") || !Ascii.AreVisible(text, _pathStart, _pathEnd))
        {
            return HandshakeError.BadStartLine;
        }

        if (text[_pathStart] != '/')
        {
            int colon = _pathStart;
            while (colon < _pathEnd && text[colon] != ':')
            {
                colon++;
            }

            int scheme = Tokens.Find(text, _pathStart, colon - _pathStart);
            int authority = colon + 3;
            if ((scheme != Tokens.Http && scheme != Tokens.Https) || authority > _pathEnd || !Ascii.Equals(text, colon, 3, "://"))
            {
                return HandshakeError.BadStartLine;
            }

            int slash = authority;
            while (slash < _pathEnd && text[slash] != '/')
            {
                slash++;
            }

            if (slash == authority || slash == _pathEnd)
            {
                return HandshakeError.BadStartLine;
            }

            _pathStart = slash;
        }

        return HandshakeError.None;
    }

    private bool IsAllowed(int start, int end, string[] allowed)
    {
        for (int i = 0; i < allowed.Length; i++)
        {
            if (allowed[i] == "*" || Ascii.EqualsIgnoreCase(Head.Buffer, start, end - start, Ascii.LowerBytes(allowed[i])))
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsKey(byte[] text, int start, int end)
    {
        if (end - start != AcceptKey.KeySize || text[end - 1] != '=' || text[end - 2] != '=')
        {
            return false;
        }

        for (int i = start; i < end - 2; i++)
        {
            int b = text[i];
            if (!((b >= 'a' && b <= 'z') || (b >= 'A' && b <= 'Z') || (b >= '0' && b <= '9') || b == '+' || b == '/'))
            {
                return false;
            }
        }

        return true;
    }

    private static bool IsTokenList(byte[] text, int start, int end)
    {
        ElementReader elements = new(text, start, end);
        while (elements.Next())
        {
            if (!Ascii.IsToken(text, elements.Start, elements.Count))
            {
                return false;
            }
        }

        return elements.Count > 0 && !elements.TooMany;
    }
}
