using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.Extensions.Logging;
using MQTTnet.Packets;
using MQTTnet.Protocol;
using MQTTnet.Server;
using RpiGateway.Access;
using RpiGateway.Monitoring;

namespace RpiGateway.Mqtt;

/// <summary>
/// What MQTTnet's broker leaves open, guarded from outside by its events: a subscriber that is slow holds up publishers rather than lose messages,
/// and one that is too slow is disconnected; a PUBLISH at QoS 2 that comes again is passed on once; SUBACK's codes have the order of the filters;
/// topic aliases are bounded; DISCONNECT with will sends the will.
/// </summary>
internal sealed class BrokerGuards
{
    /// <summary>As many messages may wait for one client until publishers are held up.</summary>
    public const int HoldUpFrom = 500;

    /// <summary>The most messages that wait for one client: all the retained ones, which a new subscriber gets at once, and more. MQTTnet drops what comes beyond.</summary>
    public const int MaxWaiting = RetainedMessages.MaxCount + 1000;

    /// <summary>The most messages sent to one client and not acknowledged: as many as may be retained, and more. MQTTnet keeps them.</summary>
    public const int MaxUnacknowledged = RetainedMessages.MaxCount + 10_000;

    /// <summary>The most bytes of their payloads.</summary>
    public const int MaxUnacknowledgedBytes = 2 * RetainedMessages.MaxBytes;

    /// <summary>The largest topic alias (MQTT 5, 3.2.2.3.8): each keeps a topic of up to 64 KiB as long as its connection stands.</summary>
    public const int MaxTopicAlias = 10;

    // How long publishers are held up by one subscriber.
    private static readonly TimeSpan PatienceTime = TimeSpan.FromSeconds(20);

    private static readonly TimeSpan WaitInterval = TimeSpan.FromMilliseconds(5);

    private readonly MqttServer _server;
    private readonly Refusals _refusals;

    public BrokerGuards(MqttServer server, Refusals refusals)
    {
        _server = server;
        _refusals = refusals;
        server.ApplicationMessageEnqueuedOrDroppedAsync += HoldUpAsync;
        server.InterceptingInboundPacketAsync += InspectInboundAsync;
        server.InterceptingOutboundPacketAsync += InspectOutboundAsync;
        server.ClientAcknowledgedPublishPacketAsync += static acknowledged =>
        {
            SessionState.Of<State>(acknowledged.SessionItems).CountUnacknowledged(-1, -acknowledged.PublishPacket.Payload.Length);
            return Task.CompletedTask;
        };
        server.InterceptingPublishAsync += PassOnOnceAsync;
    }

    /// <summary>The server's options that these guards count on.</summary>
    public static MqttServerOptions Options() => new()
    {
        MaxPendingMessagesPerClient = MaxWaiting,

        // The other strategy forgets only that a message is to be sent, and keeps the message.
        PendingMessagesOverflowStrategy = MqttPendingMessagesOverflowStrategy.DropNewMessage,
    };

    // The publisher waits for this: its acknowledgement, and its next packet.
    private async Task HoldUpAsync(ApplicationMessageEnqueuedEventArgs message)
    {
        string client = message.ReceiverClientId;
        if (message.IsDropped)
        {
            await DisconnectAsync(client, $"{MaxWaiting} messages wait for it");
            return;
        }

        long started = Stopwatch.GetTimestamp();
        while (await CountWaitingAsync(client) > HoldUpFrom)
        {
            if (Stopwatch.GetElapsedTime(started) > PatienceTime)
            {
                await DisconnectAsync(client, $"it holds up publishers for {PatienceTime.TotalSeconds:0} s");
                return;
            }

            await Task.Delay(WaitInterval);
        }
    }

    private async Task<long> CountWaitingAsync(string client)
    {
        try
        {
            return (await _server.GetSessionAsync(client)).PendingApplicationMessagesCount;
        }
        catch (InvalidOperationException)
        {
            // It has gone.
            return 0;
        }
    }

    private Task DisconnectAsync(string client, string why) =>
        DisconnectAsync(client, RefusalReason.TooSlow, $"it is too slow: {why}", MqttDisconnectReasonCode.QuotaExceeded);

    private async Task DisconnectAsync(string client, string reason, string why, MqttDisconnectReasonCode code)
    {
        _refusals.Report(reason, $"MQTT client {LogText.Printable(client)}", why, $"DISCONNECT {(int)code}");
        try
        {
            await _server.DisconnectClientAsync(client, code);
        }
        catch (InvalidOperationException)
        {
            // It has gone.
        }
    }

