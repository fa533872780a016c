using System;
using System.Buffers;
using System.Net;
using System.Net.WebSockets;
using System.Security.Cryptography.X509Certificates;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.Extensions.Logging;
using MQTTnet.Channel;
using RpiGateway.Access;

namespace RpiGateway.Mqtt;

/// <summary>
/// MQTT over one WebSocket (MQTT 5, 6), for either side: binary frames only, one frame for each packet sent, packets
/// received in any frames. What breaks a rule is refused with a close code, and MQTTnet sees only the end of the stream.
/// One caller may read while another writes.
/// </summary>
internal sealed class MqttWebSocketChannel : IMqttChannel
{
    /// <summary>The subprotocol both sides must name [MQTT-6.0.0-3], [MQTT-6.0.0-4].</summary>
    public const string Subprotocol = "mqtt";

    // How long a peer may take to answer a close, and to take in one packet, before its transport is dropped.
    private static readonly TimeSpan CloseTimeout = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan WriteTimeout = TimeSpan.FromSeconds(20);

    private readonly Func<CancellationToken, Task<WebSocket>>? _connect;
    private readonly MqttPacketGuard _guard;
    private readonly ILogger _logger;
    private readonly Refusals? _refusals;
    private readonly SemaphoreSlim _receiving = new(1);
    private readonly CancellationTokenSource _closeDeadline = new();
    private CancellationTokenSource _writeDeadline = new();
    private CancellationTokenRegistration _cancelled;
    private WebSocket? _socket;
    private byte[]? _discarded;
    private int _closing;
    private bool _ended;

    /// <summary>The broker's side: <paramref name="socket"/> is an accepted connection of a client.</summary>
    public MqttWebSocketChannel(WebSocket socket, EndPoint? remote, EndPoint? local, MessagePace pace, Refusals refusals, ILogger logger)
        : this(new MqttPacketGuard(MqttPacketGuard.Connect, pace), logger)
    {
        _refusals = refusals;
        _socket = socket;
        RemoteEndPoint = remote;
        LocalEndPoint = local;
    }

    /// <summary>The client's side: <paramref name="connect"/> opens the connection to the broker.</summary>
    public MqttWebSocketChannel(Func<CancellationToken, Task<WebSocket>> connect, MqttPacketGuard guard, ILogger logger)
        : this(guard, logger) => _connect = connect;

    private MqttWebSocketChannel(MqttPacketGuard guard, ILogger logger)
    {
        _guard = guard;
        _logger = logger;
        _closeDeadline.Token.UnsafeRegister(static channel => ((MqttWebSocketChannel)channel!)._socket?.Abort(), this);
    }

    public X509Certificate2? ClientCertificate => null;

    public EndPoint? RemoteEndPoint { get; }

    public EndPoint? LocalEndPoint { get; }

    public bool IsSecureConnection => false;

    /// <summary>True once the peer's first packet, CONNECT or CONNACK, is here whole.</summary>
    public bool FirstPacketReceived => _guard.FirstPacketPassed;

    public async Task ConnectAsync(CancellationToken cancellationToken) => _socket = await _connect!(cancellationToken);

    /// <summary>Reads up to <paramref name="count"/> bytes; 0 is the end, however it came about.</summary>
    public async Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
    {
        // A cancelled WebSocket receive drops the transport, and a close frame with it. So a cancelled read closes.
        if (cancellationToken != _cancelled.Token)
        {
            await _cancelled.DisposeAsync();
            _cancelled = cancellationToken.UnsafeRegister(
                static channel => _ = ((MqttWebSocketChannel)channel!).StartCloseAsync(WebSocketCloseStatus.NormalClosure, null), this);
        }

        await _guard.PaceAsync(CancellationToken.None);
        return await ReceiveAsync(buffer.AsMemory(offset, count));
    }

    /// <summary>Sends one packet as one binary frame.</summary>
    public async Task WriteAsync(ReadOnlySequence<byte> buffer, bool isEndOfPacket, CancellationToken cancellationToken)
    {
        // A frame once begun must be finished: the deadline alone ends a send, and the connection with it.
        ReadOnlyMemory<byte> packet = buffer.IsSingleSegment ? buffer.First : buffer.ToArray();
        ValueTask send = _socket!.SendAsync(packet, WebSocketMessageType.Binary, isEndOfPacket, _writeDeadline.Token);
        if (send.IsCompletedSuccessfully)
        {
            return;
        }

        _writeDeadline.CancelAfter(WriteTimeout);
        await send;
        if (!_writeDeadline.TryReset())
        {
            _writeDeadline = new CancellationTokenSource();
        }
    }

    /// <summary>Closes with 1000 unless a close is under way, and waits for the peer's, at most 2 s.</summary>
    public async Task DisconnectAsync(CancellationToken cancellationToken)
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
            if (_refusals is null)
            {
                _logger.LogWarning("Refused what broker {Peer} sent: {Reason} (close {Code})", RemoteEndPoint, refusal.Reason, (int)refusal.Code);
            }
            else
            {
                _refusals.ReportClose(refusal.Code, $"MQTT peer {RemoteEndPoint}", refusal.Reason);
            }
        }

        return StartCloseAsync(refusal.Code, refusal.Reason);
    }

    public void Dispose()
    {
        _cancelled.Dispose();
        _socket?.Dispose();
        _closeDeadline.Dispose();
        _writeDeadline.Dispose();
    }

    private async Task<int> ReceiveAsync(Memory<byte> buffer)
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

    private async Task<int> ReceiveOnceAsync(Memory<byte> buffer)
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
            : _guard.Inspect(target.Span[..received.Count]);
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
