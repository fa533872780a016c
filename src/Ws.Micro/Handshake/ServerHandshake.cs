namespace Ws.Micro.Handshake;

/// <summary>
/// The server's side of the opening handshake (RFC 6455 §4.2) over fixed buffers: reads and checks the request, then writes the answer.
/// Allocates only at construction and where a method says so. Not safe for use by two threads at once.
/// </summary>
public sealed partial class ServerHandshake
{
    private static readonly byte[] Get = Ascii.Bytes("GET ");
    private static readonly byte[] Version11 = Ascii.Bytes(" HTTP/1.1");
    private static readonly byte[] Http = Ascii.Bytes("http://");
    private static readonly byte[] Https = Ascii.Bytes("https://");
    private static readonly byte[] Thirteen = Ascii.Bytes("13");
    private static readonly byte[] WebSocket = Ascii.Bytes("websocket");
    private static readonly byte[] Accepted = Ascii.Bytes(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ");

    private static readonly byte[] Refused = Ascii.Bytes("HTTP/1.1 ");
    private static readonly byte[] RefusedEnd = Ascii.Bytes("\r\nConnection: close\r\nContent-Length: 0\r\n");
    private static readonly byte[] AllowGet = Ascii.Bytes("Allow: GET\r\n");
    private static readonly byte[] UpgradeNeeded = Ascii.Bytes("Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n");
    private static readonly byte[] Subprotocol = Ascii.Bytes("Sec-WebSocket-Protocol: ");
    private static readonly byte[] Extensions = Ascii.Bytes("Sec-WebSocket-Extensions: ");
    private static readonly byte[] EndOfLine = Ascii.Bytes("\r\n");
    private static readonly byte[] Space = Ascii.Bytes(" ");

    private readonly HttpHead _head;
    private readonly AcceptKey _acceptKey = new();
    private readonly byte[] _accept = new byte[AcceptKey.Size];
    private HandshakeError _error;
    private int _pathStart;
    private int _pathEnd;
    private int _keyStart;

    /// <param name="buffer">Takes the request's head; its size is the limit of the head in bytes.</param>
    public ServerHandshake(byte[] buffer) => _head = new HttpHead(buffer);

    /// <summary>The request's head.</summary>
    public HttpHead Head => _head;

    /// <summary>Why the request is refused.</summary>
    public HandshakeError Error => _error;

    /// <summary>The path and query of the request, as sent: always begins with a slash. Allocates.</summary>
    public string GetPath() => _head.GetText(_pathStart, _pathEnd);

    /// <summary>Goes on over <paramref name="count"/> bytes that the caller has put into the head's buffer; checks the request once it is whole.</summary>
    public HandshakeStatus Read(int count)
    {
        HandshakeStatus status = _head.Read(count);
        if (status == HandshakeStatus.NeedMore)
        {
            return status;
        }

        _error = status == HandshakeStatus.Refused ? _head.Error : Check();
        return _error == HandshakeError.None ? HandshakeStatus.Done : HandshakeStatus.Refused;
    }

    /// <summary>
    /// Whether a browser's page may connect (§10.2): requests without an Origin come from no browser; others need each of theirs in
    /// <paramref name="allowed"/>, where "*" stands for any. Otherwise <see cref="Error"/> is set. Allocates.
    /// </summary>
    public bool CheckOrigin(string[] allowed)
    {
        byte[] text = _head.Buffer;
        for (int line = _head.NextLine(0); _head.IsHeader(line); line = _head.NextLine(line))
        {
            _head.Split(line, out int nameEnd, out int start, out int end);
            if (Ascii.EqualsIgnoreCase(text, line, nameEnd - line, HeaderNames.Origin) && !IsAllowed(text, start, end, allowed))
            {
                _error = HandshakeError.OriginNotAllowed;
                return false;
            }
        }

        return true;
    }

    /// <summary>The first of the client's subprotocols, in its order, that is in <paramref name="supported"/>; null where none is. Allocates.</summary>
    public string? SelectSubprotocol(string[] supported)
    {
        byte[] text = _head.Buffer;
        for (int line = _head.NextLine(0); _head.IsHeader(line); line = _head.NextLine(line))
        {
            _head.Split(line, out int nameEnd, out int start, out int end);
            if (!Ascii.EqualsIgnoreCase(text, line, nameEnd - line, HeaderNames.SecWebSocketProtocol))
            {
                continue;
            }

            ElementReader elements = new(text, start, end);
            while (elements.Next())
            {
                for (int i = 0; i < supported.Length; i++)
                {
                    if (Ascii.Equals(text, elements.Start, elements.Count, Ascii.Bytes(supported[i])))
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
        _acceptKey.Compute(_head.Buffer, _keyStart, _accept, 0);
        HeadWriter writer = new(output);
        writer.Write(Accepted);
        writer.Write(_accept);
        writer.Write(EndOfLine);
        if (subprotocol != null)
        {
            writer.Write(Subprotocol);
            writer.Write(subprotocol);
            writer.Write(EndOfLine);
        }

        if (extensions != null)
        {
            writer.Write(Extensions);
            writer.Write(extensions);
            writer.Write(EndOfLine);
        }

        writer.Write(EndOfLine);
        return writer.Size;
    }

    /// <summary>The HTTP status that answers <paramref name="error"/>.</summary>
    public static int StatusOf(HandshakeError error) => error switch
    {
        HandshakeError.HeadTooLarge or HandshakeError.TooManyHeaders => 431,
        HandshakeError.NotGet => 405,
        HandshakeError.NotAnUpgrade or HandshakeError.BadVersion => 426,
        HandshakeError.OriginNotAllowed => 403,
        _ => 400,
    };

    /// <summary>
    /// Writes a response that refuses the request and closes the connection, and returns its size in bytes.
    /// </summary>
    /// <param name="output">At least 256 bytes.</param>
    /// <param name="status">A status of three digits, such as <see cref="StatusOf"/> gives, 404 or 503.</param>
    /// <param name="reason">Its reason phrase in ASCII, without control characters.</param>
    public static int WriteRefusal(byte[] output, int status, byte[] reason)
    {
        HeadWriter writer = new(output);
        writer.Write(Refused);
        writer.WriteStatus(status);
        writer.Write(Space);
        writer.Write(reason);
        writer.Write(RefusedEnd);
        if (status == 405)
        {
            writer.Write(AllowGet);
        }
        else if (status == 426)
        {
            // §4.4: the server says which versions it speaks; RFC 9110 §15.5.22: and which protocol.
            writer.Write(UpgradeNeeded);
        }

        writer.Write(EndOfLine);
        return writer.Size;
    }

    private HandshakeError Check()
    {
        HandshakeError error = CheckStartLine();
        if (error != HandshakeError.None)
        {
            return error;
        }

        byte[] text = _head.Buffer;
        int hosts = 0, keys = 0, versions = 0;
        bool upgrade = false, connection = false, versionOk = false;
        for (int line = _head.NextLine(0); _head.IsHeader(line); line = _head.NextLine(line))
        {
            _head.Split(line, out int nameEnd, out int start, out int end);
            int nameCount = nameEnd - line;
            if (Ascii.EqualsIgnoreCase(text, line, nameCount, HeaderNames.Host))
            {
                hosts++;
                if (start == end)
                {
                    return HandshakeError.BadHost;
                }
            }
            else if (Ascii.EqualsIgnoreCase(text, line, nameCount, HeaderNames.Upgrade))
            {
                upgrade |= ElementReader.Contains(text, start, end, WebSocket);
            }
            else if (Ascii.EqualsIgnoreCase(text, line, nameCount, HeaderNames.Connection))
            {
                connection |= ElementReader.Contains(text, start, end, HeaderNames.Upgrade);
            }
            else if (Ascii.EqualsIgnoreCase(text, line, nameCount, HeaderNames.SecWebSocketVersion))
            {
                versions++;
                versionOk = Ascii.Equals(text, start, end - start, Thirteen);
            }
            else if (Ascii.EqualsIgnoreCase(text, line, nameCount, HeaderNames.SecWebSocketKey))
            {
                keys++;
                _keyStart = start;
                if (!IsKey(text, start, end))
                {
                    error = HandshakeError.BadKey;
                }
            }
            else if (Ascii.EqualsIgnoreCase(text, line, nameCount, HeaderNames.SecWebSocketProtocol))
            {
                if (!IsTokenList(text, start, end))
                {
                    error = HandshakeError.BadSubprotocol;
                }
            }
            else if (Ascii.EqualsIgnoreCase(text, line, nameCount, HeaderNames.SecWebSocketExtensions))
            {
                CheckExtensions(start, end, ref error);
            }
            else if (Ascii.EqualsIgnoreCase(text, line, nameCount, HeaderNames.ContentLength)
                || Ascii.EqualsIgnoreCase(text, line, nameCount, HeaderNames.TransferEncoding))
            {
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
        byte[] text = _head.Buffer;
        int end = _head.NextLine(0) - 2;
        if (end < Get.Length || !Ascii.Equals(text, 0, Get.Length, Get))
        {
            return HandshakeError.NotGet;
        }

        _pathStart = Get.Length;
        _pathEnd = end - Version11.Length;
        if (_pathEnd <= _pathStart || !Ascii.Equals(text, _pathEnd, Version11.Length, Version11))
        {
            return HandshakeError.BadStartLine;
        }

        for (int i = _pathStart; i < _pathEnd; i++)
        {
            if (text[i] <= ' ' || text[i] > '~')
            {
                return HandshakeError.BadStartLine;
            }
        }

        if (text[_pathStart] != '/')
        {
            int authority = _pathStart + (HasScheme(Http) ? Http.Length : HasScheme(Https) ? Https.Length : 0);
            int slash = authority;
            while (slash < _pathEnd && text[slash] != '/')
            {
                slash++;
            }

            if (authority == _pathStart || slash == authority || slash == _pathEnd)
            {
                return HandshakeError.BadStartLine;
            }

            _pathStart = slash;
        }

        return HandshakeError.None;
    }

    private bool HasScheme(byte[] scheme) =>
        _pathEnd - _pathStart >= scheme.Length && Ascii.EqualsIgnoreCase(_head.Buffer, _pathStart, scheme.Length, scheme);

    private static bool IsAllowed(byte[] text, int start, int end, string[] allowed)
    {
        for (int i = 0; i < allowed.Length; i++)
        {
            if (allowed[i] == "*" || Ascii.EqualsIgnoreCase(text, start, end - start, Ascii.LowerBytes(allowed[i])))
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