    private async Task InspectInboundAsync(InterceptingPacketEventArgs inbound)
    {
        switch (inbound.Packet)
        {
            case MqttPublishPacket { TopicAlias: > MaxTopicAlias } publish:
                inbound.ProcessPacket = false;
                await DisconnectAsync(
                    inbound.ClientId, RefusalReason.ProtocolError, $"its topic alias is {publish.TopicAlias}, allowed are 1 to {MaxTopicAlias}", MqttDisconnectReasonCode.TopicAliasInvalid);
                break;
            case MqttPublishPacket { QualityOfServiceLevel: MqttQualityOfServiceLevel.ExactlyOnce } publish:
                SessionState.Of<State>(inbound.SessionItems).Take(publish.PacketIdentifier);
                break;
            case MqttSubscribePacket { TopicFilters.Count: > 1 } subscribe:
                SessionState.Of<State>(inbound.SessionItems).NoteOrder(subscribe);
                break;
            case MqttPubRelPacket release:
                SessionState.Of<State>(inbound.SessionItems).Release(release.PacketIdentifier);
                break;
            case MqttDisconnectPacket { ReasonCode: MqttDisconnectReasonCode.DisconnectWithWillMessage }:
                // Left out, the connection ends as if it were lost: with the will (MQTT 5, 3.14.2.1).
                inbound.ProcessPacket = false;
                await _server.DisconnectClientAsync(inbound.ClientId);
                break;
        }
    }

    private async Task InspectOutboundAsync(InterceptingPacketEventArgs outbound)
    {
        State state = SessionState.Of<State>(outbound.SessionItems);
        switch (outbound.Packet)
        {
            case MqttConnAckPacket acceptance:
                acceptance.TopicAliasMaximum = MaxTopicAlias;
                break;
            case MqttSubAckPacket { ReasonCodes.Count: > 1 } acknowledgement:
                state.Reorder(acknowledgement);
                break;
            case MqttPubRecPacket { ReasonCode: >= MqttPubRecReasonCode.UnspecifiedError } refusal:
                // No PUBREL follows, and the identifier may be used anew (MQTT 5, 4.3.3).
                state.Release(refusal.PacketIdentifier);
                break;
            case MqttPublishPacket { QualityOfServiceLevel: > MqttQualityOfServiceLevel.AtMostOnce } publish:
                (int messages, long bytes) = state.CountUnacknowledged(1, publish.Payload.Length);
                if (messages > MaxUnacknowledged || bytes > MaxUnacknowledgedBytes)
                {
                    await DisconnectAsync(outbound.ClientId, $"it has not acknowledged {messages} messages of {bytes} bytes");
                }

                break;
        }
    }

    // MQTT 5, 4.3.3: until PUBREL the same identifier is the same message. It is acknowledged as the first was.
    private static Task PassOnOnceAsync(InterceptingPublishEventArgs publish)
    {
        if (publish.ApplicationMessage.QualityOfServiceLevel == MqttQualityOfServiceLevel.ExactlyOnce && SessionState.Of<State>(publish.SessionItems).IsRepeat)
        {
            publish.ProcessPublish = false;
        }

        return Task.CompletedTask;
    }

    private sealed class State
    {
        private readonly ConcurrentDictionary<ushort, bool> _received = [];
        private readonly ConcurrentDictionary<ushort, int[]> _orders = [];
        private int _unacknowledged;
        private long _unacknowledgedBytes;

        // The packets of one client come one after the other.
        public bool IsRepeat { get; private set; }

        public void Take(ushort identifier) => IsRepeat = !_received.TryAdd(identifier, true);

        public void Release(ushort identifier) => _received.TryRemove(identifier, out _);

        // MQTTnet subscribes to the filters by falling QoS, and gives their codes so too.
        public void NoteOrder(MqttSubscribePacket subscribe) => _orders[subscribe.PacketIdentifier] =
            [.. Enumerable.Range(0, subscribe.TopicFilters.Count).OrderByDescending(i => subscribe.TopicFilters[i].QualityOfServiceLevel)];

        // MQTT 5, 3.9.3.
        public void Reorder(MqttSubAckPacket acknowledgement)
        {
            if (_orders.TryRemove(acknowledgement.PacketIdentifier, out int[]? order) && order.Length == acknowledgement.ReasonCodes.Count)
            {
                MqttSubscribeReasonCode[] codes = [.. acknowledgement.ReasonCodes];
                Array.Sort(order, codes);
                acknowledgement.ReasonCodes = [.. codes];
            }
        }

        public (int Messages, long Bytes) CountUnacknowledged(int messages, long bytes) =>
            (Interlocked.Add(ref _unacknowledged, messages), Interlocked.Add(ref _unacknowledgedBytes, bytes));
    }
}
