using System;

namespace Ws.Micro.Handshake;

/// <summary>
/// The server's side of the opening handshake (RFC 6455 §4.2) over fixed buffers: reads and checks the request, then writes the answer.
/// Allocates only at construction and where a method says so. Not safe for use by two threads at once.
/// </summary>
public sealed partial class ServerHandshake : OpeningHandshake
{
    private readonly AcceptKey _acceptKey = new();
    private int _pathStart;
    private int _pathEnd;
    private int _keyStart;

    /// <param name="buffer">Takes the request's head; its size is the limit of the head in bytes.</param>
    public ServerHandshake(byte[] buffer)
        : base(buffer)
    {
    }

    /// <summary>The path and query of the request, as sent: always begins with a slash. Allocates.</summary>
    public string GetPath() => Head.GetString(_pathStart, _pathEnd);

    /// <summary>
    /// Whether a browser's page may connect (§10.2): requests without an Origin come from no browser; others need each of theirs in
    /// <paramref name="allowed"/>, where "*" stands for any. Otherwise <see cref="OpeningHandshake.Error"/> is set. Allocates.
    /// </summary>
    public bool CheckOrigin(string[] allowed)
    {
        Head.Rewind();
        while (Head.NextHeader())
        {
            if (Head.Name == Tokens.Origin && Head.IndexOf(allowed, true) < 0 && Array.IndexOf(allowed, "*") < 0)
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
        Head.Rewind();
        while (Head.NextHeader())
        {
            while (Head.Name == Tokens.SecWebSocketProtocol && Head.NextElement())
            {
                int i = Head.IndexOf(supported, false);
                if (i >= 0)
                {
                    return supported[i];
                }
            }
        }

        return null;
    }

    /// <summary>
    /// Writes the 101 response and returns its size in bytes, or the size needed where that is more than <paramref name="output"/> has.
    /// </summary>
    /// <param name="output">At least 320 bytes, and the length of the subprotocol.</param>
    /// <param name="subprotocol">One that the client offered (§4.2.2), in ASCII, or null.</param>
    public int WriteAccept(byte[] output, string? subprotocol)
    {
        int at = Ascii.Write("HTTP/1.1 101 Switching Protocols", output, 0);
        at = Ascii.Write("\r\nSec-WebSocket-Accept: ", output, Ascii.Write(Upgrade, output, at));
        if (at + AcceptKey.Size <= output.Length)
        {
            _acceptKey.Compute(Head.Buffer, _keyStart, output, at);
        }

        at += AcceptKey.Size;
        if (subprotocol != null)
        {
            at = Ascii.Write(subprotocol, output, Ascii.Write("\r\nSec-WebSocket-Protocol: ", output, at));
        }

        WriteExtensions(output, ref at);
        return Ascii.Write("\r\n\r\n", output, at);
    }

    /// <summary>The HTTP status that answers <paramref name="error"/>.</summary>
    public static int StatusOf(HandshakeError error) =>
        error == HandshakeError.HeadTooLarge || error == HandshakeError.TooManyHeaders ? 431
        : error == HandshakeError.NotGet ? 405
        : error == HandshakeError.NotAnUpgrade || error == HandshakeError.BadVersion ? 426
        : error == HandshakeError.OriginNotAllowed ? 403
        : 400;

    /// <summary>
    /// Writes a response that refuses the request and closes the connection, and returns its size in bytes. Allocates.
    /// </summary>
    /// <param name="output">At least 256 bytes.</param>
    /// <param name="status">A status of three digits, such as <see cref="StatusOf"/> gives, 404 or 503.</param>
    /// <param name="reason">Its reason phrase in ASCII, without control characters.</param>
    public static int WriteRefusal(byte[] output, int status, string reason)
    {
        // §4.4: the server says which versions it speaks; RFC 9110 §15.5.22: and which protocol.
        string more = status == 405 ? "\r\nAllow: GET" : status == 426 ? "\r\nUpgrade: websocket" + Version : "";
        return Ascii.Write("HTTP/1.1 " + status.ToString() + " " + reason + "\r\nConnection: close\r\nContent-Length: 0" + more + "\r\n\r\n", output, 0);
    }

    private protected override HandshakeError Check()
    {
        HandshakeError error = Parse();
        if (error != HandshakeError.None)
        {
            return error;
        }

        HttpHead head = Head;
        int hosts = 0, keys = 0, versions = 0;
        bool upgrade = false, connection = false, versionOk = false;
        while (head.NextHeader())
        {
            switch (head.Name)
            {
                case Tokens.Host:
                    hosts++;
                    if (head.ValueStart == head.ValueEnd)
                    {
                        return HandshakeError.BadHost;
                    }

                    break;

                case Tokens.Upgrade:
                    upgrade |= head.Contains(Tokens.WebSocket);
                    break;

                case Tokens.Connection:
                    connection |= head.Contains(Tokens.Upgrade);
                    break;

                case Tokens.SecWebSocketVersion:
                    versions++;
                    versionOk = Ascii.Equals(head.Buffer, head.ValueStart, head.ValueEnd - head.ValueStart, "13", false);
                    break;

                case Tokens.SecWebSocketKey:
                    keys++;
                    if (!IsKey())
                    {
                        error = HandshakeError.BadKey;
                    }

                    break;

                case Tokens.SecWebSocketProtocol:
                    if (!head.IsTokenList())
                    {
                        error = HandshakeError.BadSubprotocol;
                    }

                    break;

                case Tokens.SecWebSocketExtensions:
                    CheckExtensions(ref error);
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

    // permessage-deflate, where the library has it.
    partial void WriteExtensions(byte[] output, ref int at);

    // Without any extension of its own, the library passes over what is offered.
    partial void CheckExtensions(ref HandshakeError error);

    // §4.2.1: GET, a path or an absolute http or https URI, and HTTP/1.1.
    private HandshakeError Parse()
    {
        byte[] text = Head.Buffer;
        int end = Head.Rewind();
        if (end < 4 || !Ascii.Equals(text, 0, 4, "GET ", false))
        {
            return HandshakeError.NotGet;
        }

        _pathStart = 4;
        _pathEnd = end - 9;
        if (_pathEnd <= _pathStart || !Ascii.Equals(text, _pathEnd, 9, " HTTP/1.1", false) || !Ascii.AreVisible(text, _pathStart, _pathEnd, '!'))
        {
            return HandshakeError.BadStartLine;
        }

        if (text[4] != '/')
        {
            int slash = Ascii.Equals(text, 4, 7, "http://", true) ? 11 : 12;
            int authority = slash;
            while (slash < _pathEnd && text[slash] != '/')
            {
                slash++;
            }

            if (slash == authority || slash >= _pathEnd || (authority == 12 && !Ascii.Equals(text, 4, 8, "https://", true)))
            {
                return HandshakeError.BadStartLine;
            }

            _pathStart = slash;
        }

        return HandshakeError.None;
    }

    private bool IsKey()
    {
        byte[] text = Head.Buffer;
        int start = Head.ValueStart;
        int end = start + AcceptKey.KeySize - 2;
        bool ok = Head.ValueEnd == end + 2 && text[end] == '=' && text[end + 1] == '=';
        string base64 = AcceptKey.Base64;
        for (int i = start; ok && i < end; i++)
        {
            ok = base64.IndexOf((char)text[i]) >= 0;
        }

        _keyStart = start;
        return ok;
    }
}
