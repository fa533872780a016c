using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Diagnostics.Metrics;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.Extensions.Logging;

namespace RpiGateway.Tests;

/// <summary>A log of readings without the gateway around it, with the lines that it logs.</summary>
internal sealed class OpenLog : IDisposable
{
    private readonly GatewayMetrics _metrics = new();
    private readonly LineLogger _logger = new();

    public OpenLog(string directory, LogSettings? settings = null) => Log = new ReadingLog(directory, settings ?? new LogSettings(), _metrics, _logger);

    public ReadingLog Log { get; }

    public GatewayMetrics Metrics => _metrics;

    public ILogger Logger => _logger;

    /// <summary>What was logged so far.</summary>
    public IReadOnlyCollection<string> Lines => _logger.Lines;

    /// <summary>Appends a reading, and returns once it is on disk: its number in the log, or 0 where it came before.</summary>
    public async Task<long> AppendAsync(string sensor, long sequence, string payload = "reading", long boot = 77, long arrived = 0) =>
        await await BeginAsync(sensor, sequence, payload, boot, arrived);

    /// <summary>Appends readings with those numbers, behind each other, and returns once all are on disk.</summary>
    public async Task AppendAsync(string sensor, IEnumerable<int> sequences, Func<int, string> payload)
    {
        List<Task<long>> stored = [];
        foreach (int sequence in sequences)
        {
            stored.Add(await BeginAsync(sensor, sequence, payload(sequence)));
        }

        await Task.WhenAll(stored);
    }

    /// <summary>All that is in the log, as "sensor boot seq payload".</summary>
    public async Task<List<string>> ReadAllAsync()
    {
        List<string> all = [];
        long next = Log.First;
        long end = next + Log.Count;
        while (next < end)
        {
            foreach (Reading reading in await Log.ReadAsync(next, CancellationToken.None).AsTask().InTime())
            {
                all.Add($"{reading.Sensor} {reading.Boot} {reading.Sequence} {Encoding.UTF8.GetString(reading.Payload)}");
                next = reading.Id + 1;
            }
        }

        return all;
    }

    /// <summary>How many readings the metrics say were dropped for that reason.</summary>
    public long Dropped(string reason)
    {
        long dropped = 0;
        using MeterListener listener = new();
        listener.InstrumentPublished = (instrument, _) =>
        {
            if (instrument.Meter == _metrics.Meter && instrument.Name == "rpigateway.readings.dropped")
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<long>((_, value, tags, _) => dropped += (string?)tags[0].Value == reason ? value : 0);
        listener.Start();
        listener.RecordObservableInstruments();
        return dropped;
    }

    public void Dispose()
    {
        Log.Dispose();
        _metrics.Dispose();
    }

    // The task is done once the log has room for the reading, and its result once it is on disk.
    private async Task<Task<long>> BeginAsync(string sensor, long sequence, string payload, long boot = 77, long arrived = 0)
    {
        Waiter waiter = new();
        Reading reading = new()
        {
            Sensor = sensor,
            Boot = boot,
            Sequence = sequence,
            IsPlain = boot == 0,
            Payload = Encoding.UTF8.GetBytes(payload),
            Arrived = arrived,
            Owner = waiter,
        };
        await Log.AppendAsync(reading, CancellationToken.None).AsTask().InTime();
        return waiter.Stored.InTime();
    }

    private sealed class Waiter : IReadingOwner
    {
        private readonly TaskCompletionSource<long> _stored = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<long> Stored => _stored.Task;

        public bool OnStored(Reading reading)
        {
            _stored.SetResult(reading.Id);
            return false;
        }

        public void TellStored()
        {
        }
    }
}
