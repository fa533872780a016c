using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.Linq;
using System.Runtime.CompilerServices;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.Extensions.Logging;
using MQTTnet;
using MQTTnet.Packets;
using MQTTnet.Protocol;
using RpiGateway.Monitoring;
using RpiGateway.Mqtt;

namespace RpiGateway.Readings;

/// <summary>
/// Publishes the log while a client is attached: from its oldest reading on, in its order, at QoS 1, many under way at a time. Two things guard
/// against brokers that acknowledge what they do not keep. A reading is deleted only when the broker still answers the settle time after its
/// acknowledgement; if it does not, because it died, the next delivery publishes the reading again. And "no matching subscribers" does not
/// count as delivered at first: after a broker's restart its subscribers need a moment to come back. That sensor's readings wait, and the others'
/// go on.
/// </summary>
internal sealed class Delivery(AttachedClient client, ReadingLog log, LogSettings settings, GatewayMetrics metrics, ILogger logger)
{
    /// <summary>The most publishes under way at a time; a broker may ask for fewer.</summary>
    public const int MaxInFlight = 256;

    /// <summary>The most that waits for subscribers, in bytes; what comes beyond holds up all.</summary>
    public const int MaxUnheardBytes = 4 * 1024 * 1024;

    private static readonly TimeSpan SubscriberInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan SettleInterval = TimeSpan.FromSeconds(1);

    private readonly PublishWindow _window = new(Math.Min(MaxInFlight, client.ReceiveMaximum), client.Transport, TimeProvider.System);
    private readonly Queue<Publish> _underWay = [];
    private readonly HashSet<string> _heard = [];

    // By sensor, what waits for a subscriber, in its order. Of whoever publishes alone, and all of it is under way too.
    private readonly Dictionary<string, Queue<Publish>> _unheard = [];
    private readonly Backoff _backoff = new();
    private readonly long _attached = Stopwatch.GetTimestamp();
    private int _unheardBytes;
    private long _askedAt;
    private long _acknowledged;
    private string? _trouble;

    // Cancelled where a publish has failed, or the connection is lost.
    private CancellationTokenSource _going = CancellationTokenSource.CreateLinkedTokenSource(client.Lost);

