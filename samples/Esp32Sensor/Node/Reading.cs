namespace Esp32Sensor.Node;

/// <summary>What was measured at one moment, with its number. In a ring or in storage it takes <see cref="Size"/> bytes.</summary>
public sealed class Reading
{
    /// <summary>The bytes that one takes where it is kept.</summary>
    public const int Size = 13 + Measurements.Size;

    /// <summary>A <see cref="Time"/> that is not known and never will be.</summary>
    public const long Unknown = -1;

    /// <summary>Its number, from 1; later readings have larger ones.</summary>
    public int Sequence { get; set; }

    /// <summary>
    /// Milliseconds since 1970 where <see cref="Source"/> says how that was known; otherwise milliseconds on <see cref="NodeClock.Uptime"/>,
    /// or <see cref="Unknown"/>.
    /// </summary>
    public long Time { get; set; }

    /// <summary>How the time was known.</summary>
    public TimeSource Source { get; set; }

    /// <summary>The values.</summary>
    public Measurements Values { get; } = new();

    internal void Write(byte[] buffer, int offset)
    {
        LittleEndian.PutInt(buffer, offset, Sequence);
        LittleEndian.PutLong(buffer, offset + 4, Time);
        buffer[offset + 12] = (byte)Source;
        Values.Write(buffer, offset + 13);
    }

    internal void Read(byte[] buffer, int offset)
    {
        Sequence = LittleEndian.GetInt(buffer, offset);
        Time = LittleEndian.GetLong(buffer, offset + 4);
        Source = (TimeSource)buffer[offset + 12];
        Values.Read(buffer, offset + 13);
    }
}
