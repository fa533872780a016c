using System;
using System.Buffers;
using System.Buffers.Text;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Text;

namespace Ws.Micro.Benchmarks.Bridge;

/// <summary>The sensors of all bridges, which send at a rate. Each reading has a number, must arrive as it was sent, and once.</summary>
internal sealed class SensorLoad : IDisposable
{
    private const long Second = 1_000_000_000;

    private const int NumberAt = 29, NumberDigits = 10;

    private readonly byte[] _reading = Encoding.ASCII.GetBytes(
        """{"id":"attic","boot":7,"seq":0000000000,"ts":1790000000000,"clock":"sntp","temperature":21.5,"humidity":45.2,"pressure":1013,"battery":3.7,"rssi":-61}""");

    private readonly LoadLoop _loop;
    private readonly List<List<LoadSensor>> _groups = [];
    private long[] _due = [];
    private long _first;
    private List<double>? _latencies;

    /// <summary>A load without sensors.</summary>
    public SensorLoad(Uri broker) => _loop = new LoadLoop(broker, Arrive);

    /// <summary>Bytes of a reading.</summary>
    public int ReadingSize => _reading.Length;

    /// <summary>Connects so many sensors to one bridge, one after the other.</summary>
    public void Connect(Uri bridge, int sensors, bool isTelemetry)
    {
        List<LoadSensor> group = [];
        for (int i = 0; i < sensors; i++)
        {
            LoadSensor sensor = LoadSensor.Open(bridge, $"sensor-{_groups.Count}-{i}", isTelemetry);
            _loop.Add(sensor);
            group.Add(sensor);
        }

        _groups.Add(group);
    }

    /// <summary>Sends readings to one bridge at a rate, over its sensors in turns, until all have arrived and are acknowledged.</summary>
    /// <param name="bridge">Its number, in the order of <see cref="Connect"/>.</param>
    /// <param name="rate">Readings a second.</param>
    /// <param name="seconds">For how long.</param>
    /// <param name="latencies">Gets microseconds from when a reading was due to when the subscriber has it.</param>
    /// <returns>How many they were.</returns>
    public long Pace(int bridge, int rate, double seconds, List<double>? latencies)
    {
        List<LoadSensor> sensors = _groups[bridge];
        int count = (int)(rate * seconds);
        _first += _due.Length;
        _due = new long[count];
        _loop.Missing = count;
        _latencies = latencies;
        long start = Now;
        for (int i = 0; i < count;)
        {
            long due = start + (i * Second / rate);
            long wait = due - Now;
            if (wait <= 0)
            {
                _due[i] = due;
                Utf8Formatter.TryFormat(_first + i, _reading.AsSpan(NumberAt), out _, new StandardFormat('D', NumberDigits));
                sensors[i++ % sensors.Count].Send(_reading);
            }

            _loop.Serve(Math.Max(wait, 0));
        }

        while (_loop.Missing > 0 || sensors.Any(static sensor => sensor.Waiting > 0))
        {
            _loop.Serve(LoadLoop.Patience);
        }

        return count;
    }

    public void Dispose() => _loop.Dispose();

    private static long Now => (long)Stopwatch.GetElapsedTime(0).TotalNanoseconds;

    private void Arrive(ReadOnlySpan<byte> reading)
    {
        if (reading.Length != _reading.Length || !reading[..NumberAt].SequenceEqual(_reading.AsSpan(0, NumberAt))
            || !reading[(NumberAt + NumberDigits)..].SequenceEqual(_reading.AsSpan(NumberAt + NumberDigits))
            || !Utf8Parser.TryParse(reading.Slice(NumberAt, NumberDigits), out long number, out _)
            || number < _first || number >= _first + _due.Length || _due[number - _first] == 0)
        {
            throw new IOException($"This arrived, and was not sent, or arrived before: {Encoding.UTF8.GetString(reading)}");
        }

        _latencies?.Add((Now - _due[number - _first]) / 1000.0);
        _due[number - _first] = 0;
        _loop.Missing--;
    }
}
