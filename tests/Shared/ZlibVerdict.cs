namespace Ws.Micro.Testing;

/// <summary>How <see cref="Zlib.Inflate"/> ended.</summary>
public enum ZlibVerdict
{
    /// <summary>The input ended before a final block did.</summary>
    Unfinished,

    /// <summary>A final block ended the stream.</summary>
    Final,

    /// <summary>Not valid DEFLATE.</summary>
    Invalid,
}
