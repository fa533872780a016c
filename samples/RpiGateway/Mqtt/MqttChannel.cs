using System;
using System.Buffers;
using System.Net;
using System.Runtime.CompilerServices;
using System.Security.Cryptography.X509Certificates;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.Extensions.Logging;
using MQTTnet.Channel;
using RpiGateway.Access;

namespace RpiGateway.Mqtt;

/// <summary>
/// What MQTT goes through, for either side: what comes in passes a guard, and what breaks a rule is refused and reported, while MQTTnet sees only the
/// end of the stream. A peer that does not take in a packet in time is dropped. One caller may read while another writes.
/// </summary>
/// <param name="guard">Sees all that comes in.</param>
/// <param name="refusals">Told of what a client is refused; null on the client's side.</param>
/// <param name="logger">For what a broker is refused.</param>
internal abstract class MqttChannel(MqttPacketGuard guard, Refusals? refusals, ILogger logger) : IMqttChannel
{
    // How long a peer may take to take in one packet.
    private static readonly TimeSpan WriteTimeout = TimeSpan.FromSeconds(20);

    private const int MaxAhead = 4096;

    private CancellationTokenSource _writeDeadline = new();

    // Read and not yet taken: _ahead[_aheadStart.._aheadEnd].
    private byte[] _ahead = [];
    private int _aheadStart;
    private int _aheadEnd;

    public X509Certificate2? ClientCertificate => null;

    public EndPoint? RemoteEndPoint { get; init; }

    public EndPoint? LocalEndPoint { get; init; }

    public bool IsSecureConnection => false;

    /// <summary>True once the peer's first packet, CONNECT or CONNACK, is here whole.</summary>
    public bool FirstPacketReceived => Guard.FirstPacketPassed;

    protected MqttPacketGuard Guard => guard;

    public abstract Task ConnectAsync(CancellationToken cancellationToken);

    /// <summary>What <see cref="ReadAheadAsync"/> has read, as far as nobody has taken it.</summary>
    public ReadOnlySpan<byte> Ahead => _ahead.AsSpan(_aheadStart.._aheadEnd);

    /// <summary>Takes that many bytes of <see cref="Ahead"/>.</summary>
    public void Take(int count) => _aheadStart += count;

    /// <summary>Reads what there is, once all of <see cref="Ahead"/> is taken.</summary>
    /// <returns>Whether there was some; false at the end, however it came about.</returns>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<bool> ReadAheadAsync(CancellationToken cancellationToken)
    {
        if (_ahead.Length == 0)
        {
            _ahead = new byte[MaxAhead];
        }

        _aheadEnd = await ReceiveAsync(_ahead, cancellationToken);
        _aheadStart = 0;
        return _aheadEnd > 0;
    }

    /// <summary>Reads up to <paramref name="count"/> bytes; 0 is the end, however it came about.</summary>
    public Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
    {
        if (Ahead.IsEmpty)
        {
            return ReceiveAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();
        }

        count = Math.Min(count, Ahead.Length);
        Ahead[..count].CopyTo(buffer.AsSpan(offset));
        Take(count);
        return Task.FromResult(count);
    }

    /// <summary>Sends one packet.</summary>
    public async Task WriteAsync(ReadOnlySequence<byte> buffer, bool isEndOfPacket, CancellationToken cancellationToken)
    {
        if (buffer.IsSingleSegment)
        {
            await SendInTimeAsync(buffer.First, isEndOfPacket);
            return;
        }

        int size = (int)buffer.Length;
        byte[] packet = ArrayPool<byte>.Shared.Rent(size);
        buffer.CopyTo(packet);
        await SendInTimeAsync(packet.AsMemory(0, size), isEndOfPacket);

        // Not after a failure: the transport might still have it.
        ArrayPool<byte>.Shared.Return(packet);
    }

    public abstract Task DisconnectAsync(CancellationToken cancellationToken);

    public virtual void Dispose() => _writeDeadline.Dispose();

    /// <summary>Receives some bytes, which the guard has let pass; 0 is the end, however it came about.</summary>
    protected abstract ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken);

    /// <summary>Sends one packet, or a part of one.</summary>
    protected abstract ValueTask SendAsync(ReadOnlyMemory<byte> packet, bool isEndOfPacket, CancellationToken deadline);

    /// <summary>Says what was refused: a client by <paramref name="toClient"/>, a broker in the log.</summary>
    protected void Report(Refusal refusal, Action<Refusals, string> toClient)
    {
        if (refusals is null)
        {
            logger.LogWarning("Refused what broker {Peer} sent: {Reason}", RemoteEndPoint, refusal.Reason);
        }
        else
        {
            toClient(refusals, $"MQTT peer {RemoteEndPoint}");
        }
    }

    // A packet once begun must be finished: the deadline alone ends a send, and the connection with it.
    private async ValueTask SendInTimeAsync(ReadOnlyMemory<byte> packet, bool isEndOfPacket)
    {
        ValueTask send = SendAsync(packet, isEndOfPacket, _writeDeadline.Token);
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
}
