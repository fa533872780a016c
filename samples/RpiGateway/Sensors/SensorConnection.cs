using System;
using System.Buffers;
using System.Net;
using System.Net.WebSockets;
using System.Runtime.CompilerServices;
using System.Threading;
using System.Threading.Tasks;
using Esp32Sensor.Node;
using Microsoft.Extensions.Logging;
using RpiGateway.Access;
using RpiGateway.Monitoring;
using Ws.Micro.Desktop;

namespace RpiGateway.Sensors;

/// <summary>One connection of a sensor, of either kind: its place, its messages and its end.</summary>
internal abstract class SensorConnection(string id, int maxPrefix, ILogger logger)
{
    private const int InitialBufferSize = 1024;

    // How long a sensor may be silent once it has been told to close.
    private static readonly TimeSpan CloseTimeout = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan SendTimeout = TimeSpan.FromSeconds(10);

    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _silence = new();
    private readonly Lock _lock = new();
    private MessagePace? _pace;
    private WebSocket? _socket;
    private WebSocketCloseStatus _closeCode;
    private string? _closeReason;
    private bool _closing;
    private bool _aborted;
    private bool _receiving;
    private byte[] _buffer = [];
    private int _length;
    private long _messagesIn;
    private long _messagesOut;
    private long _lastSeen;

    /// <summary>The sensor's id.</summary>
    public string Id => id;

    /// <summary>The sensor's IP address.</summary>
    public IPAddress? Address { get; init; }

    /// <summary>When it connected: milliseconds since 1970 (UTC), 0 where the gateway did not know.</summary>
    public long Since { get; private set; }

    /// <summary>When its last message came, as <see cref="Since"/> is; its connection at first.</summary>
    public long LastSeen => Interlocked.Read(ref _lastSeen);

    /// <summary>Why it was told to close; null where it was not.</summary>
    public string? CloseReason => Volatile.Read(ref _closeReason);

    /// <summary>What limits its messages, and is told of what is refused; null: nothing.</summary>
    public AccessControl? Access { get; init; }

    /// <summary>Done once nothing more of this connection will be taken.</summary>
    public Task Ended => _ended.Task;

    /// <summary>What it has carried so far, and takes now. For any thread.</summary>
    public SensorTraffic Traffic => new(
        Interlocked.Read(ref _messagesIn),
        Interlocked.Read(ref _messagesOut),
        (_socket as MicroWebSocket)?.BytesReceived ?? 0,
        (_socket as MicroWebSocket)?.BytesSent ?? 0,
        ((_socket as MicroWebSocket)?.DeflateMemoryBytes ?? 0) + _buffer.Length);

    /// <summary>The last message received; until the next is.</summary>
    protected ArraySegment<byte> Message => new(_buffer, 0, _length);

    protected ILogger Logger => logger;

    /// <summary>What the sensor has said about itself by that name; null where it has not.</summary>
    public virtual string? Said(string name) => null;

    /// <summary>The opening handshake is done. A close that was asked for meanwhile is made up for.</summary>
    public async Task BeginAsync(WebSocket socket)
    {
        Since = Now();
        Interlocked.Exchange(ref _lastSeen, Since);
        bool closing;
        lock (_lock)
        {
            _socket = socket;
            closing = _closing;
            if (_aborted)
            {
                socket.Abort();
            }
        }

        if (closing)
        {
            await SendCloseAsync(socket);
        }
    }

    /// <summary>Serves the connection to its end; <paramref name="givingUp"/> stops waiting for the disk.</summary>
    public async Task RunAsync(CancellationToken givingUp)
    {
        _buffer = ArrayPool<byte>.Shared.Rent(InitialBufferSize);
        try
        {
            await ServeAsync(givingUp);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = [];
        }
    }

    /// <summary>Nothing more of this connection will be taken; it may never have begun.</summary>
    public void End() => _ended.SetResult();

    /// <summary>Sends a close frame, once; what the sensor sent before its own is still read. For any thread.</summary>
    public virtual async Task CloseAsync(WebSocketCloseStatus code, string? reason)
    {
        WebSocket? socket;
        lock (_lock)
        {
            if (_closing)
            {
                return;
            }

            _closing = true;
            _closeCode = code;
            _closeReason = reason;
            socket = _socket;
            if (_receiving)
            {
                _silence.CancelAfter(CloseTimeout);
            }
        }

        if (socket is not null)
        {
            await SendCloseAsync(socket);
        }
    }

