using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Diagnostics.Metrics;
using System.Linq;
using System.Threading;
using RpiGateway.Access;

namespace RpiGateway.Monitoring;

/// <summary>
/// All that the gateway counts, as the meter <c>RpiGateway</c>. Counters are plain numbers that are read when somebody asks, so that each is there
/// from the start, at 0, and counting allocates nothing. For any thread.
/// </summary>
internal sealed class GatewayMetrics : IDisposable
{
    /// <summary>The meter's name.</summary>
    public const string MeterName = "RpiGateway";

    private readonly Tally _connections = new("kind", ConnectionKind.Telemetry, ConnectionKind.Plain, ConnectionKind.Mqtt);
    private readonly Tally _dropped = new("reason", DropReason.TooLarge, DropReason.LogFull, DropReason.TooOld);
    private readonly Tally _refused = new("reason", RefusalReason.All);
    private readonly Tally _commands = new("outcome", CommandOutcome.Ok, CommandOutcome.Error, CommandOutcome.Expired);
    private long _received;
    private long _duplicates;
    private long _stored;
    private long _published;
    private long _diskWritten;

    public GatewayMetrics()
    {
        Meter.CreateObservableGauge("rpigateway.connections", _connections.Read, "{connection}", "Connections that are open.");
        Count("rpigateway.readings.received", () => Interlocked.Read(ref _received), "{reading}", "Readings that sensors have sent, repeated ones included.");
        Count("rpigateway.readings.duplicates", () => Interlocked.Read(ref _duplicates), "{reading}", "Readings that came before and were passed over.");
        Count("rpigateway.readings.stored", () => Interlocked.Read(ref _stored), "{reading}", "Readings written to the log, and on disk.");
        Count("rpigateway.readings.published", () => Interlocked.Read(ref _published), "{reading}", "Readings that the broker has acknowledged.");
        Meter.CreateObservableCounter("rpigateway.readings.dropped", _dropped.Read, "{reading}", "Readings that were taken and will not be published.");
        Meter.CreateObservableCounter("rpigateway.refused", _refused.Read, "{refusal}", "Requests, connections and messages that were refused.");
        Meter.CreateObservableCounter("rpigateway.commands", _commands.Read, "{command}", "Commands that were answered.");
        Count("rpigateway.disk.written", () => Interlocked.Read(ref _diskWritten), "By", "Bytes written to the data directory.");
    }

    /// <summary>The meter of this gateway; other gateways of the process have their own, by the same name.</summary>
    public Meter Meter { get; } = new(MeterName);

    /// <summary>Readings received so far, repeated ones included.</summary>
    public long Received => Interlocked.Read(ref _received);

    /// <summary>Readings stored so far.</summary>
    public long Stored => Interlocked.Read(ref _stored);

    /// <summary>Readings published so far.</summary>
    public long Published => Interlocked.Read(ref _published);

    /// <summary>A connection has opened: one of <see cref="ConnectionKind"/>.</summary>
    public void ConnectionOpened(string kind) => _connections.Add(kind, 1);

    /// <summary>It has ended.</summary>
    public void ConnectionClosed(string kind) => _connections.Add(kind, -1);

    /// <summary>A sensor has sent a reading.</summary>
    public void ReadingReceived() => Interlocked.Increment(ref _received);

    /// <summary>It came before.</summary>
    public void ReadingDuplicate() => Interlocked.Increment(ref _duplicates);

    /// <summary>Readings are on disk.</summary>
    public void ReadingsStored(long count) => Interlocked.Add(ref _stored, count);

    /// <summary>The broker has acknowledged readings.</summary>
    public void ReadingsPublished(long count) => Interlocked.Add(ref _published, count);

    /// <summary>Readings are lost, for one of <see cref="DropReason"/>.</summary>
    public void ReadingsDropped(string reason, long count) => _dropped.Add(reason, count);

    /// <summary>Somebody was refused. The reason is one of few fixed words, never text from outside: each makes a series of its own.</summary>
    public void Refused(string reason) => _refused.Add(reason, 1);

    /// <summary>A command was answered, with one of <see cref="CommandOutcome"/>.</summary>
    public void CommandAnswered(string outcome) => _commands.Add(outcome, 1);

    /// <summary>Bytes were written to the data directory.</summary>
    public void DiskWritten(long bytes) => Interlocked.Add(ref _diskWritten, bytes);

    /// <summary>Shows what the log holds. Called whenever metrics are read, on any thread; so it must be quick.</summary>
    public void ObserveLog(Func<LogLevels> read)
    {
        Meter.CreateObservableGauge("rpigateway.log.depth", () => read().Count, "{reading}", "Readings in the log that the broker has not acknowledged.");
        Meter.CreateObservableGauge("rpigateway.log.oldest.age", () => read().OldestAge.TotalSeconds, "s", "The age of the oldest of them; 0 where there is none.");
        Meter.CreateObservableGauge("rpigateway.log.size", () => read().Bytes, "By", "Bytes of the log's files.");
    }

