using System;
using System.Text.Json;
using Esp32Sensor.Node;

namespace Esp32Sensor.Tests;

public sealed class ReadingWriterTests
{
    private static readonly Measurements Typical = new() { Temperature = 2153, Humidity = 452, Pressure = 101325, Battery = 371, Rssi = -61 };

    private readonly byte[] _buffer = new byte[ReadingWriter.MaxSize];

    [Fact]
    public void A_reading_is_compact_json()
    {
        Assert.Equal(
            """{"id":"attic","seq":7,"ts":1767225600123,"temperature":21.53,"humidity":45.2,"pressure":1013.25,"battery":3.71,"rssi":-61}""",
            Write("attic", 7, 1767225600123, Typical));
    }

    [Fact]
    public void What_is_missing_is_null()
    {
        Assert.Equal(
            """{"id":"a","seq":1,"ts":null,"temperature":null,"humidity":null,"pressure":null,"battery":null,"rssi":null}""",
            Write("a", 1, 0, new Measurements()));
    }

    [Theory]
    [InlineData(0, "0.00")]
    [InlineData(5, "0.05")]
    [InlineData(-5, "-0.05")]
    [InlineData(99, "0.99")]
    [InlineData(100, "1.00")]
    [InlineData(-4000, "-40.00")]
    [InlineData(int.MaxValue, "21474836.47")]
    [InlineData(-int.MaxValue, "-21474836.47")]
    public void Decimals_are_exact(int temperature, string written) =>
        Assert.Contains($"\"temperature\":{written},", Write("a", 1, 1, new Measurements { Temperature = temperature }), StringComparison.Ordinal);

    [Fact]
    public void Every_value_comes_back_from_a_json_parser()
    {
        Random random = new(7);
        for (int i = 0; i < 20_000; i++)
        {
            // All magnitudes, from one digit to ten.
            int Next() => random.Next(int.MinValue + 1, int.MaxValue) >> random.Next(31);
            Measurements values = new() { Temperature = Next(), Humidity = Next(), Pressure = Next(), Battery = Next(), Rssi = Next() };
            int sequence = random.Next() >> random.Next(31);
            long timestamp = 1 + (random.NextInt64() >> random.Next(63));

            using JsonDocument document = JsonDocument.Parse(Write("sensor-1", sequence, timestamp, values));
            JsonElement reading = document.RootElement;

            Assert.Equal("sensor-1", reading.GetProperty("id").GetString());
            Assert.Equal(sequence, reading.GetProperty("seq").GetInt32());
            Assert.Equal(timestamp, reading.GetProperty("ts").GetInt64());
            Assert.Equal(values.Temperature / 100m, reading.GetProperty("temperature").GetDecimal());
            Assert.Equal(values.Humidity / 10m, reading.GetProperty("humidity").GetDecimal());
            Assert.Equal(values.Pressure / 100m, reading.GetProperty("pressure").GetDecimal());
            Assert.Equal(values.Battery / 100m, reading.GetProperty("battery").GetDecimal());
            Assert.Equal(values.Rssi, reading.GetProperty("rssi").GetInt32());
        }
    }

    [Fact]
    public void The_largest_reading_fits()
    {
        const int Low = -int.MaxValue;
        Measurements lowest = new() { Temperature = Low, Humidity = Low, Pressure = Low, Battery = Low, Rssi = Low };

        string written = Write(new string('x', NodeSettings.MaxIdLength), int.MaxValue, long.MaxValue, lowest);

        Assert.InRange(written.Length, 200, ReadingWriter.MaxSize);
    }

    [Fact]
    public void Writing_allocates_nothing()
    {
        ReadingWriter writer = new("attic");
        writer.Write(_buffer, 1, 1, Typical);

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 10_000; i++)
        {
            writer.Write(_buffer, i, i, Typical);
        }

        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.Equal(0, allocated);
    }

    private string Write(string id, int sequence, long timestamp, Measurements values) =>
        System.Text.Encoding.UTF8.GetString(_buffer, 0, new ReadingWriter(id).Write(_buffer, sequence, timestamp, values));
}
