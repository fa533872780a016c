using System.Threading;
using System.Threading.Tasks;
using MQTTnet.Packets;
using MQTTnet.Protocol;
using MQTTnet.Server;

namespace RpiGateway.Mqtt;

/// <summary>
/// MQTTnet keeps all answers, as PUBACK, SUBACK and PINGRESP, that a client has not taken. So one that sends and does not take its answers is not read until it
/// does: TCP holds it back, and it loses nothing.
/// </summary>
internal static class AnswerGuard
{
    /// <summary>The most answers that wait for one client.</summary>
    public const int MaxWaiting = 1000;

    /// <summary>Watches over that broker from now on.</summary>
    public static void Watch(MqttServer server)
    {
        server.InterceptingInboundPacketAsync += static inbound => IsAnswered(inbound.Packet)
            ? SessionState.Of<Room>(inbound.SessionItems).Answers.WaitAsync(inbound.CancellationToken)
            : Task.CompletedTask;
        server.InterceptingOutboundPacketAsync += static outbound =>
        {
            if (IsAnswer(outbound.Packet))
            {
                SessionState.Of<Room>(outbound.SessionItems).Answers.Release();
            }

            return Task.CompletedTask;
        };
    }

    // Each by exactly one of those below.
    private static bool IsAnswered(MqttPacket packet) => packet
        is MqttPublishPacket { QualityOfServiceLevel: not MqttQualityOfServiceLevel.AtMostOnce } or MqttPubRecPacket or MqttPubRelPacket
        or MqttSubscribePacket or MqttUnsubscribePacket or MqttPingReqPacket;

    private static bool IsAnswer(MqttPacket packet) => packet
        is MqttPubAckPacket or MqttPubRecPacket or MqttPubRelPacket or MqttPubCompPacket or MqttSubAckPacket or MqttUnsubAckPacket or MqttPingRespPacket;

    private sealed class Room
    {
        public SemaphoreSlim Answers { get; } = new(MaxWaiting);
    }
}
