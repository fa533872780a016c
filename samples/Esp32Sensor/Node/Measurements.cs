namespace Esp32Sensor.Node;

/// <summary>What a board measures, in whole units so that no floating point is needed. <see cref="Missing"/> where there is no value.</summary>
public sealed class Measurements
{
    /// <summary>Stands for a value that could not be measured; it is written as null.</summary>
    public const int Missing = int.MinValue;

    /// <summary>The bytes that <see cref="Write"/> takes.</summary>
    internal const int Size = 24;

    /// <summary>Air temperature in hundredths of a degree Celsius.</summary>
    public int Temperature { get; set; } = Missing;

    /// <summary>Relative humidity in tenths of a percent.</summary>
    public int Humidity { get; set; } = Missing;

    /// <summary>Air pressure in pascals.</summary>
    public int Pressure { get; set; } = Missing;

    /// <summary>Battery voltage in hundredths of a volt.</summary>
    public int Battery { get; set; } = Missing;

    /// <summary>Strength of the Wi-Fi signal in dBm.</summary>
    public int Rssi { get; set; } = Missing;

    /// <summary>Free memory in bytes.</summary>
    public int FreeMemory { get; set; } = Missing;

    /// <summary>Makes every value <see cref="Missing"/>.</summary>
    public void Clear()
    {
        Temperature = Missing;
        Humidity = Missing;
        Pressure = Missing;
        Battery = Missing;
        Rssi = Missing;
        FreeMemory = Missing;
    }

    internal void Write(byte[] buffer, int offset)
    {
        LittleEndian.PutInt(buffer, offset, Temperature);
        LittleEndian.PutInt(buffer, offset + 4, Humidity);
        LittleEndian.PutInt(buffer, offset + 8, Pressure);
        LittleEndian.PutInt(buffer, offset + 12, Battery);
        LittleEndian.PutInt(buffer, offset + 16, Rssi);
        LittleEndian.PutInt(buffer, offset + 20, FreeMemory);
    }

    internal void Read(byte[] buffer, int offset)
    {
        Temperature = LittleEndian.GetInt(buffer, offset);
        Humidity = LittleEndian.GetInt(buffer, offset + 4);
        Pressure = LittleEndian.GetInt(buffer, offset + 8);
        Battery = LittleEndian.GetInt(buffer, offset + 12);
        Rssi = LittleEndian.GetInt(buffer, offset + 16);
        FreeMemory = LittleEndian.GetInt(buffer, offset + 20);
    }
}
