namespace Ws.Micro.Handshake;

/// <summary>
/// The head of an HTTP/1.1 message in a fixed buffer: reads it as it arrives, refuses what is malformed at the first byte that shows it,
/// and finds its lines again (RFC 9112 §2, §5). Bytes behind the head stay in the buffer: they are the first frames.
/// </summary>
public sealed class HttpHead
{
    /// <summary>How many header lines a head may have.</summary>
    public const int MaxHeaders = 64;

    private readonly byte[] _buffer;
    private int _count;
    private int _scanned;
    private int _lineStart;
    private int _lines;
    private bool _inName;
    private bool _isWhole;

    // The line split last, and its end.
    private int _splitLine = -1;
    private int _splitEnd;

    /// <param name="buffer">Takes the head; its size is the limit of the head in bytes.</param>
    public HttpHead(byte[] buffer) => _buffer = buffer;

    /// <summary>The buffer given at construction. New bytes go in at <see cref="Count"/>.</summary>
    public byte[] Buffer => _buffer;

    /// <summary>Bytes in the buffer.</summary>
    public int Count => _count;

    /// <summary>Bytes of the head, its empty line included, once it is whole. The bytes from here to <see cref="Count"/> came after it.</summary>
    public int Length => _scanned;

    /// <summary>What is wrong with the head.</summary>
    public HandshakeError Error { get; private set; }

    /// <summary>Goes on over <paramref name="count"/> bytes that the caller has put into <see cref="Buffer"/> at <see cref="Count"/>.</summary>
    public HandshakeStatus Read(int count)
    {
        _count += count;
        byte[] buffer = _buffer;
        int end = _count;
        int at = _scanned;
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
                    _scanned = at;
                    _isWhole = true;
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

        _scanned = at;
        _inName = inName;
        Error = error;
        return error == HandshakeError.None ? HandshakeStatus.NeedMore : HandshakeStatus.Refused;
    }

    /// <summary>Where the line after the one at <paramref name="lineStart"/> begins; the start line begins at 0. Returns <see cref="Length"/> - 2 behind the last.</summary>
    internal int NextLine(int lineStart)
    {
        byte[] buffer = _buffer;
        int i = lineStart == _splitLine ? _splitEnd : lineStart;
        while (buffer[i] != '\n')
        {
            i++;
        }

        return i + 1;
    }

    /// <summary>Whether <paramref name="lineStart"/> is that of a header line, not of the empty line that ends the head.</summary>
    internal bool IsHeader(int lineStart) => lineStart < _scanned - 2;

    /// <summary>Splits a header line: its name ends before <paramref name="nameEnd"/>; its value is trimmed of spaces and tabs.</summary>
    internal void Split(int lineStart, out int nameEnd, out int valueStart, out int valueEnd)
    {
        byte[] buffer = _buffer;
        int i = lineStart;
        while (buffer[i] != ':')
        {
            i++;
        }

        nameEnd = i++;
        while (buffer[i] == ' ' || buffer[i] == '\t')
        {
            i++;
        }

        valueStart = i;
        while (buffer[i] != '\r')
        {
            i++;
        }

        _splitLine = lineStart;
        _splitEnd = i;
        while (i > valueStart && (buffer[i - 1] == ' ' || buffer[i - 1] == '\t'))
        {
            i--;
        }

        valueEnd = i;
    }

    /// <summary>The value of the first header of that name, any letter case, as text; null where there is none, or the head is not whole. Allocates.</summary>
    public string? GetHeader(string name)
    {
        if (!_isWhole)
        {
            return null;
        }

        byte[] lower = Ascii.LowerBytes(name);
        for (int line = NextLine(0); IsHeader(line); line = NextLine(line))
        {
            Split(line, out int nameEnd, out int start, out int end);
            if (Ascii.EqualsIgnoreCase(_buffer, line, nameEnd - line, lower))
            {
                return GetText(start, end);
            }
        }

        return null;
    }

    /// <summary>Part of the head as text. Allocates.</summary>
    internal string GetText(int start, int end) => end == start ? "" : System.Text.Encoding.UTF8.GetString(_buffer, start, end - start);
}
