using System;
using System.Globalization;
using System.Text;

namespace Ws.Micro.Deflate.Tests;

/// <summary>
/// Readings of weather sensors as JSON, as the samples' sensor writes them; the same for the same seed. A reading every 10 s, its timer off
/// by 20 ms. What is measured drifts as it does in a room, and the sensor (a BME280) adds its noise: temperature 0.03 °C a reading and
/// 0.01, relative humidity 0.12 % and 0.05, pressure 0.02 hPa and 0.02; the battery falls by 10 µV, measured to 2 mV; the signal stays
/// about -66 dB, give or take 2. All of these are standard deviations of normal distributions. Messages have 130 bytes, 143 with dates.
/// </summary>
internal sealed class Telemetry
{
    private readonly Random _random;
    private readonly string _id;
    private readonly bool _dates;
    private double _time, _temperature, _humidity, _pressure, _battery, _rssi;

    private Telemetry(int seed, bool dates)
    {
        _random = new Random(seed);
        _dates = dates;
        _id = $"sensor-a4cf12{_random.Next(1 << 24):x6}";
        _time = 1_790_000_000_000 + _random.Next(10_000);
        _temperature = 15 + (10 * _random.NextDouble());
        _humidity = 35 + (30 * _random.NextDouble());
        _pressure = 1000 + (25 * _random.NextDouble());
        _battery = 3.6 + (0.5 * _random.NextDouble());
        _rssi = -75 + (20 * _random.NextDouble());
    }

    /// <summary>Messages of so many devices over one connection.</summary>
    /// <param name="count">How many messages in all.</param>
    /// <param name="devices">How many devices; each has its own id and readings.</param>
    /// <param name="seed">Other seeds, other ids and readings.</param>
    /// <param name="inTurns">
    /// Whether the devices send strictly in turns, as under one timer. Otherwise each message is of any device, as where they report what has changed.
    /// </param>
    /// <param name="dates">Whether "ts" is a date and time (RFC 3339) instead of milliseconds since 1970.</param>
    public static byte[][] Messages(int count, int devices = 1, int seed = 1, bool inTurns = false, bool dates = false)
    {
        Telemetry[] sensors = new Telemetry[devices];
        for (int i = 0; i < devices; i++)
        {
            sensors[i] = new Telemetry((seed * 1000) + i, dates);
        }

        Random order = new(seed);
        byte[][] messages = new byte[count][];
        for (int i = 0; i < count; i++)
        {
            messages[i] = sensors[inTurns ? i % devices : order.Next(devices)].Next();
        }

        return messages;
    }

    private byte[] Next()
    {
        _time += 10_000 + Normal(20);
        _temperature += Normal(0.03) + ((21 - _temperature) * 0.002);
        _humidity += Normal(0.12) + ((48 - _humidity) * 0.002);
        _pressure += Normal(0.02);
        _battery -= 0.00001;
        _rssi += Normal(1.5) - (0.3 * (_rssi + 66));
        long time = (long)_time;
        string timestamp = _dates ? $"\"{DateTimeOffset.FromUnixTimeMilliseconds(time):yyyy-MM-ddTHH:mm:ss.fffZ}\"" : $"{time}";
        return Encoding.ASCII.GetBytes(string.Create(
            CultureInfo.InvariantCulture,
            $"{{\"id\":\"{_id}\",\"ts\":{timestamp},\"temperature\":{_temperature + Normal(0.01):F2},\"humidity\":{_humidity + Normal(0.05):F2},\"pressure\":{_pressure + Normal(0.02):F2},\"battery\":{_battery + Normal(0.002):F3},\"rssi\":{_rssi:F0}}}"));
    }

    // Box and Muller's method.
    private double Normal(double deviation) =>
        deviation * Math.Sqrt(-2 * Math.Log(1 - _random.NextDouble())) * Math.Cos(2 * Math.PI * _random.NextDouble());
}
