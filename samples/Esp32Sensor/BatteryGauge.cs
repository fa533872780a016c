using System.Device.Adc;

namespace Esp32Sensor;

/// <summary>The battery's voltage, from the converter behind a divider.</summary>
internal sealed class BatteryGauge
{
    // The converter is noisy.
    private const int Samples = 8;

    private readonly AdcController _adc = new();
    private readonly AdcChannel _channel;
    private readonly int _fullScale;

    /// <param name="channel">The converter's channel.</param>
    /// <param name="fullScale">The battery's voltage, in millivolts, at which the converter shows its highest value.</param>
    public BatteryGauge(int channel, int fullScale)
    {
        _channel = _adc.OpenChannel(channel);
        _fullScale = fullScale;
    }

    /// <summary>Hundredths of a volt.</summary>
    public int Measure()
    {
        int sum = 0;
        for (int i = 0; i < Samples; i++)
        {
            sum += _channel.ReadValue();
        }

        return (int)((long)sum * _fullScale / 10 / (Samples * _adc.MaxValue));
    }
}
