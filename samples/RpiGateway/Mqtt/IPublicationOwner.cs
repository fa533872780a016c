using System;
using MQTTnet.Packets;

namespace RpiGateway.Mqtt;

/// <summary>Who is told what became of a publication, on the thread that receives from the broker. Must not throw.</summary>
internal interface IPublicationOwner
{
    /// <summary>The broker has answered.</summary>
    void OnAcknowledged(MqttPubAckPacket acknowledgement);

    /// <summary>The connection has ended before: the broker may have it or not.</summary>
    void OnLost(Exception error);
}
