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
        byte[] text = _text;
        while (_at < _end && _elements <= MaxElements)
        {
            _elements++;
            int start = _at;
            int end = start;
            while (end < _end && text[end] != ',')
            {
                end++;
            }

            _at = end + 1;
            while (start < end && (text[start] == ' ' || text[start] == '\t'))
            {
                start++;
            }

            while (end > start && (text[end - 1] == ' ' || text[end - 1] == '\t'))
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

    // Whether the list holds one of Tokens.
    internal static bool Contains(byte[] text, int start, int end, int token)
    {
        ElementReader elements = new(text, start, end);
        while (elements.Next())
        {
            if (Tokens.Find(text, elements.Start, elements.Count) == token)
            {
                return true;
            }
        }

        return false;
    }
}
