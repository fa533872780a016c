using System;
using System.IO;
using System.IO.Pipelines;
using System.Net;
using System.Net.WebSockets;
using System.Runtime.CompilerServices;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.Extensions.Logging;
using RpiGateway.Access;

namespace RpiGateway.Mqtt;

/// <summary>
/// MQTT over a stream of bytes (MQTT 5, 4.2), for either side. What breaks a rule is refused by closing the connection.
/// </summary>
internal sealed class MqttStreamChannel : MqttChannel
{
    private readonly Func<CancellationToken, Task<Stream>>? _connect;
    private readonly Action? _admit;
    private Stream? _input;
    private Stream? _output;
    private bool _refused;

    /// <summary>The broker's side: <paramref name="transport"/> is a client's connection, and <paramref name="admit"/> is called once CONNECT is here.</summary>
    public MqttStreamChannel(IDuplexPipe transport, EndPoint remote, Action admit, MessagePace pace, Refusals refusals, ILogger logger)
        : base(new MqttPacketGuard(MqttPacketGuard.Connect, pace), refusals, logger)
    {
        _input = transport.Input.AsStream();
        _output = transport.Output.AsStream();
        RemoteEndPoint = remote;
        _admit = admit;
    }

    /// <summary>Either side of a connection through memory.</summary>
    public MqttStreamChannel(Stream input, Stream output, MqttPacketGuard guard, ILogger logger)
        : base(guard, null, logger)
    {
        _input = input;
        _output = output;
    }

    /// <summary>The client's side: <paramref name="connect"/> opens the connection to the broker.</summary>
    public MqttStreamChannel(Func<CancellationToken, Task<Stream>> connect, MqttPacketGuard guard, ILogger logger)
        : base(guard, null, logger) => _connect = connect;

    public override async Task ConnectAsync(CancellationToken cancellationToken)
    {
        if (_connect is not null)
        {
            _input = _output = await _connect(cancellationToken);
        }
    }

    public override async Task DisconnectAsync(CancellationToken cancellationToken)
    {
        if (_output is not null)
        {
            await _output.DisposeAsync();
            await _input!.DisposeAsync();
        }
    }

    public override void Dispose()
    {
        _output?.Dispose();
        _input?.Dispose();
        base.Dispose();
    }

    /// <inheritdoc/>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    protected override async ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        if (_refused)
        {
            return 0;
        }

        await Guard.PaceAsync(cancellationToken);
        int read;
        try
        {
            read = await _input!.ReadAsync(buffer, cancellationToken);
        }
        catch (Exception error) when (error is IOException or ObjectDisposedException or InvalidOperationException)
        {
            return 0;
        }

        bool isFirst = !Guard.FirstPacketPassed;
        if (Guard.Inspect(buffer.Span[..read]) is { } refusal)
        {
            _refused = true;
            string reason = refusal.Code == WebSocketCloseStatus.MessageTooBig ? RefusalReason.MessageTooBig : RefusalReason.ProtocolError;
            Report(refusal, (refusals, peer) => refusals.Report(reason, peer, refusal.Reason, "closed"));
            return 0;
        }

        if (isFirst && Guard.FirstPacketPassed)
        {
            _admit?.Invoke();
        }

        return read;
    }

    protected override ValueTask SendAsync(ReadOnlyMemory<byte> packet, bool isEndOfPacket, CancellationToken deadline) => _output!.WriteAsync(packet, deadline);
}
