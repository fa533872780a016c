using System;
using System.Net;
using System.Net.WebSockets;
using System.Runtime.CompilerServices;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.Extensions.Logging;
using RpiGateway.Access;

namespace RpiGateway.Mqtt;

/// <summary>
/// MQTT over one WebSocket (MQTT 5, 6), for either side: binary frames only, one frame for each packet sent, packets
/// received in any frames. What breaks a rule is refused with a close code.
/// </summary>
internal sealed class MqttWebSocketChannel : MqttChannel
{
    /// <summary>The subprotocol both sides must name [MQTT-6.0.0-3], [MQTT-6.0.0-4].</summary>
    public const string Subprotocol = "mqtt";

    // How long a peer may take to answer a close before its transport is dropped.
    private static readonly TimeSpan CloseTimeout = TimeSpan.FromSeconds(2);

    private readonly Func<CancellationToken, Task<WebSocket>>? _connect;
    private readonly SemaphoreSlim _receiving = new(1);
    private readonly CancellationTokenSource _closeDeadline = new();
    private CancellationTokenRegistration _cancelled;
    private WebSocket? _socket;
    private byte[]? _discarded;
    private int _closing;
    private bool _ended;

    /// <summary>The broker's side: <paramref name="socket"/> is an accepted connection of a client.</summary>
    public MqttWebSocketChannel(WebSocket socket, EndPoint? remote, EndPoint? local, MessagePace pace, Refusals refusals, ILogger logger)
        : this(new MqttPacketGuard(MqttPacketGuard.Connect, pace), refusals, logger)
    {
        _socket = socket;
        RemoteEndPoint = remote;
        LocalEndPoint = local;
    }

    /// <summary>The client's side: <paramref name="connect"/> opens the connection to the broker.</summary>
    public MqttWebSocketChannel(Func<CancellationToken, Task<WebSocket>> connect, MqttPacketGuard guard, ILogger logger)
        : this(guard, null, logger) => _connect = connect;

    private MqttWebSocketChannel(MqttPacketGuard guard, Refusals? refusals, ILogger logger)
        : base(guard, refusals, logger) =>
        _closeDeadline.Token.UnsafeRegister(static channel => ((MqttWebSocketChannel)channel!)._socket?.Abort(), this);

    public override async Task ConnectAsync(CancellationToken cancellationToken) => _socket = await _connect!(cancellationToken);

    /// <summary>Closes with 1000 unless a close is under way, and waits for the peer's, at most 2 s.</summary>
    public override async Task DisconnectAsync(CancellationToken cancellationToken)
    {
        if (_socket is null)
        {
            return;
        }

        await StartCloseAsync(WebSocketCloseStatus.NormalClosure, null);
        await ReceiveAsync(Memory<byte>.Empty);
    }

    /// <summary>Ends the connection with a close code and one line in the log; may be called while a read is waiting.</summary>
    public Task RefuseAsync(Refusal refusal)
    {
        if (_closing == 0)
        {
            Report(refusal, (refusals, peer) => refusals.ReportClose(refusal.Code, peer, refusal.Reason));
        }

        return StartCloseAsync(refusal.Code, refusal.Reason);
    }

    public override void Dispose()
    {
        _cancelled.Dispose();
        _socket?.Dispose();
        _closeDeadline.Dispose();
        base.Dispose();
    }

    /// <inheritdoc/>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    protected override async ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        // A cancelled WebSocket receive drops the transport, and a close frame with it. So a cancelled read closes.
        if (cancellationToken != _cancelled.Token)
        {
            await _cancelled.DisposeAsync();
            _cancelled = cancellationToken.UnsafeRegister(
                static channel => _ = ((MqttWebSocketChannel)channel!).StartCloseAsync(WebSocketCloseStatus.NormalClosure, null), this);
        }

        await Guard.PaceAsync(CancellationToken.None);
        return await ReceiveAsync(buffer);
    }

    /// <summary>Sends one packet as one binary frame.</summary>
    protected override ValueTask SendAsync(ReadOnlyMemory<byte> packet, bool isEndOfPacket, CancellationToken deadline) =>
        _socket!.SendAsync(packet, WebSocketMessageType.Binary, isEndOfPacket, deadline);

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<int> ReceiveAsync(Memory<byte> buffer)
    {
        await _receiving.WaitAsync(CancellationToken.None);
        try
        {
            while (!_ended)
            {
                if (await ReceiveOnceAsync(buffer) is int count and > 0)
                {
                    return count;
                }
            }
        }
        catch (Exception error) when (IsConnectionLoss(error))
        {
            _ended = true;
        }
        finally
        {
            _receiving.Release();
        }

        return 0;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<int> ReceiveOnceAsync(Memory<byte> buffer)
    {
        // After our close what still comes is thrown away, up to the peer's close (RFC 6455, 7.1.1).
        Memory<byte> target = _closing == 0 ? buffer : _discarded ??= new byte[1024];
        ValueWebSocketReceiveResult received = await _socket!.ReceiveAsync(target, CancellationToken.None);
        if (received.MessageType == WebSocketMessageType.Close)
        {
            _ended = true;
            await StartCloseAsync(WebSocketCloseStatus.NormalClosure, null);
            return 0;
        }

        if (_closing != 0)
        {
            return 0;
        }

        // [MQTT-6.0.0-1]
        Refusal? refusal = received.MessageType == WebSocketMessageType.Text
            ? new(WebSocketCloseStatus.InvalidMessageType, "MQTT takes binary frames only")
            : Guard.Inspect(target.Span[..received.Count]);
        if (refusal is null)
        {
            return received.Count;
        }

        await RefuseAsync(refusal.Value);
        return 0;
    }

    private async Task StartCloseAsync(WebSocketCloseStatus code, string? reason)
    {
        if (Interlocked.Exchange(ref _closing, 1) != 0)
        {
            return;
        }

        try
        {
            _closeDeadline.CancelAfter(CloseTimeout);
            await _socket!.CloseOutputAsync(code, reason, CancellationToken.None);
        }
        catch (Exception error) when (IsConnectionLoss(error))
        {
            // The connection is gone already, which is what a close is for.
        }
    }

    private static bool IsConnectionLoss(Exception error) =>
        error is WebSocketException or ObjectDisposedException or OperationCanceledException or InvalidOperationException;
}
