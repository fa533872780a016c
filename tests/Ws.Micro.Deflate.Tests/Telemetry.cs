using System;
using System.Globalization;
using System.Text;

namespace Ws.Micro.Deflate.Tests;

/// <summary>Sensor messages as JSON, whose readings drift as real ones do; the same for the same seed.</summary>
internal sealed class Telemetry
{
    private readonly Random _random;
    private readonly string _id;
    private long _time = 1_790_000_000_000;
    private double _temperature, _humidity, _pressure, _battery, _rssi;

    private Telemetry(int seed)
    {
        _random = new Random(seed);
        _id = $"sensor-a4cf12{_random.Next(1 << 24):x6}";
        _time += _random.Next(10_000);
        _temperature = 15 + (10 * _random.NextDouble());
        _humidity = 35 + (30 * _random.NextDouble());
        _pressure = 1000 + (25 * _random.NextDouble());
        _battery = 3.6 + (0.5 * _random.NextDouble());
        _rssi = -75 + (20 * _random.NextDouble());
    }

    /// <summary>Messages of so many devices over one connection, in the order of chance, since each keeps its own time.</summary>
    public static byte[][] Messages(int count, int devices = 1, int seed = 1)
    {
        Telemetry[] sensors = new Telemetry[devices];
        for (int i = 0; i < devices; i++)
        {
            sensors[i] = new Telemetry((seed * 1000) + i);
        }

        Random order = new(seed);
        byte[][] messages = new byte[count][];
        for (int i = 0; i < count; i++)
        {
            messages[i] = sensors[order.Next(devices)].Next();
        }

        return messages;
    }

    private byte[] Next()
    {
        _time += 10_000 + _random.Next(-100, 101);
        _temperature += Step(0.15);
        _humidity += Step(0.5);
        _pressure += Step(0.2);
        _battery -= _random.NextDouble() * 0.002;
        _rssi += Step(3) - (0.2 * (_rssi + 65));
        return Encoding.ASCII.GetBytes(string.Create(
            CultureInfo.InvariantCulture,
            $"{{\"id\":\"{_id}\",\"ts\":{_time},\"temperature\":{_temperature:F2},\"humidity\":{_humidity:F2},\"pressure\":{_pressure:F2},\"battery\":{_battery:F3},\"rssi\":{_rssi:F0}}}"));
    }

    private double Step(double size) => size * ((2 * _random.NextDouble()) - 1);
}