    /// <summary>How long a broker may take to acknowledge; after that the reading is published again, over another connection (MQTT 5, 4.4).</summary>
    public TimeSpan AcknowledgeTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long after attaching a sensor's readings wait for a subscriber.</summary>
    public TimeSpan SubscriberTime { get; init; } = TimeSpan.FromSeconds(30);

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
                    foreach (Reading reading in await PublishAsync(await ReadAsync(next)))
                    {
                        next = reading.Id + 1;
                    }
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
            new("device", Encoding.ASCII.GetBytes(reading.Sensor).AsMemory()),
            new("boot", Digits(reading.Boot)),
            new("seq", Digits(reading.Sequence)),
        ],
    };

    private static ReadOnlyMemory<byte> Digits(long number)
    {
        Span<byte> digits = stackalloc byte[20];
        number.TryFormat(digits, out int count, default, CultureInfo.InvariantCulture);
        return digits[..count].ToArray();
    }

    // The log's next; none where it is time to ask for subscribers again.
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<List<Reading>> ReadAsync(long next)
    {
        if (_unheard.Count == 0)
        {
            return await log.ReadAsync(next, _going.Token);
        }

        using CancellationTokenSource asking = CancellationTokenSource.CreateLinkedTokenSource(_going.Token);
        asking.CancelAfter(SubscriberInterval);
        try
        {
            return await log.ReadAsync(next, asking.Token);
        }
        catch (OperationCanceledException) when (!_going.IsCancellationRequested)
        {
            return [];
        }
    }

    private async ValueTask<List<Reading>> PublishAsync(List<Reading> readings)
    {
        _window.Gather();
        try
        {
            if (_unheard.Count > 0 && Stopwatch.GetElapsedTime(_askedAt) >= SubscriberInterval)
            {
                await AskAsync();
            }

            foreach (Reading reading in readings)
            {
                await PublishAsync(reading);
            }

            _window.GoInTurn();
            return readings;
        }
        catch
        {
            _window.Go();
            throw;
        }
    }

    private async ValueTask PublishAsync(Reading reading)
    {
        _going.Token.ThrowIfCancellationRequested();
        Publish publish = new(reading, this);
        bool isHeard;
        lock (_underWay)
        {
            _underWay.Enqueue(publish);
            isHeard = IsHeard(reading.Sensor);
        }

        if (_unheard.TryGetValue(reading.Sensor, out Queue<Publish>? waiting))
        {
            waiting.Enqueue(publish);
            _unheardBytes += reading.Size;
            while (_unheardBytes > MaxUnheardBytes)
            {
                _window.Go();
                await Task.Delay(SubscriberInterval, _going.Token);
                _window.Gather();
                await AskAsync();
            }

            return;
        }

        if (isHeard)
        {
            await BeginAsync(publish, isHeard);
        }
        else
        {
            // Until a sensor has been heard its readings go one by one, or a subscriber that comes meanwhile would hear them out of order.
            Task<bool> taken = await AskAsync(publish, isHeard);
            _window.Go();
            bool isTaken = await taken;
            _window.Gather();
            if (!isTaken)
            {
                _going.Token.ThrowIfCancellationRequested();
                _askedAt = _unheard.Count == 0 ? Stopwatch.GetTimestamp() : _askedAt;
                _unheard.Add(reading.Sensor, new Queue<Publish>([publish]));
                _unheardBytes += reading.Size;
            }
        }
    }

    // Publishes the first of each that waits for a subscriber, and where there is one now, or the time is over, all that waits behind it.
    private async Task AskAsync()
    {
        List<(string Sensor, Queue<Publish> Waiting, Task<bool> IsTaken)> asked = [];
        foreach ((string sensor, Queue<Publish> waiting) in _unheard)
        {
            asked.Add((sensor, waiting, await AskAsync(waiting.Peek(), IsTimeOver)));
        }

        _window.Go();
        await Task.WhenAll(asked.ConvertAll(static one => one.IsTaken));
        _window.Gather();
        _going.Token.ThrowIfCancellationRequested();
        foreach ((string sensor, Queue<Publish> waiting, Task<bool> isTaken) in asked)
        {
            if (!await isTaken)
            {
                continue;
            }

            _unheard.Remove(sensor);
            _unheardBytes -= waiting.Dequeue().Reading.Size;
            while (waiting.TryDequeue(out Publish? next))
            {
                _unheardBytes -= next.Reading.Size;
                await BeginAsync(next, true);
            }
        }

        _askedAt = Stopwatch.GetTimestamp();
    }

    // The task never fails; false: it is not done with, as nobody heard it, or there was trouble.
    private async ValueTask<Task<bool>> AskAsync(Publish publish, bool isHeard)
    {
        publish.Taken = new TaskCompletionSource<bool>();
        await BeginAsync(publish, isHeard);
        return publish.Taken.Task;
    }

    // Waits for room.
    private async ValueTask BeginAsync(Publish publish, bool isHeard)
    {
        while (!_window.TryEnter())
        {
            _window.Go();
            await _window.WaitForRoomAsync(_going.Token);
            _window.Gather();
        }

        Reading reading = publish.Reading;
        Publication publication = ToPublication(reading);
        if (publication.MaxPacketSize > client.MaximumPacketSize)
        {
            Drop(publish, $"it takes none of {reading.Payload.Length} bytes");
            End(publish, isTaken: true);
            return;
        }

        publish.IsHeard = isHeard;
        publish.Started = Stopwatch.GetTimestamp();
        try
        {
            await client.Publisher.PublishAsync(publication, publish);
        }
        catch (Exception error)
        {
            publish.OnLost(error);
        }
    }

    private bool IsTaken(Publish publish, MqttPubAckPacket acknowledgement)
    {
        switch (acknowledgement.ReasonCode)
        {
            case MqttPubAckReasonCode.Success:
            case MqttPubAckReasonCode.NoMatchingSubscribers when publish.IsHeard || IsTimeOver:
                metrics.ReadingsPublished(1);
                Finish(publish);
                return true;
            case MqttPubAckReasonCode.NoMatchingSubscribers:
                return false;
            case MqttPubAckReasonCode.PayloadFormatInvalid or MqttPubAckReasonCode.TopicNameInvalid:
                Drop(publish, $"{acknowledgement.ReasonCode} {acknowledgement.ReasonString}".TrimEnd());
                return true;
            default:
                Fail($"{acknowledgement.ReasonCode} {acknowledgement.ReasonString}".TrimEnd());
                return false;
        }
    }

    private void End(Publish publish, bool isTaken)
    {
        publish.Started = 0;
        _window.Exit();
        publish.Taken?.TrySetResult(isTaken);
    }

    private bool IsHeard(string sensor) => IsTimeOver || _heard.Contains(sensor);

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

    private void Fail(string trouble)
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

        _unheard.Clear();
        _unheardBytes = 0;
        _going.Dispose();
        _going = CancellationTokenSource.CreateLinkedTokenSource(client.Lost);
        TimeSpan wait = _backoff.Next();
        logger.LogWarning("The broker does not take a reading: {Trouble}; next try in {Seconds:0.0} s", LogText.Printable(trouble ?? ""), wait.TotalSeconds);
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
                    isOverdue = _underWay.Any(publish => publish.Started is > 0 and var started && Stopwatch.GetElapsedTime(started, now) >= AcknowledgeTimeout);
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

    private sealed class Publish(Reading reading, Delivery delivery) : IPublicationOwner
    {
        private long _started;

        public Reading Reading => reading;

        // When it went out; 0 while it has not, or is answered. For any thread.
        public long Started
        {
            get => Interlocked.Read(ref _started);
            set => Interlocked.Exchange(ref _started, value);
        }

        // Whether its sensor had a subscriber when it went out.
        public bool IsHeard { get; set; }

        // Told what became of it; null where nobody waits for that.
        public TaskCompletionSource<bool>? Taken { get; set; }

        public bool IsDone { get; set; }

        public void OnAcknowledged(MqttPubAckPacket acknowledgement) => delivery.End(this, delivery.IsTaken(this, acknowledgement));

        public void OnLost(Exception error)
        {
            delivery.Fail(error.Message);
            delivery.End(this, isTaken: false);
        }
    }
}
