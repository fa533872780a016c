using System.Collections.Generic;
using System.Text;
using System.Threading.Tasks;
using MQTTnet.Packets;
using MQTTnet.Protocol;
using MQTTnet.Server;
using RpiGateway.Access;
using RpiGateway.Monitoring;

namespace RpiGateway.Mqtt;

/// <summary>Bounds what the subscriptions of a session take in memory. What is beyond is refused, and the session goes on.</summary>
internal sealed class SubscriptionLimits
{
    /// <summary>
    /// The most subscriptions of a session, and the most that one SUBSCRIBE may ask for, repeated ones included: for each the broker looks through all that is retained.
    /// </summary>
    public const int MaxCount = 1000;

    /// <summary>The longest topic filter in bytes of UTF-8.</summary>
    public const int MaxFilterLength = 256;

    private readonly Refusals _refusals;

    /// <summary>Watches over that broker from now on, behind whoever decides what may be subscribed to.</summary>
    public SubscriptionLimits(MqttServer server, Refusals refusals)
    {
        _refusals = refusals;
        server.InterceptingInboundPacketAsync += static inbound =>
        {
            if (inbound.Packet is MqttSubscribePacket)
            {
                // The packets of one client come one after the other.
                SessionState.Of<Filters>(inbound.SessionItems).Asked = 0;
            }

            return Task.CompletedTask;
        };
        server.InterceptingSubscriptionAsync += AdmitAsync;
        server.ClientUnsubscribedTopicAsync += static unsubscribed =>
        {
            Filters filters = SessionState.Of<Filters>(unsubscribed.SessionItems);
            lock (filters)
            {
                filters.All.Remove(unsubscribed.TopicFilter);
            }

            return Task.CompletedTask;
        };
    }

    private Task AdmitAsync(InterceptingSubscriptionEventArgs subscription)
    {
        if (!subscription.ProcessSubscription)
        {
            return Task.CompletedTask;
        }

        string filter = subscription.TopicFilter.Topic;
        if (Encoding.UTF8.GetByteCount(filter) > MaxFilterLength)
        {
            Refuse(subscription, MqttSubscribeReasonCode.TopicFilterInvalid, $"a topic filter has at most {MaxFilterLength} bytes, not as");
        }
        else if (!TryAdd(SessionState.Of<Filters>(subscription.SessionItems), filter))
        {
            Refuse(subscription, MqttSubscribeReasonCode.QuotaExceeded, $"it has or asks for {MaxCount} subscriptions, no room for");
        }

        return Task.CompletedTask;
    }

    // One that is there already is replaced.
    private static bool TryAdd(Filters filters, string filter)
    {
        lock (filters)
        {
            return ++filters.Asked <= MaxCount && (filters.All.Contains(filter) || (filters.All.Count < MaxCount && filters.All.Add(filter)));
        }
    }

    private void Refuse(InterceptingSubscriptionEventArgs subscription, MqttSubscribeReasonCode code, string why)
    {
        subscription.ProcessSubscription = false;
        subscription.Response.ReasonCode = SessionState.IsMqtt5(subscription.SessionItems) ? code : MqttSubscribeReasonCode.UnspecifiedError;
        _refusals.Report(
            RefusalReason.QuotaExceeded, $"subscription of MQTT client {LogText.Printable(subscription.ClientId)}",
            $"{why} {LogText.Printable(subscription.TopicFilter.Topic)}", $"SUBACK {(int)subscription.Response.ReasonCode}");
    }

    private sealed class Filters
    {
        public HashSet<string> All { get; } = [];

        public int Asked { get; set; }
    }
}
