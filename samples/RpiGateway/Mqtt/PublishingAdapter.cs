using System;
using System.Collections.Generic;
using System.IO;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Threading;
using System.Threading.Tasks;
using MQTTnet.Adapter;
using MQTTnet.Formatter;
using MQTTnet.Packets;

namespace RpiGateway.Mqtt;

/// <summary>
/// Between MQTTnet's client and its connection: publishes at QoS 1 past the client, and goes on where the acknowledgement is received. The client
/// wakes a thread of the pool for each, which costs more than all else of a reading. Who publishes here must not publish or subscribe by the client,
/// which numbers packets by itself. For any thread.
/// </summary>
internal sealed class PublishingAdapter(IMqttChannelAdapter inner) : IMqttChannelAdapter
{
    private readonly Dictionary<ushort, TaskCompletionSource<MqttPubAckPacket>> _pending = [];
    private ushort _lastIdentifier;
    private Exception? _end;

    public long BytesReceived => inner.BytesReceived;

    public long BytesSent => inner.BytesSent;

    public X509Certificate2? ClientCertificate => inner.ClientCertificate;

    public EndPoint? RemoteEndPoint => inner.RemoteEndPoint;

    public EndPoint? LocalEndPoint => inner.LocalEndPoint;

    public bool IsSecureConnection => inner.IsSecureConnection;

    public MqttPacketFormatterAdapter PacketFormatterAdapter => inner.PacketFormatterAdapter;

    /// <summary>Publishes, and waits for the broker's PUBACK. At most 65,535 at a time.</summary>
    /// <exception cref="IOException">The connection has ended.</exception>
    public async Task<MqttPubAckPacket> PublishAsync(Publication publication)
    {
        MqttPublishPacket packet = MqttPublishPacketFactory.Create(publication.ToMessage());
        TaskCompletionSource<MqttPubAckPacket> acknowledged = new();
        lock (_pending)
        {
            if (_end is not null)
            {
                throw new IOException("the connection has ended", _end);
            }

            do
            {
                packet.PacketIdentifier = ++_lastIdentifier;
            }
            while (packet.PacketIdentifier == 0 || !_pending.TryAdd(packet.PacketIdentifier, acknowledged));
        }

        try
        {
            await inner.SendPacketAsync(packet, CancellationToken.None);
        }
        catch
        {
            lock (_pending)
            {
                _pending.Remove(packet.PacketIdentifier);
            }

            throw;
        }

        return await acknowledged.Task;
    }

    public async Task<MqttPacket?> ReceivePacketAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                MqttPacket? packet = await inner.ReceivePacketAsync(cancellationToken);
                if (packet is MqttPubAckPacket acknowledgement && Take(acknowledgement.PacketIdentifier) is { } acknowledged)
                {
                    acknowledged.SetResult(acknowledgement);
                    continue;
                }

                if (packet is null)
                {
                    End(new EndOfStreamException());
                }

                return packet;
            }
        }
        catch (Exception error)
        {
            End(error);
            throw;
        }
    }

    public Task ConnectAsync(CancellationToken cancellationToken) => inner.ConnectAsync(cancellationToken);

    public Task DisconnectAsync(CancellationToken cancellationToken) => inner.DisconnectAsync(cancellationToken);

    public void ResetStatistics() => inner.ResetStatistics();

    public Task SendPacketAsync(MqttPacket packet, CancellationToken cancellationToken) => inner.SendPacketAsync(packet, cancellationToken);

    public void Dispose()
    {
        inner.Dispose();
        End(new ObjectDisposedException(nameof(PublishingAdapter)));
    }

    private TaskCompletionSource<MqttPubAckPacket>? Take(ushort identifier)
    {
        lock (_pending)
        {
            return _pending.Remove(identifier, out TaskCompletionSource<MqttPubAckPacket>? acknowledged) ? acknowledged : null;
        }
    }

    private void End(Exception error)
    {
        List<TaskCompletionSource<MqttPubAckPacket>> pending;
        lock (_pending)
        {
            _end ??= error;
            pending = [.. _pending.Values];
            _pending.Clear();
        }

        pending.ForEach(one => one.SetException(new IOException("the connection has ended", error)));
    }
}
