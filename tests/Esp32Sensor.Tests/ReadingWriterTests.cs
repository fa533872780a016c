using System;
using System.Text.Json;
using Esp32Sensor.Node;

namespace Esp32Sensor.Tests;

public sealed class ReadingWriterTests
{
    private readonly byte[] _buffer = new byte[ReadingWriter.MaxSize];
    private readonly AsciiWriter _output = new();
    private readonly TestBoard _board = new();
    private readonly NodeClock _clock;
    private readonly NodeState _state = new() { Boot = 77, Dropped = 3, Restarts = 1 };

    public ReadingWriterTests() => _clock = new NodeClock(_board);

    [Fact]
    public void A_reading_is_compact_json()
    {
        Assert.Equal(
            """{"id":"attic","boot":77,"seq":7,"ts":1767225600123,"clock":"sntp","temperature":21.53,"humidity":45.2,"pressure":1013.25,"battery":3.71,"rssi":-61,"memory":61440,"dropped":3,"restarts":1}""",
            Write("attic", Typical(7, 1767225600123)));
    }

    [Fact]
    public void What_is_missing_is_null()
    {
        Assert.Equal(
            """{"id":"a","boot":77,"seq":1,"ts":null,"clock":null,"temperature":null,"humidity":null,"pressure":null,"battery":null,"rssi":null,"memory":null,"dropped":3,"restarts":1}""",
            Write("a", new Reading { Sequence = 1, Time = Reading.Unknown }));
    }

    [Fact]
    public void Without_a_clock_there_is_the_uptime()
    {
        Assert.Contains(
            "\"ts\":null,\"clock\":\"uptime\",\"uptime\":1234,",
            Write("a", new Reading { Sequence = 1, Time = 1234 }), StringComparison.Ordinal);
    }

    [Fact]
    public void A_time_that_becomes_known_later_is_told_of_earlier_readings_too()
    {
        Reading early = new() { Sequence = 1, Time = _clock.Uptime };
        Reading lost = new() { Sequence = 1, Time = Reading.Unknown };
        _board.Now += 60_000;
        _board.SystemOffset = null;
        _clock.Greet(TestBoard.Start);

        Assert.Contains($"\"ts\":{TestBoard.Start - 60_000},\"clock\":\"gateway\",", Write("a", early), StringComparison.Ordinal);
        Assert.Contains("\"ts\":null,\"clock\":null,", Write("a", lost), StringComparison.Ordinal);
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
    public void Decimals_are_exact(int temperature, string written)
    {
        Reading reading = new();
        reading.Values.Temperature = temperature;

        Assert.Contains($"\"temperature\":{written},", Write("a", reading), StringComparison.Ordinal);
    }

    [Fact]
    public void Every_value_comes_back_from_a_json_parser()
    {
        Random random = new(7);
        for (int i = 0; i < 20_000; i++)
        {
            // All magnitudes, from one digit to ten.
            int Next() => random.Next(int.MinValue + 1, int.MaxValue) >> random.Next(31);
            Reading reading = new() { Sequence = random.Next() >> random.Next(31), Time = 1 + (random.NextInt64() >> random.Next(63)), Source = TimeSource.Gateway };
            Measurements values = reading.Values;
            (values.Temperature, values.Humidity, values.Pressure, values.Battery, values.Rssi, values.FreeMemory) = (Next(), Next(), Next(), Next(), Next(), Next());

            using JsonDocument document = JsonDocument.Parse(Write("sensor-1", reading));
            JsonElement read = document.RootElement;

            Assert.Equal("sensor-1", read.GetProperty("id").GetString());
            Assert.Equal("gateway", read.GetProperty("clock").GetString());
            Assert.Equal(reading.Sequence, read.GetProperty("seq").GetInt32());
            Assert.Equal(reading.Time, read.GetProperty("ts").GetInt64());
            Assert.Equal(values.Temperature / 100m, read.GetProperty("temperature").GetDecimal());
            Assert.Equal(values.Humidity / 10m, read.GetProperty("humidity").GetDecimal());
            Assert.Equal(values.Pressure / 100m, read.GetProperty("pressure").GetDecimal());
            Assert.Equal(values.Battery / 100m, read.GetProperty("battery").GetDecimal());
            Assert.Equal(values.Rssi, read.GetProperty("rssi").GetInt32());
            Assert.Equal(values.FreeMemory, read.GetProperty("memory").GetInt32());
        }
    }

    [Fact]
    public void The_largest_reading_fits()
    {
        const int Low = -int.MaxValue;
        _state.Boot = _state.Dropped = _state.Restarts = int.MaxValue;
        Reading reading = new() { Sequence = int.MaxValue, Time = long.MaxValue };
        Measurements values = reading.Values;
        (values.Temperature, values.Humidity, values.Pressure, values.Battery, values.Rssi, values.FreeMemory) = (Low, Low, Low, Low, Low, Low);

        string written = Write(new string('x', NodeSettings.MaxIdLength), reading);

        Assert.InRange(written.Length, 300, ReadingWriter.MaxSize);
    }

    [Fact]
    public void Writing_allocates_nothing()
    {
        ReadingWriter writer = new("attic", _clock);
        _output.Begin(_buffer, 0);
        Reading reading = Typical(1, 1);
        writer.Write(_output, reading, _state);

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 10_000; i++)
        {
            _output.Begin(_buffer, 0);
            writer.Write(_output, reading, _state);
        }

        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.Equal(0, allocated);
    }

    private static Reading Typical(int sequence, long time)
    {
        Reading reading = new() { Sequence = sequence, Time = time, Source = TimeSource.Sntp };
        Measurements values = reading.Values;
        (values.Temperature, values.Humidity, values.Pressure, values.Battery, values.Rssi, values.FreeMemory) = (2153, 452, 101325, 371, -61, 61440);
        return reading;
    }

    private string Write(string id, Reading reading)
    {
        _output.Begin(_buffer, 0);
        new ReadingWriter(id, _clock).Write(_output, reading, _state);
        return System.Text.Encoding.UTF8.GetString(_buffer, 0, _output.Position);
    }
}
