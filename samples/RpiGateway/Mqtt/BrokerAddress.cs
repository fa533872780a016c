using System;
using System.Diagnostics;
using System.Threading;
using MQTTnet.Channel;
using MQTTnet.Formatter;

namespace RpiGateway.Mqtt;

/// <summary>
/// One address at which the broker may be found, and whether MQTT 5 is spoken there. For any thread.
/// </summary>
/// <param name="name">What it is called in a log.</param>
/// <param name="createChannel">Makes a channel, not yet connected, that lets the guard see what comes in, and sends through the stream.</param>
internal sealed class BrokerAddress(string name, Func<MqttPacketGuard, GatheringStream, MqttChannel> createChannel)
{
    /// <summary>How long MQTT 3.1.1 is spoken to a broker that refused MQTT 5, until 5 is tried again: it may have been renewed.</summary>
    public static readonly TimeSpan RefusalTime = TimeSpan.FromHours(6);

    private readonly Lock _lock = new();
    private long? _refused;

    /// <summary>MQTT 5, or 3.1.1 where the broker refused 5 not long ago.</summary>
    public MqttProtocolVersion Version
    {
        get
        {
            lock (_lock)
            {
                return _refused is { } refused && Stopwatch.GetElapsedTime(refused) < RefusalTime ? MqttProtocolVersion.V311 : MqttProtocolVersion.V500;
            }
        }
    }

    /// <summary>Remembers that the broker refused MQTT 5.</summary>
    public void RefuseVersion5()
    {
        lock (_lock)
        {
            _refused = Stopwatch.GetTimestamp();
        }
    }

    /// <inheritdoc cref="BrokerAddress(string, Func{MqttPacketGuard, GatheringStream, IMqttChannel})" path="/param[@name='createChannel']"/>
    public MqttChannel CreateChannel(MqttPacketGuard guard, GatheringStream transport) => createChannel(guard, transport);

    public override string ToString() => name;
}
