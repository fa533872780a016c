using System;
using System.Collections.Generic;
using System.Diagnostics;
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
/// and one that is too slow is disconnected; a PUBLISH at QoS 2 that comes again is passed on once; DISCONNECT with will sends the will.
/// </summary>
internal sealed class BrokerGuards
{
    /// <summary>The most messages that wait for one client. MQTTnet drops what comes beyond; from half of it on publishers are held up.</summary>
    public const int MaxWaiting = 1000;

    /// <summary>The most messages sent to one client and not acknowledged.</summary>
    public const int MaxUnacknowledged = 10_000;

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
            SessionState.Of<State>(acknowledged.SessionItems).CountUnacknowledged(-1);
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
        while (await CountWaitingAsync(client) > MaxWaiting / 2)
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

    private async Task DisconnectAsync(string client, string why)
    {
        _refusals.Report(RefusalReason.TooSlow, $"MQTT client {LogText.Printable(client)}", $"it is too slow: {why}", $"DISCONNECT {(int)MqttDisconnectReasonCode.QuotaExceeded}");
        try
        {
            await _server.DisconnectClientAsync(client, MqttDisconnectReasonCode.QuotaExceeded);
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
            case MqttPublishPacket { QualityOfServiceLevel: MqttQualityOfServiceLevel.ExactlyOnce } publish:
                SessionState.Of<State>(inbound.SessionItems).Take(publish.PacketIdentifier);
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
        if (outbound.Packet is MqttPublishPacket { QualityOfServiceLevel: > MqttQualityOfServiceLevel.AtMostOnce }
            && SessionState.Of<State>(outbound.SessionItems).CountUnacknowledged(1) > MaxUnacknowledged)
        {
            await DisconnectAsync(outbound.ClientId, $"it has not acknowledged {MaxUnacknowledged} messages");
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
        private readonly HashSet<ushort> _received = [];
        private int _unacknowledged;

        // The packets of one client come one after the other.
        public bool IsRepeat { get; private set; }

        public void Take(ushort identifier) => IsRepeat = !_received.Add(identifier);

        public void Release(ushort identifier) => _received.Remove(identifier);

        public int CountUnacknowledged(int change) => Interlocked.Add(ref _unacknowledged, change);
    }
}
