using System;
using Ws.Micro.Framing;

namespace Ws.Micro;

/// <summary>
/// One connection after its opening handshake, as a state machine without input or output of its own (RFC 6455 §5 to §8). A shell
/// gives it the bytes that arrive, the time and the mask keys, and sends the bytes that it writes.
/// <para>Nothing here throws or allocates after construction. One thread may receive while another sends.</para>
/// <para>What it tells stands in fields, which it alone writes: on the device each property costs a call, and 40 bytes of flash.</para>
/// </summary>
public sealed partial class WebSocketEngine
{
    private readonly bool _isServer;
    private readonly long _maxSize;
    private bool _closeSent;
    private bool _closeReceived;

    /// <param name="isServer">The role: a server reads masked frames and writes unmasked ones, a client the other way (§5.1).</param>
    /// <param name="maxMessageSize">The largest message accepted, in bytes after decoding, at least 0; a larger one fails with 1009.</param>
    public WebSocketEngine(bool isServer, long maxMessageSize)
    {
        if (maxMessageSize < 0)
        {
            throw new ArgumentOutOfRangeException(nameof(maxMessageSize));
        }

        _isServer = isServer;
        _maxSize = maxMessageSize;
        _reader = new FrameReader(isServer, false);
        Data = ControlPayload;
    }

    /// <summary>Where the connection stands.</summary>
    public EngineState State =>
        Error != ProtocolError.None ? (_closeSent ? EngineState.Closed : EngineState.Failed)
        : _closeReceived ? (_closeSent ? EngineState.Closed : EngineState.ClosedByPeer)
        : _closeSent ? EngineState.ClosedByUs
        : EngineState.Open;
}
