namespace Ws.Micro.Handshake;

/// <summary>
/// The head of an HTTP/1.1 message in a fixed buffer: reads it as it arrives, refuses what is malformed at the first byte that shows it,
/// and finds its lines again (RFC 9112 §2, §5). Bytes behind the head stay in the buffer: they are the first frames.
/// </summary>
public sealed class HttpHead
{
    /// <summary>How many header lines a head may have.</summary>
    public const int MaxHeaders = 64;

    private int _lineStart;
    private int _lines;
    private bool _inName;

    private int _nameStart;
    private int _nameCount;

    // Where the next header is to be looked for; 0 before the head is whole.
    private int _next;

    // The header that NextHeader went to: its name, one of Tokens or -1, and where its value is, trimmed of spaces and tabs.
    internal int Name;
    internal int ValueStart;
    internal int ValueEnd;

    /// <param name="buffer">Takes the head; its size is the limit of the head in bytes.</param>
    public HttpHead(byte[] buffer) => Buffer = buffer;

    /// <summary>The buffer given at construction. New bytes go in at <see cref="Count"/>.</summary>
    public readonly byte[] Buffer;

    /// <summary>Bytes in the buffer.</summary>
    public int Count;

    /// <summary>Bytes of the head that have been read: once it is whole all of it, its empty line included. The bytes from here to <see cref="Count"/> came after it.</summary>
    public int Length;

    /// <summary>What is wrong with the head.</summary>
    public HandshakeError Error;

    /// <summary>Goes on over <paramref name="count"/> bytes that the caller has put into <see cref="Buffer"/> at <see cref="Count"/>.</summary>
    public HandshakeStatus Read(int count)
    {
        Count += count;
        byte[] buffer = Buffer;
        int end = Count;
        int at = Length;
        bool inName = _inName;
        int before = at > 0 ? buffer[at - 1] : 0;
        HandshakeError error = end < buffer.Length ? HandshakeError.None : HandshakeError.HeadTooLarge;
        while (at < end)
        {
            int b = buffer[at++];
            if (before == '\r' ? b != '\n' : b < ' ' ? b != '\t' && b != '\r' : b == 0x7F)
            {
                // §2.2: a bare CR, or a bare LF; §5.5 of RFC 9110: control characters are not for values.
                error = HandshakeError.MalformedHead;
                break;
            }

            if (before == '\r')
            {
                bool isEmpty = at == _lineStart + 2;
                if (isEmpty && _lines > 0)
                {
                    Length = at;
                    Rewind();
                    return HandshakeStatus.Done;
                }

                // A line without a name, or the empty line before a start line, has no place here.
                if (isEmpty || inName || _lines > MaxHeaders)
                {
                    error = isEmpty || inName ? HandshakeError.MalformedHead : HandshakeError.TooManyHeaders;
                    break;
                }

                _lines++;
                _lineStart = at;
                inName = true;
            }
            else if (inName && b != '\r')
            {
                // §5.1: no white space before the colon; §5.2: no folded lines. Both fail as characters of a name.
                if (b == ':' && at > _lineStart + 1)
                {
                    inName = false;
                }
                else if (!Ascii.IsTokenChar(b))
                {
                    error = HandshakeError.MalformedHead;
                    break;
                }
            }

            before = b;
        }

        Length = at;
        _inName = inName;
        Error = error;
        return error == HandshakeError.None ? HandshakeStatus.NeedMore : HandshakeStatus.Refused;
    }

    /// <summary>Goes back before the first header, and returns where the start line ends, without its CR LF.</summary>
    internal int Rewind()
    {
        byte[] buffer = Buffer;
        int i = 0;
        while (buffer[i] != '\n')
        {
            i++;
        }

        _next = i + 1;
        return i - 1;
    }

    /// <summary>Goes to the next header; false behind the last.</summary>
    internal bool NextHeader()
    {
        byte[] buffer = Buffer;
        int i = _next;
        if (i >= Length - 2)
        {
            return false;
        }

        _nameStart = i;
        while (buffer[i] != ':')
        {
            i++;
        }

        _nameCount = i - _nameStart;
        i++;
        while (buffer[i] == ' ' || buffer[i] == '\t')
        {
            i++;
        }

        ValueStart = i;
        while (buffer[i] != '\r')
        {
            i++;
        }

        _next = i + 2;
        while (i > ValueStart && (buffer[i - 1] == ' ' || buffer[i - 1] == '\t'))
        {
            i--;
        }

        ValueEnd = i;
        Name = Tokens.Find(buffer, _nameStart, _nameCount);
        return true;
    }

    /// <summary>The value of the first header of that name, any letter case, as text; null where there is none, or the head is not whole. Allocates.</summary>
    public string? GetHeader(string name)
    {
        if (_next == 0)
        {
            return null;
        }

        byte[] lower = Ascii.LowerBytes(name);
        Rewind();
        while (NextHeader())
        {
            if (Ascii.EqualsIgnoreCase(Buffer, _nameStart, _nameCount, lower))
            {
                return GetText(ValueStart, ValueEnd);
            }
        }

        return null;
    }

    /// <summary>Part of the head as text. Allocates.</summary>
    internal string GetText(int start, int end) => end == start ? "" : System.Text.Encoding.UTF8.GetString(Buffer, start, end - start);
}
