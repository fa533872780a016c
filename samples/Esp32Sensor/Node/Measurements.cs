namespace Esp32Sensor.Node;

/// <summary>What a board measures, in whole units so that no floating point is needed. <see cref="Missing"/> where there is no value.</summary>
public sealed class Measurements
{
    /// <summary>Stands for a value that could not be measured; it is written as null.</summary>
    public const int Missing = int.MinValue;

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

    /// <summary>Makes every value <see cref="Missing"/>.</summary>
    public void Clear()
    {
        Temperature = Missing;
        Humidity = Missing;
        Pressure = Missing;
        Battery = Missing;
        Rssi = Missing;
    }
}
