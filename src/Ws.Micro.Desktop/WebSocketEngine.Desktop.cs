namespace Ws.Micro;

// What only .NET's sockets ask of the engine.
public sealed partial class WebSocketEngine
{
    /// <summary>
    /// Bytes of payload, unencoded, that the current data frame still brings. The next so many bytes of input may be read straight into the
    /// application's buffer and given to <see cref="Receive"/> from there. 0 outside such a frame.
    /// </summary>
    public long PayloadRemaining => _reader.InFrame && !_encoded && (_reader.FirstByte & 8) == 0 ? _reader.Remaining : 0;
}
