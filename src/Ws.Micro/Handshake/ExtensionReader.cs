namespace Ws.Micro.Handshake;

// Reads a Sec-WebSocket-Extensions value piece by piece (RFC 6455 §9.1):
//   extension *( "," extension ), extension = token *( ";" token [ "=" ( token | quoted-string ) ] )
// in one pass over the text, whatever it holds.
internal struct ExtensionReader
{
    private const int MaxElements = 64;

    private readonly byte[] _text;
    private readonly int _end;
    private int _at;
    private int _elements;

    internal ExtensionReader(byte[] text, int start, int end)
    {
        _text = text;
        _at = start;
        _elements = 0;
        _end = end;
        IsMalformed = false;
        NameStart = NameCount = ValueStart = ValueCount = 0;
        HasValue = false;
    }

    internal bool IsMalformed;

    // The extension's or parameter's name.
    internal int NameStart;

    internal int NameCount;

    // The parameter's value, without quotes. §9.1: what is quoted must be a token, so it holds no escapes. An empty one is no token, and so
    // no value that any parameter takes.
    internal bool HasValue;

    internal int ValueStart;

    internal int ValueCount;

    // Goes to the next extension, after all parameters of the last have been read. False at the end, or where malformed.
    internal bool NextExtension()
    {
        SkipSpace();
        if (_at >= _end)
        {
            return false;
        }

        if (NameCount > 0 && _text[_at] != ',')
        {
            return Malformed();
        }

        SkipEmptyElements();
        return _at < _end && ReadName();
    }

    // Goes to the next parameter of the current extension. False where it has no more.
    internal bool NextParameter()
    {
        SkipSpace();
        if (!Skip(';'))
        {
            return false;
        }

        SkipSpace();
        if (!ReadName())
        {
            return false;
        }

        SkipSpace();
        HasValue = Skip('=');
        if (!HasValue)
        {
            return true;
        }

        SkipSpace();
        bool quoted = Skip('"');
        ValueStart = _at;
        SkipToken();
        ValueCount = _at - ValueStart;
        return (quoted ? Skip('"') : ValueCount > 0) || Malformed();
    }

    // Whether a whole value keeps the grammar: at least one extension.
    internal static bool IsWellFormed(byte[] text, int start, int end)
    {
        ExtensionReader reader = new(text, start, end);
        while (reader.NextExtension())
        {
            while (reader.NextParameter())
            {
            }
        }

        return reader.NameCount > 0 && !reader.IsMalformed;
    }

    // RFC 9110 §5.6.1: a list may have empty elements, within reason.
    private void SkipEmptyElements()
    {
        while (_elements <= MaxElements && Skip(','))
        {
            _elements++;
            SkipSpace();
        }
    }

    private bool ReadName()
    {
        NameStart = _at;
        SkipToken();
        NameCount = _at - NameStart;
        return NameCount > 0 || Malformed();
    }

    private void SkipToken()
    {
        while (_at < _end && Ascii.IsTokenChar(_text[_at]))
        {
            _at++;
        }
    }

    private void SkipSpace()
    {
        while (Skip(' ') || Skip('\t'))
        {
        }
    }

    private bool Skip(int b)
    {
        bool found = _at < _end && _text[_at] == b;
        if (found)
        {
            _at++;
        }

        return found;
    }

    // Goes to the end, so that nothing more is found.
    private bool Malformed()
    {
        IsMalformed = true;
        _at = _end;
        return false;
    }
}
