using System;
using System.Buffers;
using System.Collections.Generic;
using System.IO;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Threading;
using System.Threading.Tasks;
using MQTTnet.Adapter;
using MQTTnet.Formatter;
using MQTTnet.Packets;
using MQTTnet.Protocol;

namespace RpiGateway.Mqtt;

/// <summary>
/// Between MQTTnet's client and its connection: publishes at QoS 1 past the client, and tells of the acknowledgement where it is received. The client
/// wakes a thread of the pool for each, which costs more than all else of a reading. Who publishes here must not publish or subscribe by the client,
/// which numbers packets by itself. For any thread.
/// </summary>
/// <param name="inner">Encodes what is sent, and decodes what is received, but for the usual PUBACK.</param>
/// <param name="channel">What it sends and receives through.</param>
internal sealed class PublishingAdapter(IMqttChannelAdapter inner, MqttChannel channel) : IMqttChannelAdapter
{
    // PUBACK with the reason code Success, which then is left out (MQTT 5, 3.4.2.1): 0x40, the length 2, the packet identifier.
    private const byte PubAck = 0x40;
    private const int PubAckLength = 2;

    private readonly Dictionary<ushort, IPublicationOwner> _pending = [];
    private ushort _lastIdentifier;
    private Exception? _end;

    public long BytesReceived => inner.BytesReceived;

    public long BytesSent => inner.BytesSent;

    public X509Certificate2? ClientCertificate => inner.ClientCertificate;

    public EndPoint? RemoteEndPoint => inner.RemoteEndPoint;

    public EndPoint? LocalEndPoint => inner.LocalEndPoint;

    public bool IsSecureConnection => inner.IsSecureConnection;

    public MqttPacketFormatterAdapter PacketFormatterAdapter => inner.PacketFormatterAdapter;

    /// <summary>Publishes; the owner is told once the broker has answered. At most 65,535 at a time.</summary>
    /// <exception cref="Exception">It could not be sent, and the owner is not told: the connection has ended, or its sends fail.</exception>
    public async ValueTask PublishAsync(Publication publication, IPublicationOwner owner)
    {
        MqttPublishPacket packet = new()
        {
            Topic = publication.Topic,
            Payload = new ReadOnlySequence<byte>(publication.Payload),
            QualityOfServiceLevel = MqttQualityOfServiceLevel.AtLeastOnce,
            UserProperties = publication.UserProperties,
            CorrelationData = publication.CorrelationData,
            Retain = publication.Retain,
        };
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
            while (packet.PacketIdentifier == 0 || !_pending.TryAdd(packet.PacketIdentifier, owner));
        }

        try
        {
            await inner.SendPacketAsync(packet, CancellationToken.None);
        }
        catch when (TakeOwner(packet.PacketIdentifier) is null)
        {
            // The connection has ended, and its owner has been told.
        }
    }

    public async Task<MqttPacket?> ReceivePacketAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                MqttPacket? packet;
                if (channel.Ahead is [PubAck, PubAckLength, byte high, byte low, ..])
                {
                    channel.Take(2 + PubAckLength);
                    packet = new MqttPubAckPacket { PacketIdentifier = (ushort)((high << 8) | low) };
                }
                else if (channel.Ahead.IsEmpty && await channel.ReadAheadAsync(cancellationToken))
                {
                    continue;
                }
                else
                {
                    packet = await inner.ReceivePacketAsync(cancellationToken);
                }

                if (packet is MqttPubAckPacket acknowledgement && TakeOwner(acknowledgement.PacketIdentifier) is { } owner)
                {
                    owner.OnAcknowledged(acknowledgement);
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

    private IPublicationOwner? TakeOwner(ushort identifier)
    {
        lock (_pending)
        {
            return _pending.Remove(identifier, out IPublicationOwner? owner) ? owner : null;
        }
    }

    private void End(Exception error)
    {
        List<IPublicationOwner> owners;
        lock (_pending)
        {
            _end ??= error;
            owners = [.. _pending.Values];
            _pending.Clear();
        }

        owners.ForEach(owner => owner.OnLost(new IOException("the connection has ended", error)));
    }
}