    /// <summary>Shows what sensors' sockets have carried and what they take. Called as <see cref="ObserveLog"/> is.</summary>
    public void ObserveSensors(Func<SensorTraffic> read)
    {
        Meter.CreateObservableCounter(
            "rpigateway.sensors.messages", () => InAndOut(read(), static t => t.MessagesIn, static t => t.MessagesOut), "By", "Bytes of sensors' messages, before compression.");
        Meter.CreateObservableCounter(
            "rpigateway.sensors.frames", () => InAndOut(read(), static t => t.FramesIn, static t => t.FramesOut), "By", "Bytes of the frames that carried them, after compression.");
        Meter.CreateObservableGauge(
            "rpigateway.sensors.memory", () => read().Memory, "By", "Memory of sensors' connections: buffers, and windows of permessage-deflate.");
    }

    /// <summary>Shows whether the broker is attached.</summary>
    public void ObserveBroker(Func<bool> isAttached) =>
        Meter.CreateObservableGauge("rpigateway.broker.attached", () => isAttached() ? 1 : 0, null, "1 while the broker is attached, else 0.");

    /// <summary>Shows how long the certificate in use is valid; null where there is none.</summary>
    public void ObserveCertificate(Func<TimeSpan?> remaining) => Meter.CreateObservableGauge(
        "rpigateway.certificate.remaining",
        () => remaining() is { } left ? [new Measurement<double>(left.TotalDays)] : Enumerable.Empty<Measurement<double>>(),
        "d",
        "Days until the certificate in use expires; below 0 when it has.");

    /// <inheritdoc/>
    public void Dispose() => Meter.Dispose();

    private static Measurement<long>[] InAndOut(SensorTraffic traffic, Func<SensorTraffic, long> inwards, Func<SensorTraffic, long> outwards) =>
    [
        new(inwards(traffic), new KeyValuePair<string, object?>("direction", "in")),
        new(outwards(traffic), new KeyValuePair<string, object?>("direction", "out")),
    ];

    private void Count(string name, Func<long> read, string unit, string description) => Meter.CreateObservableCounter(name, read, unit, description);

    // One number for each value of a label. The known ones are there from the start.
    private sealed class Tally
    {
        private readonly string _label;
        private readonly ConcurrentDictionary<string, Cell> _counts = new(StringComparer.Ordinal);

        public Tally(string label, params ReadOnlySpan<string> known)
        {
            _label = label;
            foreach (string value in known)
            {
                Add(value, 0);
            }
        }

        public void Add(string value, long count) => Interlocked.Add(ref _counts.GetOrAdd(value, static _ => new Cell()).Count, count);

        public IEnumerable<Measurement<long>> Read() =>
            _counts.Select(entry => new Measurement<long>(Interlocked.Read(ref entry.Value.Count), new KeyValuePair<string, object?>(_label, entry.Key)));

        private sealed class Cell
        {
            public long Count;
        }
    }
}

/// <summary>Who a connection belongs to.</summary>
internal static class ConnectionKind
{
    /// <summary>A sensor with the telemetry subprotocol.</summary>
    public const string Telemetry = "telemetry";

    /// <summary>A sensor without a subprotocol.</summary>
    public const string Plain = "plain";

    /// <summary>An MQTT client of the embedded broker, by WebSocket or TCP; the gateway's own are not counted.</summary>
    public const string Mqtt = "mqtt";
}

/// <summary>Why a reading is lost.</summary>
internal static class DropReason
{
    /// <summary>The broker takes none so large.</summary>
    public const string TooLarge = "too_large";

    /// <summary>The log was full, and this was the oldest.</summary>
    public const string LogFull = "log_full";

    /// <summary>It waited for the broker longer than readings may.</summary>
    public const string TooOld = "too_old";
}

/// <summary>What became of a command.</summary>
internal static class CommandOutcome
{
    /// <summary>The sensor has done it.</summary>
    public const string Ok = "ok";

    /// <summary>It was not done, or nobody knows.</summary>
    public const string Error = "error";

    /// <summary>Its sensor did not come in time.</summary>
    public const string Expired = "expired";
}

/// <summary>What the log holds.</summary>
/// <param name="Count">Readings.</param>
/// <param name="OldestAge">The age of the oldest; zero where there is none.</param>
/// <param name="Bytes">The size of its files.</param>
internal readonly record struct LogLevels(long Count, TimeSpan OldestAge, long Bytes);

/// <summary>What sensors' sockets have carried since the gateway began, in bytes, and what those that are open take.</summary>
/// <param name="MessagesIn">Of messages from sensors, as they were before compression.</param>
/// <param name="MessagesOut">Of messages to sensors.</param>
/// <param name="FramesIn">Of the frames that came, headers included.</param>
/// <param name="FramesOut">Of the frames that went.</param>
/// <param name="Memory">Of buffers and windows, now.</param>
internal readonly record struct SensorTraffic(long MessagesIn, long MessagesOut, long FramesIn, long FramesOut, long Memory)
{
    /// <summary>Both together.</summary>
    public static SensorTraffic operator +(SensorTraffic a, SensorTraffic b) => new(
        a.MessagesIn + b.MessagesIn, a.MessagesOut + b.MessagesOut, a.FramesIn + b.FramesIn, a.FramesOut + b.FramesOut, a.Memory + b.Memory);
}
