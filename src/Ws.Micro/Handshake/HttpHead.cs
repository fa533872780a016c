namespace Ws.Micro.Handshake;

/// <summary>
/// The head of an HTTP/1.1 message in a fixed buffer: reads it as it arrives, refuses what is malformed at the first byte that shows it,
/// and finds its lines again (RFC 9112 §2, §5). Bytes behind the head stay in the buffer: they are the first frames.
/// </summary>
public sealed class HttpHead
{
    /// <summary>How many header lines a head may have.</summary>
    public const int MaxHeaders = 64;

    /// <summary>How many elements a comma-separated value may have: more than anyone has a use for.</summary>
    internal const int MaxElements = 64;

    private int _lineStart;
    private int _lines;
    private bool _inName;

    // Where the line gone to last ends, without its CR LF; 0 before the head is whole.
    private int _lineEnd;

    private int _next;

    // The header gone to last: its name, one of Tokens or -1, and where its value is, or the element of it gone to last, without spaces and
    // tabs around.
    internal int Name;
    internal int ValueStart;
    internal int ValueEnd;

    // The elements of its value that have been passed, empty ones too.
    internal int Elements;

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
        HandshakeError error = HandshakeError.None;
        while (at < end && error == HandshakeError.None)
        {
            int b = buffer[at++];
            if (before == '\r' ? b != '\n' : b < ' ' ? b != '\t' && b != '\r' : b == 0x7F)
            {
                // §2.2: a bare CR, or a bare LF; §5.5 of RFC 9110: control characters are not for values.
                error = HandshakeError.MalformedHead;
            }
            else if (before == '\r')
            {
                bool isEmpty = at == _lineStart + 2;
                if (isEmpty && _lines > 0)
                {
                    Length = at;
                    Rewind();
                    return HandshakeStatus.Done;
                }

                // A line without a name, or the empty line before a start line, has no place here.
                error = isEmpty || inName ? HandshakeError.MalformedHead : _lines > MaxHeaders ? HandshakeError.TooManyHeaders : error;
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
                }
            }

            before = b;
        }

        Length = at;
        _inName = inName;
        Error = error == HandshakeError.None && end == buffer.Length ? HandshakeError.HeadTooLarge : error;
        return Error == HandshakeError.None ? HandshakeStatus.NeedMore : HandshakeStatus.Refused;
    }

    /// <summary>Goes back before the first header, and returns where the start line ends, without its CR LF.</summary>
    internal int Rewind()
    {
        byte[] buffer = Buffer;
        int i = 0;
        while (buffer[i] != '\r')
        {
            i++;
        }

        _lineEnd = i;
        return i;
    }

    /// <summary>Goes to the next header; false behind the last.</summary>
    internal bool NextHeader()
    {
        byte[] buffer = Buffer;
        int start = _lineEnd + 2;
        if (start >= Length - 2)
        {
            return false;
        }

        int i = start;
        while (buffer[i] != ':')
        {
            i++;
        }

        Name = Tokens.IndexOf(buffer, start, i);
        Elements = 0;
        _next = i + 1;
        while (buffer[i] != '\r')
        {
            i++;
        }

        _lineEnd = i;
        SetValue(_next, i);
        return true;
    }

    /// <summary>
    /// Goes to the next element of a comma-separated value (RFC 9110 §5.6.1); false behind the last. Empty elements are passed over, but not
    /// without end.
    /// </summary>
    internal bool NextElement()
    {
        while (_next < _lineEnd && Elements <= MaxElements)
        {
            int end = _next;
            while (end < _lineEnd && Buffer[end] != ',')
            {
                end++;
            }

            SetValue(_next, end);
            _next = end + 1;
            Elements++;
            if (ValueStart < ValueEnd)
            {
                return Elements <= MaxElements;
            }
        }

        return false;
    }

    /// <summary>Whether a comma-separated value has an element that is one of <see cref="Tokens"/>.</summary>
    internal bool Contains(int token)
    {
        bool found = false;
        while (NextElement())
        {
            found |= Tokens.IndexOf(Buffer, ValueStart, ValueEnd) == token;
        }

        return found;
    }

    /// <summary>Whether a comma-separated value has elements, and each is a token.</summary>
    internal bool IsTokenList()
    {
        if (!NextElement())
        {
            return false;
        }

        do
        {
            if (!Ascii.IsToken(Buffer, ValueStart, ValueEnd))
            {
                return false;
            }
        }
        while (NextElement());

        return Elements <= MaxElements;
    }

    /// <summary>Which of the words the value, or the element, is; -1 for none.</summary>
    internal int IndexOf(string[] words, bool ignoreCase) => Ascii.IndexOf(words, Buffer, ValueStart, ValueEnd, ignoreCase);

    /// <summary>The value of the first header of that name, any letter case, as text; null where there is none, or the head is not whole. Allocates.</summary>
    public string? GetHeader(string name)
    {
        if (_lineEnd == 0)
        {
            return null;
        }

        int at = Rewind() + 2;
        int count = name.Length;
        while (NextHeader())
        {
            if (at + count < ValueStart && Buffer[at + count] == ':' && Ascii.Equals(Buffer, at, count, name, true))
            {
                return GetString(ValueStart, ValueEnd);
            }

            at = _lineEnd + 2;
        }

        return null;
    }

    /// <summary>Part of the head as text. Allocates.</summary>
    internal string GetString(int start, int end) => end == start ? "" : System.Text.Encoding.UTF8.GetString(Buffer, start, end - start);

    private void SetValue(int start, int end)
    {
        byte[] buffer = Buffer;
        while (start < end && (buffer[start] == ' ' || buffer[start] == '\t'))
        {
            start++;
        }

        while (end > start && (buffer[end - 1] == ' ' || buffer[end - 1] == '\t'))
        {
            end--;
        }

        ValueStart = start;
        ValueEnd = end;
    }
}
