using System;
using System.Buffers;
using System.Collections.Generic;
using System.Text;
using MQTTnet;
using MQTTnet.Packets;
using MQTTnet.Protocol;

namespace RpiGateway.Mqtt;

/// <summary>What is to be published, at QoS 1.</summary>
/// <param name="Topic">The topic, in ASCII.</param>
/// <param name="Payload">The payload; it must stay unchanged until it is published.</param>
internal sealed record Publication(string Topic, ReadOnlyMemory<byte> Payload)
{
    // Fixed header 5 at most, topic length 2, packet id 2, length of the properties 4 at most.
    private const int Overhead = 13;

    /// <summary>Named values beside the payload (MQTT 5, 3.3.2.3.7), or null; subscribers by MQTT 3.1.1 do not get them.</summary>
    public List<MqttUserProperty>? UserProperties { get; init; }

    /// <summary>What a request came with, so that whoever asked knows the answer (MQTT 5, 3.3.2.3.6).</summary>
    public byte[]? CorrelationData { get; init; }

    /// <summary>Whether the broker keeps it for those who subscribe later (MQTT 5, 3.3.1.3).</summary>
    public bool Retain { get; init; }

    /// <summary>No packet of it is larger.</summary>
    public int MaxPacketSize
    {
        get
        {
            int size = Topic.Length + Payload.Length + Overhead + (CorrelationData is null ? 0 : 3 + CorrelationData.Length);
            foreach (MqttUserProperty property in UserProperties ?? [])
            {
                size += 5 + Encoding.UTF8.GetByteCount(property.Name) + property.ValueBuffer.Length;
            }

            return size;
        }
    }

    /// <summary>As MQTTnet takes it.</summary>
    public MqttApplicationMessage ToMessage() => new()
    {
        Topic = Topic,
        Payload = new ReadOnlySequence<byte>(Payload),
        QualityOfServiceLevel = MqttQualityOfServiceLevel.AtLeastOnce,
        UserProperties = UserProperties,
        CorrelationData = CorrelationData,
        Retain = Retain,
    };
}
