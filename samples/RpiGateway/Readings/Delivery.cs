using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.Extensions.Logging;
using MQTTnet;
using RpiGateway.Monitoring;
using RpiGateway.Mqtt;

namespace RpiGateway.Readings;

/// <summary>
/// Publishes the log while a client is attached: from its oldest reading on, in its order, at QoS 1, many under way at a time. Two things guard
/// against brokers that acknowledge what they do not keep. A reading is deleted only when the broker still answers the settle time after its
/// acknowledgement; if it does not, because it died, the next delivery publishes the reading again. And "no matching subscribers" does not
/// count as delivered at first: after a broker's restart its subscribers need a moment to come back.
/// </summary>
internal sealed class Delivery(AttachedClient client, ReadingLog log, LogSettings settings, GatewayMetrics metrics, ILogger logger)
{
    /// <summary>The most publishes under way at a time; a broker may ask for fewer.</summary>
    public const int MaxInFlight = 256;

    /// <summary>How long after attaching a sensor's readings wait for a subscriber.</summary>
    public static readonly TimeSpan SubscriberTime = TimeSpan.FromSeconds(30);

    // How long a broker may take to acknowledge; after that the reading is published again, over another connection (MQTT 5, 4.4).
    private static readonly TimeSpan AcknowledgeTimeout = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan SubscriberInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan SettleInterval = TimeSpan.FromSeconds(1);

    private readonly PublishWindow _window = new(Math.Min(MaxInFlight, client.ReceiveMaximum));
    private readonly Queue<Publish> _underWay = [];
    private readonly HashSet<string> _heard = [];
    private readonly Backoff _backoff = new();
    private readonly long _attached = Stopwatch.GetTimestamp();
    private long _acknowledged;
    private string? _trouble;

    // Cancelled where a publish has failed, or the connection is lost.
    private CancellationTokenSource _going = CancellationTokenSource.CreateLinkedTokenSource(client.Lost);

    private bool IsTimeOver => Stopwatch.GetElapsedTime(_attached) >= SubscriberTime;

