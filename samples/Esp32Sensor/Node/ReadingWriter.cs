using System.Text;

namespace Esp32Sensor.Node;

/// <summary>
/// Writes readings as JSON (RFC 8259) by hand: <c>{"id":"a","boot":77,"seq":1,"ts":1767225600000,"clock":"sntp","temperature":21.53,
/// "humidity":45.2,"pressure":1013.25,"battery":3.71,"rssi":-61,"memory":61440,"dropped":0,"restarts":0}</c>, without spaces. "ts" is in
/// milliseconds since 1970, pressure in hPa. What is not known is null; where "ts" is null and "clock" is "uptime", "uptime" has the
/// milliseconds since the node began. Allocates nothing once constructed.
/// </summary>
public sealed class ReadingWriter
{
    /// <summary>No reading has more bytes.</summary>
    public const int MaxSize = 384;

    private static readonly byte[] Null = Bytes("null");
    private static readonly byte[] Boot = Bytes(",\"boot\":");
    private static readonly byte[] Sequence = Bytes(",\"seq\":");
    private static readonly byte[] Timestamp = Bytes(",\"ts\":");
    private static readonly byte[] ClockSntp = Bytes(",\"clock\":\"sntp\"");
    private static readonly byte[] ClockGateway = Bytes(",\"clock\":\"gateway\"");
    private static readonly byte[] ClockUptime = Bytes(",\"clock\":\"uptime\",\"uptime\":");
    private static readonly byte[] ClockNull = Bytes(",\"clock\":null");
    private static readonly byte[] Temperature = Bytes(",\"temperature\":");
    private static readonly byte[] Humidity = Bytes(",\"humidity\":");
    private static readonly byte[] Pressure = Bytes(",\"pressure\":");
    private static readonly byte[] Battery = Bytes(",\"battery\":");
    private static readonly byte[] Rssi = Bytes(",\"rssi\":");
    private static readonly byte[] Memory = Bytes(",\"memory\":");
    private static readonly byte[] Dropped = Bytes(",\"dropped\":");
    private static readonly byte[] Restarts = Bytes(",\"restarts\":");

    private readonly byte[] _head;
    private readonly NodeClock _clock;

    /// <summary>A writer of the readings of one sensor.</summary>
    /// <param name="id">1 to <see cref="NodeSettings.MaxIdLength"/> of A-Z, a-z, 0-9, '_' and '-', which JSON needs no escapes for.</param>
    /// <param name="clock">Tells the time of readings that were taken before it was known.</param>
    public ReadingWriter(string id, NodeClock clock)
    {
        _head = Bytes("{\"id\":\"" + id + "\"");
        _clock = clock;
    }

    /// <summary>Writes a reading, in at most <see cref="MaxSize"/> bytes.</summary>
    /// <param name="output">Where it goes.</param>
    /// <param name="reading">The reading.</param>
    /// <param name="state">The rest: boot, drops and restarts as they are now.</param>
    public void Write(AsciiWriter output, Reading reading, NodeState state)
    {
        output.Append(_head);
        AppendMember(output, Boot, state.Boot, 0);
        AppendMember(output, Sequence, reading.Sequence, 0);
        AppendTime(output, reading);
        Measurements values = reading.Values;
        AppendMember(output, Temperature, values.Temperature, 2);
        AppendMember(output, Humidity, values.Humidity, 1);
        AppendMember(output, Pressure, values.Pressure, 2);
        AppendMember(output, Battery, values.Battery, 2);
        AppendMember(output, Rssi, values.Rssi, 0);
        AppendMember(output, Memory, values.FreeMemory, 0);
        AppendMember(output, Dropped, state.Dropped, 0);
        AppendMember(output, Restarts, state.Restarts, 0);
        output.Append('}');
    }

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    private static void AppendMember(AsciiWriter output, byte[] name, int value, int decimals)
    {
        output.Append(name);
        if (value == Measurements.Missing)
        {
            output.Append(Null);
        }
        else
        {
            output.AppendNumber(value, decimals);
        }
    }

    private void AppendTime(AsciiWriter output, Reading reading)
    {
        TimeSource source = reading.Source;
        long time = reading.Time;
        bool isUptime = source == TimeSource.None && time != Reading.Unknown;
        if (isUptime && _clock.Source != TimeSource.None)
        {
            // The time has become known since.
            source = _clock.Source;
            time = _clock.ToUnixTime(time);
        }

        output.Append(Timestamp);
        if (source != TimeSource.None)
        {
            output.AppendNumber(time);
            output.Append(source == TimeSource.Sntp ? ClockSntp : ClockGateway);
        }
        else
        {
            output.Append(Null);
            output.Append(isUptime ? ClockUptime : ClockNull);
            if (isUptime)
            {
                output.AppendNumber(time);
            }
        }
    }
}