    /// <summary>Drops the connection.</summary>
    public void Abort()
    {
        lock (_lock)
        {
            _aborted = true;
            _socket?.Abort();
        }
    }

    /// <summary>The time now in milliseconds since 1970 (UTC); 0 where the gateway's own clock was never set.</summary>
    internal static long Now() => DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() is var now && now >= NodeClock.Earliest ? now : 0;

    protected abstract Task ServeAsync(CancellationToken givingUp);

    /// <summary>Receives the next message; false at the sensor's close, or where the message was too large, which has been answered.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    protected async ValueTask<bool> ReceiveAsync()
    {
        if (Access is not null)
        {
            _pace ??= Access.NewPace();
            await _pace.WaitAsync(1, CancellationToken.None);
        }

        int maxMessageSize = (Access?.Settings.ReadingSize ?? PlainConnection.MaxReadingSize) + maxPrefix;
        _length = 0;
        while (true)
        {
            ValueWebSocketReceiveResult received = await ReceivePartAsync(_buffer.AsMemory(_length));
            if (received.MessageType == WebSocketMessageType.Close)
            {
                return false;
            }

            _length += received.Count;
            if (_length > maxMessageSize)
            {
                await RefuseAsync(WebSocketCloseStatus.MessageTooBig, $"a message may have at most {maxMessageSize} bytes");
                return false;
            }

            if (received.EndOfMessage)
            {
                Interlocked.Add(ref _messagesIn, _length);
                Interlocked.Exchange(ref _lastSeen, Now());
                return true;
            }

            if (_length == _buffer.Length)
            {
                byte[] larger = ArrayPool<byte>.Shared.Rent(Math.Min(2 * _length, maxMessageSize + 1));
                Message.CopyTo(larger);
                ArrayPool<byte>.Shared.Return(_buffer);
                _buffer = larger;
            }
        }
    }

    /// <summary>Sends a text message; to a sensor that is gone or closing, nothing. One that does not take it in time is dropped.</summary>
    protected async Task SendAsync(ReadOnlyMemory<byte> text)
    {
        try
        {
            using CancellationTokenSource deadline = new(SendTimeout);
            await _socket!.SendAsync(text, WebSocketMessageType.Text, true, deadline.Token);
            Interlocked.Add(ref _messagesOut, text.Length);
        }
        catch (Exception error) when (IsLoss(error))
        {
            // Whoever receives sees it too.
        }
    }

    /// <summary>Closes with that code, and waits for the sensor's close.</summary>
    protected async Task RefuseAsync(WebSocketCloseStatus code, string reason)
    {
        Access?.Refusals.ReportClose(code, $"sensor {id}", reason);
        await CloseAsync(code, reason);

        // Up to the sensor's close, or the end of the transport may overtake ours (RFC 6455, 7.1.1).
        byte[] ignored = new byte[InitialBufferSize];
        while ((await ReceivePartAsync(ignored)).MessageType != WebSocketMessageType.Close)
        {
        }
    }

    private static bool IsLoss(Exception error) =>
        error is WebSocketException or ObjectDisposedException or OperationCanceledException or InvalidOperationException;

    private async Task SendCloseAsync(WebSocket socket)
    {
        try
        {
            using CancellationTokenSource deadline = new(CloseTimeout);
            await socket.CloseOutputAsync(_closeCode, _closeReason, deadline.Token);
        }
        catch (Exception error) when (IsLoss(error))
        {
            // The sensor is gone already.
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<ValueWebSocketReceiveResult> ReceivePartAsync(Memory<byte> buffer)
    {
        SetReceiving(true);
        try
        {
            return await _socket!.ReceiveAsync(buffer, _silence.Token);
        }
        finally
        {
            SetReceiving(false);
        }
    }

    // Only time spent waiting for the sensor counts as its silence, not time spent waiting for the disk.
    private void SetReceiving(bool receiving)
    {
        lock (_lock)
        {
            _receiving = receiving;
            if (_closing)
            {
                _silence.CancelAfter(receiving ? CloseTimeout : Timeout.InfiniteTimeSpan);
            }
        }
    }
}
