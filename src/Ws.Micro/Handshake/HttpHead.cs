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
        while (_scanned < _count)
        {
            int b = _buffer[_scanned++];
            int column = _scanned - 1 - _lineStart;
            if (b == '\n')
            {
                if (column == 0 || _buffer[_scanned - 2] != '\r')
                {
                    return Refuse(HandshakeError.MalformedHead);
                }

                if (column == 1 && _lines > 0)
                {
                    _isWhole = true;
                    return HandshakeStatus.Done;
                }

                // A line without a name, or the empty line before a start line, has no place here.
                if (column == 1 || _inName)
                {
                    return Refuse(HandshakeError.MalformedHead);
                }

                _lines++;
                _lineStart = _scanned;
                _inName = true;
                if (_lines > MaxHeaders + 1)
                {
                    return Refuse(HandshakeError.TooManyHeaders);
                }
            }
            else if ((_scanned > 1 && _buffer[_scanned - 2] == '\r') || (b < ' ' && b != '\t' && b != '\r') || b == 0x7F)
            {
                // §2.2: a bare CR; §5.5 of RFC 9110: control characters are not for values.
                return Refuse(HandshakeError.MalformedHead);
            }
            else if (_inName && b != '\r')
            {
                // §5.1: no white space before the colon; §5.2: no folded lines. Both fail as characters of a name.
                if (b == ':' && column > 0)
                {
                    _inName = false;
                }
                else if (!Ascii.IsTokenChar(b))
                {
                    return Refuse(HandshakeError.MalformedHead);
                }
            }
        }

        return _count < _buffer.Length ? HandshakeStatus.NeedMore : Refuse(HandshakeError.HeadTooLarge);
    }

    /// <summary>Where the line after the one at <paramref name="lineStart"/> begins; the start line begins at 0. Returns <see cref="Length"/> - 2 behind the last.</summary>
    internal int NextLine(int lineStart)
    {
        int i = lineStart;
        while (_buffer[i] != '\n')
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
        nameEnd = lineStart;
        while (_buffer[nameEnd] != ':')
        {
            nameEnd++;
        }

        valueStart = nameEnd + 1;
        while (_buffer[valueStart] == ' ' || _buffer[valueStart] == '\t')
        {
            valueStart++;
        }

        valueEnd = valueStart;
        for (int i = valueStart; _buffer[i] != '\r'; i++)
        {
            if (_buffer[i] != ' ' && _buffer[i] != '\t')
            {
                valueEnd = i + 1;
            }
        }
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

    private HandshakeStatus Refuse(HandshakeError error)
    {
        Error = error;
        return HandshakeStatus.Refused;
    }
}
