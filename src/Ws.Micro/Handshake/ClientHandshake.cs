using System;

namespace Ws.Micro.Handshake;

/// <summary>
/// The client's side of the opening handshake (RFC 6455 §4.1) over fixed buffers: writes the request, then reads and checks the response.
/// Not safe for use by two threads at once.
/// </summary>
public sealed partial class ClientHandshake : OpeningHandshake
{
    /// <summary>Random bytes that a key is made of.</summary>
    public const int NonceSize = 16;

    private readonly string _key;
    private readonly string _accept;
    private readonly string[] _subprotocols;

    /// <param name="buffer">Takes the response's head; its size is the limit of the head in bytes.</param>
    /// <param name="nonce">16 fresh bytes of a random source (§4.1).</param>
    /// <param name="subprotocols">The subprotocols to offer, in order of preference; each a token, none twice.</param>
    /// <exception cref="ArgumentException">A subprotocol is not a token (§4.1), or stands twice.</exception>
    public ClientHandshake(byte[] buffer, byte[] nonce, string[] subprotocols)
        : base(buffer)
    {
        string marks = Ascii.TokenMarks;
        for (int i = 0; i < subprotocols.Length; i++)
        {
            byte[] name = Ascii.Bytes(subprotocols[i]);
            if (!Ascii.IsToken(name, 0, name.Length) || Array.IndexOf(subprotocols, subprotocols[i]) != i)
            {
                throw new ArgumentException("Subprotocol '" + subprotocols[i] + "' must be a token (letters, digits, " + marks + ") and stand once.", nameof(subprotocols));
            }
        }

        _subprotocols = subprotocols;
        _key = Convert.ToBase64String(nonce);
        byte[] accept = new byte[AcceptKey.Size];
        new AcceptKey().Compute(Ascii.Bytes(_key), 0, accept, 0);
        _accept = System.Text.Encoding.UTF8.GetString(accept, 0, accept.Length);
    }

    /// <summary>The response's HTTP status, 0 where none could be read.</summary>
    public int StatusCode;

    /// <summary>The subprotocol that the server chose among those offered, or null.</summary>
    public string? Subprotocol;

    /// <summary>
    /// Writes the request and returns its size in bytes, or the size needed where that is more than <paramref name="output"/> has. Allocates.
    /// </summary>
    /// <param name="output">Where to write.</param>
    /// <param name="host">The Host header's value: a name or address, and the port unless it is the scheme's own.</param>
    /// <param name="path">The path and query, beginning with a slash, in ASCII.</param>
    /// <param name="headers">Further headers, each as "Name: value".</param>
    /// <exception cref="ArgumentException">A value holds a control character or is not of its form; nothing may be sent.</exception>
    public int WriteRequest(byte[] output, string host, string path, string[] headers)
    {
        Ascii.Check(host, nameof(host), "!");
        Ascii.Check(path, nameof(path), "!");
        if (path[0] != '/')
        {
            throw new ArgumentException("path must begin with '/'.", nameof(path));
        }

        string version = Version;
        string head = "GET " + path + " HTTP/1.1\r\nHost: " + host + Upgrade + version + "\r\nSec-WebSocket-Key: " + _key;
        for (int i = 0; i < _subprotocols.Length; i++)
        {
            head += (i == 0 ? "\r\nSec-WebSocket-Protocol: " : ", ") + _subprotocols[i];
        }

        WriteOffer(ref head);
        for (int i = 0; i < headers.Length; i++)
        {
            Validate(headers[i]);
            head += "\r\n" + headers[i];
        }

        // A header may hold more than ASCII.
        byte[] bytes = Ascii.Bytes(head + "\r\n\r\n");
        if (bytes.Length <= output.Length)
        {
            Array.Copy(bytes, 0, output, 0, bytes.Length);
        }

        return bytes.Length;
    }

    private protected override HandshakeError Check()
    {
        HttpHead head = Head;
        byte[] text = head.Buffer;
        int lineEnd = head.Rewind();
        if (lineEnd < 12 || !Ascii.Equals(text, 0, 7, "HTTP/1.", false) || text[8] != ' ' || (lineEnd > 12 && text[12] != ' '))
        {
            return HandshakeError.BadStartLine;
        }

        int status = 0;
        for (int i = 9; i < 12; i++)
        {
            if (text[i] < '0' || text[i] > '9')
            {
                return HandshakeError.BadStartLine;
            }

            status = (status * 10) + (text[i] - '0');
        }

        StatusCode = status;
        if (StatusCode != 101)
        {
            return HandshakeError.UnexpectedStatus;
        }

        if (text[7] != '1')
        {
            return HandshakeError.BadStartLine;
        }

        int upgrades = 0, accepts = 0, protocols = 0;
        bool upgradeOk = false, connection = false, acceptOk = false;
        while (head.NextHeader())
        {
            int start = head.ValueStart;
            int end = head.ValueEnd;
            switch (head.Name)
            {
                case Tokens.Upgrade:
                    // §4.1: the server has switched to this protocol and to no other besides.
                    upgrades++;
                    upgradeOk = Tokens.IndexOf(text, start, end) == Tokens.WebSocket;
                    break;

                case Tokens.Connection:
                    connection |= head.Contains(Tokens.Upgrade);
                    break;

                case Tokens.SecWebSocketAccept:
                    accepts++;
                    acceptOk = Ascii.Equals(text, start, end - start, _accept, false);
                    break;

                case Tokens.SecWebSocketProtocol:
                    protocols++;
                    int offered = head.IndexOf(_subprotocols, false);
                    if (offered < 0 || protocols > 1)
                    {
                        return HandshakeError.SubprotocolNotOffered;
                    }

                    Subprotocol = _subprotocols[offered];
                    break;

                case Tokens.SecWebSocketExtensions:
                    // §4.1: an extension that the client's handshake did not hold fails the connection.
                    HandshakeError error = HandshakeError.ExtensionNotOffered;
                    CheckExtension(start, end, ref error);
                    if (error != HandshakeError.None)
                    {
                        return error;
                    }

                    break;
            }
        }

        return upgrades != 1 || !upgradeOk || !connection ? HandshakeError.NotAnUpgrade
            : accepts != 1 || !acceptOk ? HandshakeError.BadAccept
            : HandshakeError.None;
    }

    // permessage-deflate, where the library has it.
    partial void WriteOffer(ref string head);

    partial void CheckExtension(int start, int end, ref HandshakeError error);

    // A header from the caller: a token, a colon, and a value without control characters, so that it cannot begin another line; and none
    // that the handshake itself is made of.
    private static void Validate(string text)
    {
        byte[] line = Ascii.Bytes(text);
        int colon = 0;
        while (colon < line.Length && Ascii.IsTokenChar(line[colon]))
        {
            colon++;
        }

        bool ok = colon > 0 && colon < line.Length && line[colon] == ':';
        for (int i = colon; i < line.Length; i++)
        {
            ok &= (line[i] >= ' ' || line[i] == '\t') && line[i] != 0x7F;
        }

        if (!ok)
        {
            throw new ArgumentException("Header '" + text + "' must be 'Name: value' without control characters.", "headers");
        }

        const int Prefix = 14;
        int name = Tokens.IndexOf(line, 0, colon);
        if ((name >= Tokens.Host && name <= Tokens.TransferEncoding)
            || (colon > Prefix && Ascii.Equals(line, 0, Prefix, "sec-websocket-", true)))
        {
            throw new ArgumentException("Header '" + text + "' is written by the opening handshake itself.", "headers");
        }
    }
}