    /// <summary>Publishes until the connection is lost. Never throws.</summary>
    public async Task RunAsync()
    {
        Task settling = SettleAsync();
        try
        {
            long next = log.First;
            _acknowledged = next - 1;
            while (true)
            {
                try
                {
                    List<Reading> readings = await log.ReadAsync(next, _going.Token);
                    await PublishAsync(readings);
                    next = readings[^1].Id + 1;
                }
                catch (OperationCanceledException) when (!client.Lost.IsCancellationRequested)
                {
                    next = await GoBackAsync();
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The connection is lost, or the gateway is stopping.
        }

        await settling;

        // Whoever goes on here may be about to wait for the log's thread, which this may be.
        await Task.Yield();
    }

    private static Publication ToPublication(Reading reading) => new($"sensors/{reading.Sensor}/telemetry", reading.Payload)
    {
        UserProperties =
        [
            new("device", Encoding.UTF8.GetBytes(reading.Sensor).AsMemory()),
            new("boot", Encoding.UTF8.GetBytes(reading.Boot.ToString(CultureInfo.InvariantCulture)).AsMemory()),
            new("seq", Encoding.UTF8.GetBytes(reading.Sequence.ToString(CultureInfo.InvariantCulture)).AsMemory()),
        ],
    };

    private async Task PublishAsync(List<Reading> readings)
    {
        try
        {
            client.Transport.Hold();
            await PublishHeldAsync(readings);
        }
        finally
        {
            client.Transport.Release();
        }
    }

    private async Task PublishHeldAsync(List<Reading> readings)
    {
        foreach (Reading reading in readings)
        {
            _going.Token.ThrowIfCancellationRequested();
            while (!_window.TryEnter())
            {
                client.Transport.Release();
                await _window.WaitForRoomAsync(_going.Token);
                client.Transport.Hold();
            }

            Publish publish = new(reading);
            bool isHeard;
            lock (_underWay)
            {
                _underWay.Enqueue(publish);
                isHeard = IsHeard(reading);
            }

            Task published = PublishAsync(publish, isHeard);

            // Until a sensor has been heard its readings go one by one, or a subscriber that comes meanwhile would hear them out of order.
            if (!isHeard)
            {
                client.Transport.Release();
                await published;
                client.Transport.Hold();
            }
        }
    }

    // Never throws.
    private async Task PublishAsync(Publish publish, bool isHeard)
    {
        Reading reading = publish.Reading;
        try
        {
            Publication publication = ToPublication(reading);
            if (publication.MaxPacketSize > client.MaximumPacketSize)
            {
                Drop(publish, $"it takes none of {reading.Payload.Length} bytes");
                return;
            }

            MqttClientPublishResult result = await client.Client.PublishAsync(publication.ToMessage(), client.Lost);
            switch (result.ReasonCode)
            {
                case MqttClientPublishReasonCode.Success:
                case MqttClientPublishReasonCode.NoMatchingSubscribers when isHeard || IsTimeOver:
                    metrics.ReadingsPublished(1);
                    Finish(publish);
                    break;
                case MqttClientPublishReasonCode.NoMatchingSubscribers:
                    Fail(null);
                    break;
                case MqttClientPublishReasonCode.PayloadFormatInvalid or MqttClientPublishReasonCode.TopicNameInvalid:
                    Drop(publish, $"{result.ReasonCode} {result.ReasonString}".TrimEnd());
                    break;
                default:
                    Fail($"{result.ReasonCode} {result.ReasonString}".TrimEnd());
                    break;
            }
        }
        catch (Exception error)
        {
            Fail(error.Message);
        }
        finally
        {
            _window.Exit();
        }
    }

    private bool IsHeard(Reading reading) => IsTimeOver || _heard.Contains(reading.Sensor);

    private void Finish(Publish publish)
    {
        lock (_underWay)
        {
            publish.IsDone = true;
            while (_underWay.TryPeek(out Publish? oldest) && oldest.IsDone)
            {
                _acknowledged = _underWay.Dequeue().Reading.Id;
            }

            if (!IsTimeOver)
            {
                _heard.Add(publish.Reading.Sensor);
            }

            _backoff.Reset();
            log.Deliver(_acknowledged, 0);
        }
    }

    private void Drop(Publish publish, string reason)
    {
        // Kept, it would hold up all that come after it.
        Reading reading = publish.Reading;
        metrics.ReadingsDropped(DropReason.TooLarge, 1);
        logger.LogError("Dropped reading {Sequence} of sensor {Id}: the broker refuses it: {Reason}", reading.Sequence, reading.Sensor, LogText.Printable(reason));
        Finish(publish);
    }

    // Without a trouble: for want of a subscriber.
    private void Fail(string? trouble)
    {
        lock (_underWay)
        {
            _trouble ??= trouble;
        }

        _going.Cancel();
    }

    // Waits for the answers that are still to come, and a while more. Gives the number to go on from.
    private async Task<long> GoBackAsync()
    {
        await _window.WaitForAllAsync(client.Lost);
        string? trouble;
        lock (_underWay)
        {
            trouble = _trouble;
            _trouble = null;
            _underWay.Clear();
        }

        _going.Dispose();
        _going = CancellationTokenSource.CreateLinkedTokenSource(client.Lost);
        TimeSpan wait = trouble is null ? SubscriberInterval : _backoff.Next();
        if (trouble is not null)
        {
            logger.LogWarning("The broker does not take a reading: {Trouble}; next try in {Seconds:0.0} s", LogText.Printable(trouble), wait.TotalSeconds);
        }

        await Task.Delay(wait, client.Lost);
        return _acknowledged + 1;
    }

    // Never throws.
    private async Task SettleAsync()
    {
        Queue<(long Time, long Acknowledged)> settling = [];
        try
        {
            while (true)
            {
                await Task.Delay(SettleInterval, client.Lost);
                long now = Stopwatch.GetTimestamp();
                long acknowledged;
                bool isOverdue;
                lock (_underWay)
                {
                    acknowledged = _acknowledged;
                    isOverdue = _underWay.TryPeek(out Publish? oldest) && Stopwatch.GetElapsedTime(oldest.Started, now) >= AcknowledgeTimeout;
                }

                if (isOverdue)
                {
                    logger.LogWarning("The broker has not acknowledged a reading within {Seconds:0} s: connecting anew", AcknowledgeTimeout.TotalSeconds);
                    await client.Client.TryDisconnectAsync();
                    return;
                }

                settling.Enqueue((now, acknowledged));
                if (Stopwatch.GetElapsedTime(settling.Peek().Time, now) < settings.SettleTime || acknowledged < log.First)
                {
                    continue;
                }

                // That it has not closed the connection does not mean that it is still there.
                await client.Client.PingAsync(client.Lost);
                long settled = 0;
                while (settling.TryPeek(out (long Time, long Acknowledged) first) && Stopwatch.GetElapsedTime(first.Time, now) >= settings.SettleTime)
                {
                    settled = settling.Dequeue().Acknowledged;
                }

                log.Deliver(0, settled);
            }
        }
        catch (Exception)
        {
            // The connection is lost; whoever attaches anew hears why.
        }
    }

    private sealed class Publish(Reading reading)
    {
        public Reading Reading => reading;

        public long Started { get; } = Stopwatch.GetTimestamp();

        public bool IsDone { get; set; }
    }
}
