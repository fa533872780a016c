using System;

namespace Ws.Micro.Handshake;

/// <summary>
/// The client's side of the opening handshake (RFC 6455 §4.1) over fixed buffers: writes the request, then reads and checks the response.
/// Not safe for use by two threads at once.
/// </summary>
public sealed partial class ClientHandshake
{
    /// <summary>Random bytes that a key is made of.</summary>
    public const int NonceSize = 16;

    private readonly byte[] _key = new byte[AcceptKey.KeySize];
    private readonly string _accept;
    private readonly string[] _subprotocols;

    /// <param name="buffer">Takes the response's head; its size is the limit of the head in bytes.</param>
    /// <param name="nonce">16 fresh bytes of a random source (§4.1).</param>
    /// <param name="subprotocols">The subprotocols to offer, in order of preference; each a token, none twice.</param>
    /// <exception cref="ArgumentException">A subprotocol is not a token (§4.1), or stands twice.</exception>
    public ClientHandshake(byte[] buffer, byte[] nonce, string[] subprotocols)
    {
        for (int i = 0; i < subprotocols.Length; i++)
        {
            byte[] name = Ascii.Bytes(subprotocols[i]);
            if (!Ascii.IsToken(name, 0, name.Length) || Array.IndexOf(subprotocols, subprotocols[i]) != i)
            {
                throw new ArgumentException("Subprotocol '" + subprotocols[i] + "' must be a token (letters, digits, !#$%&'*+-.^_`|~) and stand once.", nameof(subprotocols));
            }
        }

        Head = new HttpHead(buffer);
        _subprotocols = subprotocols;
        AcceptKey.ToBase64(nonce, NonceSize, _key, 0);
        byte[] accept = new byte[AcceptKey.Size];
        new AcceptKey().Compute(_key, 0, accept, 0);
        _accept = System.Text.Encoding.UTF8.GetString(accept, 0, accept.Length);
    }

    /// <summary>The response's head.</summary>
    public readonly HttpHead Head;

    /// <summary>Why the handshake failed.</summary>
    public HandshakeError Error;

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
        byte[] pathBytes = Ascii.Bytes(path);
        if (pathBytes.Length == 0 || pathBytes[0] != '/' || !Ascii.AreVisible(pathBytes, 0, pathBytes.Length))
        {
            throw new ArgumentException("The path must begin with '/' and hold visible ASCII characters only; percent-encode others.", nameof(path));
        }

        byte[] hostBytes = Ascii.Bytes(host);
        if (hostBytes.Length == 0 || !Ascii.AreVisible(hostBytes, 0, hostBytes.Length))
        {
            throw new ArgumentException("The host must hold visible ASCII characters only.", nameof(host));
        }

        HeadWriter writer = new(output);
        writer.Write("GET ");
        writer.Write(pathBytes);
        writer.Write(" HTTP/1.1\r\nHost: ");
        writer.Write(hostBytes);
        writer.Write("\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ");
        writer.Write(_key);
        for (int i = 0; i < _subprotocols.Length; i++)
        {
            writer.Write(i == 0 ? "\r\nSec-WebSocket-Protocol: " : ", ");
            writer.Write(_subprotocols[i]);
        }

        WriteOffer(ref writer);
        for (int i = 0; i < headers.Length; i++)
        {
            byte[] line = Ascii.Bytes(headers[i]);
            CheckHeader(line, headers[i]);
            writer.Write("\r\n");
            writer.Write(line);
        }

        writer.Write("\r\n\r\n");
        return writer.Size;
    }

    /// <summary>Goes on over <paramref name="count"/> bytes that the caller has put into the head's buffer; checks the response once it is whole.</summary>
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

    private HandshakeError Check()
    {
        byte[] text = Head.Buffer;
        int lineEnd = Head.Rewind();
        if (lineEnd < 12 || !Ascii.Equals(text, 0, 7, "HTTP/1.") || text[8] != ' ' || (lineEnd > 12 && text[12] != ' '))
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
        while (Head.NextHeader())
        {
            int start = Head.ValueStart;
            int end = Head.ValueEnd;
            switch (Head.Name)
            {
                case Tokens.Upgrade:
                    // §4.1: the server has switched to this protocol and to no other besides.
                    upgrades++;
                    upgradeOk = Tokens.Find(text, start, end - start) == Tokens.WebSocket;
                    break;

                case Tokens.Connection:
                    connection |= ElementReader.Contains(text, start, end, Tokens.Upgrade);
                    break;

                case Tokens.SecWebSocketAccept:
                    accepts++;
                    acceptOk = Ascii.Equals(text, start, end - start, _accept);
                    break;

                case Tokens.SecWebSocketProtocol:
                    protocols++;
                    Subprotocol = FindOffered(start, end);
                    if (Subprotocol == null || protocols > 1)
                    {
                        return HandshakeError.SubprotocolNotOffered;
                    }

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
    partial void WriteOffer(ref HeadWriter writer);

    partial void CheckExtension(int start, int end, ref HandshakeError error);

    private string? FindOffered(int start, int end)
    {
        for (int i = 0; i < _subprotocols.Length; i++)
        {
            if (Ascii.Equals(Head.Buffer, start, end - start, _subprotocols[i]))
            {
                return _subprotocols[i];
            }
        }

        return null;
    }

    // A header from the caller: a token, a colon, and a value without control characters, so that it cannot begin another line; and none
    // that the handshake itself is made of.
    private static void CheckHeader(byte[] line, string text)
    {
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
        int name = Tokens.Find(line, 0, colon);
        if ((name >= Tokens.Host && name <= Tokens.TransferEncoding)
            || (colon > Prefix && Ascii.EqualsIgnoreCase(line, 0, Prefix, Ascii.Bytes("sec-websocket-"))))
        {
            throw new ArgumentException("Header '" + text + "' is one that the opening handshake writes itself.", "headers");
        }
    }
}
