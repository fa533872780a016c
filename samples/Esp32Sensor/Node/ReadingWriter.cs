using System;
using System.Text;

namespace Esp32Sensor.Node;

/// <summary>
/// Writes readings as JSON (RFC 8259) by hand: <c>{"id":"a","seq":1,"ts":1767225600000,"temperature":21.53,"humidity":45.2,
/// "pressure":1013.25,"battery":3.71,"rssi":-61}</c>, without spaces. "ts" is in milliseconds since 1970, pressure in hPa. Allocates nothing
/// once constructed.
/// </summary>
public sealed class ReadingWriter
{
    /// <summary>No reading has more bytes.</summary>
    public const int MaxSize = 256;

    private static readonly byte[] Null = Bytes("null");
    private static readonly byte[] Timestamp = Bytes(",\"ts\":");
    private static readonly byte[] Temperature = Bytes(",\"temperature\":");
    private static readonly byte[] Humidity = Bytes(",\"humidity\":");
    private static readonly byte[] Pressure = Bytes(",\"pressure\":");
    private static readonly byte[] Battery = Bytes(",\"battery\":");
    private static readonly byte[] Rssi = Bytes(",\"rssi\":");

    private readonly byte[] _head;
    private byte[] _buffer;
    private int _count;

    /// <summary>A writer of the readings of one sensor.</summary>
    /// <param name="id">1 to <see cref="NodeSettings.MaxIdLength"/> of A-Z, a-z, 0-9, '_' and '-', which JSON needs no escapes for.</param>
    public ReadingWriter(string id)
    {
        _head = Bytes("{\"id\":\"" + id + "\",\"seq\":");
        _buffer = _head;
    }

    /// <summary>Writes a reading at the start of <paramref name="buffer"/> and returns its size in bytes.</summary>
    /// <param name="buffer">At least <see cref="MaxSize"/> bytes.</param>
    /// <param name="sequence">The reading's number.</param>
    /// <param name="timestamp">Milliseconds since 1970, or 0 where the time is not known.</param>
    /// <param name="values">What was measured.</param>
    public int Write(byte[] buffer, int sequence, long timestamp, Measurements values)
    {
        _buffer = buffer;
        _count = 0;
        Append(_head);
        AppendNumber(sequence, 0);
        Append(Timestamp);
        if (timestamp == 0)
        {
            Append(Null);
        }
        else
        {
            AppendNumber(timestamp, 0);
        }

        AppendMember(Temperature, values.Temperature, 2);
        AppendMember(Humidity, values.Humidity, 1);
        AppendMember(Pressure, values.Pressure, 2);
        AppendMember(Battery, values.Battery, 2);
        AppendMember(Rssi, values.Rssi, 0);
        _buffer[_count++] = (byte)'}';
        return _count;
    }

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    private void Append(byte[] text)
    {
        Array.Copy(text, 0, _buffer, _count, text.Length);
        _count += text.Length;
    }

    private void AppendMember(byte[] name, int value, int decimals)
    {
        Append(name);
        if (value == Measurements.Missing)
        {
            Append(Null);
        }
        else
        {
            AppendNumber(value, decimals);
        }
    }

    // The value divided by ten to the power of decimals.
    private void AppendNumber(long value, int decimals)
    {
        byte[] buffer = _buffer;
        if (value < 0)
        {
            buffer[_count++] = (byte)'-';
            value = -value;
        }

        int digits = decimals + 1;
        long rest = value;
        for (int i = 0; i < decimals; i++)
        {
            rest /= 10;
        }

        while (rest >= 10)
        {
            rest /= 10;
            digits++;
        }

        int end = _count + digits + (decimals > 0 ? 1 : 0);
        int point = decimals > 0 ? end - decimals - 1 : -1;
        for (int at = end - 1; at >= _count; at--)
        {
            if (at == point)
            {
                buffer[at] = (byte)'.';
                continue;
            }

            buffer[at] = (byte)('0' + (int)(value % 10));
            value /= 10;
        }

        _count = end;
    }
}
