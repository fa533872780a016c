using System;
using System.IO;
using System.IO.Pipelines;
using System.Net.Security;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Threading;
using Ws.Micro.Framing;
using Ws.Micro.Handshake;

namespace Ws.Micro.Desktop;

/// <summary>
/// A <see cref="WebSocket"/> over any stream, on this library's engine (RFC 6455). One send and one receive may run at the same time;
/// further sends queue. Messages are streamed: none is ever held whole. The Memory overloads allocate nothing in steady state.
/// <para>
/// As with .NET's own, a cancelled receive or send aborts the connection, because a frame may be half read or written.
/// A send has no deadline of its own: it waits while the peer takes nothing, until keep-alive gives that peer up
/// (<see cref="MicroWebSocketOptions.KeepAliveTimeout"/>). Without keep-alive only the caller's token ends it, or <see cref="Abort"/>.
/// A peer that breaks the protocol makes the receive throw a <see cref="WebSocketException"/> after the close frame that says why was sent.
/// </para>
/// </summary>
public sealed partial class MicroWebSocket : WebSocket
{
    private readonly bool _isServer;
    private readonly Stream _stream;
    private readonly Socket? _socket;
    private readonly PipeReader? _pipe;
    private readonly PerMessageDeflate? _deflate;
    private readonly WebSocketEngine _engine;
    private readonly int _receiveBufferSize;
    private readonly int _closeTimeout;
    private readonly string? _subProtocol;
    private readonly bool _readsEmptyFirst;
    private readonly KeepAlive? _keepAlive;
    private AsyncLock _sendLock;
    private AsyncLock _receiveLock;
    private int _ended;
    private bool _aborted;
    private long _bytesReceived;
    private long _bytesSent;
    private WebSocketCloseStatus? _closeStatus;
    private string? _closeStatusDescription;

    // socket: what the stream runs over, where its sending direction can be ended alone. input: bytes that came behind the handshake.
    // pipe: where input is read, instead of from the stream.
    internal MicroWebSocket(
        Stream stream,
        Socket? socket,
        bool isServer,
        MicroWebSocketOptions options,
        string? subProtocol,
        DeflateParameters? deflate,
        ReadOnlySpan<byte> input,
        PipeReader? pipe = null)
    {
        _isServer = isServer;
        _stream = stream;
        _socket = socket;
        _pipe = pipe;
        _deflate = deflate == null ? null : new PerMessageDeflate(isServer, deflate, options.Deflate ?? new PerMessageDeflateOptions());
        _engine = new WebSocketEngine(isServer, options.MaxMessageSize, _deflate);
        _receiveBufferSize = options.ReceiveBufferSize;

        _closeTimeout = (int)options.CloseTimeout.TotalMilliseconds;

        // SslStream holds buffers of its own while it reads, but not while it waits for something to read.
        _readsEmptyFirst = stream is SslStream;
        _subProtocol = subProtocol;
        if (!input.IsEmpty)
        {
            Keep(input);
            _bytesReceived = input.Length;
        }

        _keepAlive = KeepAlive.Start(this, options);
    }

    /// <summary>A socket over a stream whose opening handshake is done. It owns the stream.</summary>
    /// <param name="stream">Reads and writes the bytes of the connection.</param>
    /// <param name="isServer">Whether this is the server's end.</param>
    /// <param name="options">Settings.</param>
    /// <param name="subProtocol">The subprotocol that the handshake agreed on, or null.</param>
    /// <param name="deflate">What the handshake agreed on for permessage-deflate, such as <see cref="DeflateNegotiation"/> gives, or null.</param>
    /// <exception cref="ArgumentOutOfRangeException">A setting is not in its range; the message says what is allowed.</exception>
    public static MicroWebSocket CreateFromStream(
        Stream stream, bool isServer, MicroWebSocketOptions options, string? subProtocol = null, DeflateParameters? deflate = null)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        return new MicroWebSocket(stream, null, isServer, options, subProtocol, deflate, default);
    }

    /// <inheritdoc/>
    public override WebSocketCloseStatus? CloseStatus => _closeStatus;

    /// <inheritdoc/>
    public override string? CloseStatusDescription => _closeStatusDescription;

    /// <inheritdoc/>
    public override string? SubProtocol => _subProtocol;

    /// <summary>What was agreed on for permessage-deflate; null where messages go as they are.</summary>
    public DeflateParameters? Deflate => _deflate?.Agreed;

    /// <summary>Bytes that permessage-deflate takes for this connection, for as long as it lasts; 0 without it.</summary>
    public int DeflateMemoryBytes => _deflate?.MemoryBytes ?? 0;

    /// <summary>Bytes read so far of what is under the messages: frames with their headers, compressed ones as they are. Control frames count.</summary>
    public long BytesReceived => Volatile.Read(ref _bytesReceived);

    /// <summary>Bytes written so far, counted as <see cref="BytesReceived"/> is.</summary>
    public long BytesSent => Volatile.Read(ref _bytesSent);

    /// <summary>The rule that the peer broke, where that ended the connection.</summary>
    public ProtocolError ProtocolError => _engine.Error;

    /// <inheritdoc/>
    public override WebSocketState State =>
        _aborted ? WebSocketState.Aborted
        : Volatile.Read(ref _ended) != 0 ? WebSocketState.Closed
        : _engine.State switch
        {
            EngineState.Open => WebSocketState.Open,
            EngineState.ClosedByUs => WebSocketState.CloseSent,
            EngineState.ClosedByPeer => WebSocketState.CloseReceived,
            EngineState.Closed => WebSocketState.Closed,
            _ => WebSocketState.Aborted,
        };

    /// <summary>Ends the connection at once, without a closing handshake. Calls that wait fail.</summary>
    public override void Abort()
    {
        _aborted |= _engine.State != EngineState.Closed;
        End();
    }

    /// <inheritdoc/>
    public override void Dispose() => End();

    // Frees the stream, once. A receive that waits in it comes back with an error, and frees its own buffer.
    private void End()
    {
        if (Interlocked.Exchange(ref _ended, 1) == 0)
        {
            _keepAlive?.Stop();
            _stream.Dispose();
            _socket?.Dispose();
        }
    }

    // .NET's own sockets answer a call that is out of place, be it after Dispose, with this error too.
    private void ThrowUnless(bool possible, string call)
    {
        if (!possible)
        {
            throw new WebSocketException(WebSocketError.InvalidState, $"{call} is not possible in state {State}.");
        }
    }

    // RFC 6455 §5.3: a fresh key for each frame.
    private int NextMaskKey() => _isServer ? 0 : MaskKeys.Next();
}
