namespace Ws.Micro.Handshake;

// The elements of a comma-separated header value, trimmed (RFC 9110 §5.6.1). Empty elements are passed over, but not without end.
internal struct ElementReader
{
    private const int MaxElements = 64;

    private readonly byte[] _text;
    private readonly int _end;
    private int _at;
    private int _elements;

    internal ElementReader(byte[] text, int start, int end)
    {
        _text = text;
        _at = start;
        _end = end;
        _elements = 0;
        Start = start;
        Count = 0;
    }

    internal int Start;

    internal int Count;

    // Whether the list has more elements than anyone has a use for.
    internal bool TooMany => _elements > MaxElements;

    internal bool Next()
    {
        while (_at < _end && _elements <= MaxElements)
        {
            _elements++;
            int start = _at;
            while (_at < _end && _text[_at] != ',')
            {
                _at++;
            }

            int end = _at;
            _at++;
            while (start < end && (_text[start] == ' ' || _text[start] == '\t'))
            {
                start++;
            }

            while (end > start && (_text[end - 1] == ' ' || _text[end - 1] == '\t'))
            {
                end--;
            }

            if (end > start)
            {
                Start = start;
                Count = end - start;
                return !TooMany;
            }
        }

        return false;
    }

    // Whether the list holds an element, compared without regard to letter case.
    internal static bool Contains(byte[] text, int start, int end, byte[] lower)
    {
        ElementReader elements = new(text, start, end);
        while (elements.Next())
        {
            if (Ascii.EqualsIgnoreCase(text, elements.Start, elements.Count, lower))
            {
                return true;
            }
        }

        return false;
    }
}
