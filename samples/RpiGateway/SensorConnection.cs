using System;
using System.Buffers;
using System.Net.WebSockets;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.Extensions.Logging;

namespace RpiGateway;

/// <summary>One connection of a sensor: hands its readings to the bridge, one after the other.</summary>
internal sealed class SensorConnection(string id, MqttBridge bridge, ILogger logger)
{
    /// <summary>The largest reading in bytes.</summary>
    public const int MaxReadingSize = 64 * 1024;

    private const int InitialBufferSize = 1024;

    // How long a sensor may be silent once it has been told to close.
    private static readonly TimeSpan CloseTimeout = TimeSpan.FromSeconds(2);

    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _silence = new();
    private readonly Lock _lock = new();
    private WebSocket? _socket;
    private WebSocketCloseStatus _closeCode;
    private string? _closeReason;
    private bool _closing;
    private bool _aborted;
    private bool _receiving;

    /// <summary>The sensor's id.</summary>
    public string Id => id;

    /// <summary>Done once nothing more of this connection will be published.</summary>
    public Task Ended => _ended.Task;

    /// <summary>The opening handshake is done. A close that was asked for meanwhile is made up for.</summary>
    public async Task BeginAsync(WebSocket socket)
    {
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

    /// <summary>Nothing more of this connection will be published; it may never have begun.</summary>
    public void End() => _ended.SetResult();

    /// <summary>Serves the connection to its end; <paramref name="givingUp"/> drops a reading the broker does not take.</summary>
    public async Task RunAsync(CancellationToken givingUp)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(InitialBufferSize);
        try
        {
            int length = 0;
            while (await ReceiveAsync(buffer.AsMemory(length)) is { MessageType: not WebSocketMessageType.Close } received)
            {
                length += received.Count;
                if (length > MaxReadingSize)
                {
                    await RefuseAsync($"a reading may have at most {MaxReadingSize} bytes");
                    return;
                }

                if (received.EndOfMessage)
                {
                    if (!await bridge.PublishAsync(SensorEndpoint.TelemetryTopic(id), buffer.AsMemory(0, length), givingUp))
                    {
                        await RefuseAsync($"the broker takes no reading of {length} bytes");
                        return;
                    }

                    length = 0;
                }
                else if (length == buffer.Length)
                {
                    byte[] larger = ArrayPool<byte>.Shared.Rent(Math.Min(2 * length, MaxReadingSize + 1));
                    buffer.AsSpan(0, length).CopyTo(larger);
                    ArrayPool<byte>.Shared.Return(buffer);
                    buffer = larger;
                }
            }

            await CloseAsync(WebSocketCloseStatus.NormalClosure, null);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Sends a close frame, once; what the sensor sent before its own is still read. For any thread.</summary>
    public async Task CloseAsync(WebSocketCloseStatus code, string? reason)
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

    private async Task SendCloseAsync(WebSocket socket)
    {
        try
        {
            using CancellationTokenSource deadline = new(CloseTimeout);
            await socket.CloseOutputAsync(_closeCode, _closeReason, deadline.Token);
        }
        catch (Exception error) when (error is WebSocketException or ObjectDisposedException or OperationCanceledException or InvalidOperationException)
        {
            // The sensor is gone already.
        }
    }

    private async Task RefuseAsync(string reason)
    {
        logger.LogWarning("Refused sensor {Id}: {Reason} (close 1009)", id, reason);
        await CloseAsync(WebSocketCloseStatus.MessageTooBig, reason);

        // Up to the sensor's close, or the end of the transport may overtake ours (RFC 6455, 7.1.1).
        byte[] ignored = new byte[InitialBufferSize];
        while ((await ReceiveAsync(ignored)).MessageType != WebSocketMessageType.Close)
        {
        }
    }

    private async ValueTask<ValueWebSocketReceiveResult> ReceiveAsync(Memory<byte> buffer)
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

    // Only time spent waiting for the sensor counts as its silence, not time spent waiting for the broker.
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
