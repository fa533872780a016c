using System;
using System.Collections.Generic;
using System.Globalization;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using MQTTnet.Packets;
using RpiGateway.Monitoring;
using RpiGateway.Mqtt;

namespace RpiGateway.Readings;

/// <summary>
/// Where all readings come in. A reading is acknowledged to its sensor once this has taken it: when the broker has acknowledged it. Readings
/// with numbers are taken once; those that came before are remembered as long as the gateway lives. Whoever wants to acknowledge readings
/// when they are on disk puts the disk behind these methods, and the memory of what came with it. For any thread.
/// </summary>
internal sealed class ReadingInbox(MqttBridge bridge, GatewayMetrics metrics)
{
    private readonly ReceivedReadings _received = new();

    /// <summary>The number up to which all of a sensor's readings have been taken that come; 0 where none has.</summary>
    public long Acknowledged(string sensor, long boot) => _received.Last(sensor, boot);

    /// <summary>Takes a reading that has a number; of one sensor in the order of the numbers, one at a time.</summary>
    /// <returns>False where it can never be taken: it is too large for the broker.</returns>
    /// <exception cref="OperationCanceledException">It may have been taken or not.</exception>
    public async Task<bool> TakeAsync(string sensor, long boot, long sequence, ReadOnlyMemory<byte> payload, CancellationToken givingUp)
    {
        metrics.ReadingReceived();
        if (sequence <= _received.Last(sensor, boot))
        {
            metrics.ReadingDuplicate();
            return true;
        }

        List<MqttUserProperty> properties =
        [
            new("device", Encoding.UTF8.GetBytes(sensor).AsMemory()),
            new("boot", Encoding.UTF8.GetBytes(boot.ToString(CultureInfo.InvariantCulture)).AsMemory()),
            new("seq", Encoding.UTF8.GetBytes(sequence.ToString(CultureInfo.InvariantCulture)).AsMemory()),
        ];
        bool taken = await bridge.PublishAsync(new Publication(TelemetryTopic(sensor), payload) { UserProperties = properties }, givingUp);
        _received.Add(sensor, boot, sequence);
        Count(taken);
        return taken;
    }

    /// <summary>Takes a reading without a number.</summary>
    /// <inheritdoc cref="TakeAsync(string, long, long, ReadOnlyMemory{byte}, CancellationToken)"/>
    public async Task<bool> TakeAsync(string sensor, ReadOnlyMemory<byte> payload, CancellationToken givingUp)
    {
        metrics.ReadingReceived();
        bool taken = await bridge.PublishAsync(new Publication(TelemetryTopic(sensor), payload), givingUp);
        Count(taken);
        return taken;
    }

    private void Count(bool taken)
    {
        if (taken)
        {
            metrics.ReadingsPublished(1);
        }
        else
        {
            metrics.ReadingsDropped(DropReason.TooLarge, 1);
        }
    }

    private static string TelemetryTopic(string sensor) => $"sensors/{sensor}/telemetry";
}
