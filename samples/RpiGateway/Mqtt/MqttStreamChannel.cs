using System;
using System.Buffers;
using System.IO;
using System.IO.Pipelines;
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
/// MQTT over a stream of bytes (MQTT 5, 4.2), for either side. What breaks a rule is refused by closing the connection, and MQTTnet sees only
/// the end of the stream. One caller may read while another writes.
/// </summary>
internal sealed class MqttStreamChannel : IMqttChannel
{
    // How long a peer may take to take in one packet before the connection is dropped.
    private static readonly TimeSpan WriteTimeout = TimeSpan.FromSeconds(20);

    private readonly Func<CancellationToken, Task<Stream>>? _connect;
    private readonly MqttPacketGuard _guard;
    private readonly ILogger _logger;
    private readonly Refusals? _refusals;
    private readonly Action? _admit;
    private CancellationTokenSource _writeDeadline = new();
    private Stream? _input;
    private Stream? _output;
    private bool _refused;

    /// <summary>The broker's side: <paramref name="transport"/> is a client's connection, and <paramref name="admit"/> is called once CONNECT is here.</summary>
    public MqttStreamChannel(IDuplexPipe transport, EndPoint remote, Action admit, MessagePace pace, Refusals refusals, ILogger logger)
        : this(transport.Input.AsStream(), transport.Output.AsStream(), new MqttPacketGuard(MqttPacketGuard.Connect, pace), logger)
    {
        RemoteEndPoint = remote;
        _admit = admit;
        _refusals = refusals;
    }

    /// <summary>Either side of a connection through memory.</summary>
    public MqttStreamChannel(Stream input, Stream output, MqttPacketGuard guard, ILogger logger)
    {
        _input = input;
        _output = output;
        _guard = guard;
        _logger = logger;
    }

    /// <summary>The client's side: <paramref name="connect"/> opens the connection to the broker.</summary>
    public MqttStreamChannel(Func<CancellationToken, Task<Stream>> connect, MqttPacketGuard guard, ILogger logger)
    {
        _connect = connect;
        _guard = guard;
        _logger = logger;
    }

    public X509Certificate2? ClientCertificate => null;

    public EndPoint? RemoteEndPoint { get; }

    public EndPoint? LocalEndPoint => null;

    public bool IsSecureConnection => false;

    public async Task ConnectAsync(CancellationToken cancellationToken)
    {
        if (_connect is not null)
        {
            _input = _output = await _connect(cancellationToken);
        }
    }

    /// <summary>Reads up to <paramref name="count"/> bytes; 0 is the end, however it came about.</summary>
    public async Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
    {
        if (_refused)
        {
            return 0;
        }

        await _guard.PaceAsync(cancellationToken);
        int read;
        try
        {
            read = await _input!.ReadAsync(buffer.AsMemory(offset, count), cancellationToken);
        }
        catch (Exception error) when (error is IOException or ObjectDisposedException or InvalidOperationException)
        {
            return 0;
        }

        bool isFirst = !_guard.FirstPacketPassed;
        if (_guard.Inspect(buffer.AsSpan(offset, read)) is { } refusal)
        {
            _refused = true;
            Report(refusal);
            return 0;
        }

        if (isFirst && _guard.FirstPacketPassed)
        {
            _admit?.Invoke();
        }

        return read;
    }

    /// <summary>Sends one packet.</summary>
    public async Task WriteAsync(ReadOnlySequence<byte> buffer, bool isEndOfPacket, CancellationToken cancellationToken)
    {
        // A packet once begun must be finished: the deadline alone ends a write, and the connection with it.
        _writeDeadline.CancelAfter(WriteTimeout);
        ReadOnlyMemory<byte> packet = buffer.IsSingleSegment ? buffer.First : buffer.ToArray();
        await _output!.WriteAsync(packet, _writeDeadline.Token);
        if (!_writeDeadline.TryReset())
        {
            _writeDeadline = new CancellationTokenSource();
        }
    }

    public async Task DisconnectAsync(CancellationToken cancellationToken)
    {
        if (_output is not null)
        {
            await _output.DisposeAsync();
            await _input!.DisposeAsync();
        }
    }

    public void Dispose()
    {
        _output?.Dispose();
        _input?.Dispose();
        _writeDeadline.Dispose();
    }

    private void Report(Refusal refusal)
    {
        if (_refusals is null)
        {
            _logger.LogWarning("Refused what broker {Peer} sent: {Reason}", RemoteEndPoint, refusal.Reason);
            return;
        }

        string reason = refusal.Code == WebSocketCloseStatus.MessageTooBig ? RefusalReason.MessageTooBig : RefusalReason.ProtocolError;
        _refusals.Report(reason, $"MQTT peer {RemoteEndPoint}", refusal.Reason, "closed");
    }
}
