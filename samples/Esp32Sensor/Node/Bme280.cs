namespace Esp32Sensor.Node;

/// <summary>
/// Makes measurements of what a Bosch BME280 holds in its registers, in whole numbers, by the formulas of its data sheet (BST-BME280-DS002,
/// §4.2.3). Allocates nothing once constructed.
/// </summary>
public sealed class Bme280
{
    /// <summary>The register that holds <see cref="ChipId"/>.</summary>
    public const byte ChipIdRegister = 0xD0;

    /// <summary>What tells a BME280 from its relatives without a humidity sensor.</summary>
    public const byte ChipId = 0x60;

    /// <summary>The register that sets the humidity's oversampling; it takes effect when <see cref="ControlRegister"/> is written.</summary>
    public const byte HumidityControlRegister = 0xF2;

    /// <summary>The register of the other two oversamplings and the mode.</summary>
    public const byte ControlRegister = 0xF4;

    /// <summary>Humidity measured once.</summary>
    public const byte MeasureHumidity = 0x01;

    /// <summary>Temperature and pressure measured once, then back to sleep ("forced mode").</summary>
    public const byte MeasureOnce = 0x25;

    /// <summary>The longest that such a measurement takes, in milliseconds (§9.1).</summary>
    public const int MeasuringTime = 10;

    /// <summary>The first register of the calibration's first part.</summary>
    public const byte CalibrationRegister = 0x88;

    /// <summary>The size of the calibration's first part.</summary>
    public const int CalibrationSize = 26;

    /// <summary>The first register of the calibration's second part, for the humidity.</summary>
    public const byte HumidityCalibrationRegister = 0xE1;

    /// <summary>The size of the calibration's second part.</summary>
    public const int HumidityCalibrationSize = 7;

    /// <summary>The first register of the values measured.</summary>
    public const byte DataRegister = 0xF7;

    /// <summary>The size of the values measured.</summary>
    public const int DataSize = 8;

    private readonly int _t1;
    private readonly int _t2;
    private readonly int _t3;
    private readonly int[] _p = new int[10];
    private readonly int _h1;
    private readonly int _h2;
    private readonly int _h3;
    private readonly int _h4;
    private readonly int _h5;
    private readonly int _h6;

    /// <summary>A sensor with the calibration that its maker stored in it.</summary>
    /// <param name="calibration">The registers from <see cref="CalibrationRegister"/>.</param>
    /// <param name="humidity">The registers from <see cref="HumidityCalibrationRegister"/>.</param>
    public Bme280(byte[] calibration, byte[] humidity)
    {
        _t1 = Unsigned(calibration, 0);
        _t2 = Signed(calibration, 2);
        _t3 = Signed(calibration, 4);
        _p[1] = Unsigned(calibration, 6);
        for (int i = 2; i < _p.Length; i++)
        {
            _p[i] = Signed(calibration, 4 + (2 * i));
        }

        _h1 = calibration[25];
        _h2 = Signed(humidity, 0);
        _h3 = humidity[2];

        // Two signed numbers of 12 bits share the middle byte.
        _h4 = ((sbyte)humidity[3] << 4) | (humidity[4] & 0x0F);
        _h5 = ((sbyte)humidity[5] << 4) | (humidity[4] >> 4);
        _h6 = (sbyte)humidity[6];
    }

    /// <summary>Puts what was measured into <paramref name="values"/>.</summary>
    /// <param name="data">The registers from <see cref="DataRegister"/>.</param>
    /// <param name="values">Temperature, humidity and pressure are set.</param>
    public void Read(byte[] data, Measurements values)
    {
        int pressure = (data[0] << 12) | (data[1] << 4) | (data[2] >> 4);
        int temperature = (data[3] << 12) | (data[4] << 4) | (data[5] >> 4);
        int humidity = (data[6] << 8) | data[7];

        int fine = FineTemperature(temperature);
        values.Temperature = ((fine * 5) + 128) >> 8;
        values.Pressure = Pressure(pressure, fine);
        values.Humidity = Humidity(humidity, fine);
    }

    private static int Unsigned(byte[] registers, int at) => registers[at] | (registers[at + 1] << 8);

    private static int Signed(byte[] registers, int at) => (short)Unsigned(registers, at);

    // In 1/5120 of a degree; the other values depend on it.
    private int FineTemperature(int raw)
    {
        int linear = (((raw >> 3) - (_t1 << 1)) * _t2) >> 11;
        int offset = (raw >> 4) - _t1;
        return linear + ((((offset * offset) >> 12) * _t3) >> 14);
    }

    // In pascals.
    private int Pressure(int raw, int fine)
    {
        int[] p = _p;
        long t = (long)fine - 128000;
        long offset = (t * t * p[6]) + ((t * p[5]) << 17) + ((long)p[4] << 35);
        long scale = ((t * t * p[3]) >> 8) + ((t * p[2]) << 12);
        scale = (((1L << 47) + scale) * p[1]) >> 33;
        if (scale == 0)
        {
            return Measurements.Missing;
        }

        long value = ((((1048576L - raw) << 31) - offset) * 3125) / scale;
        long square = (p[9] * (value >> 13) * (value >> 13)) >> 25;
        value = ((value + square + ((p[8] * value) >> 19)) >> 8) + ((long)p[7] << 4);
        return (int)((value + 128) >> 8);
    }

    // In tenths of a percent.
    private int Humidity(int raw, int fine)
    {
        int t = fine - 76800;
        int value = ((raw << 14) - (_h4 << 20) - (_h5 * t) + 16384) >> 15;
        int slope = (((t * _h6) >> 10) * (((t * _h3) >> 11) + 32768)) >> 10;
        value *= (((slope + 2097152) * _h2) + 8192) >> 14;
        value -= ((((value >> 15) * (value >> 15)) >> 7) * _h1) >> 4;
        if (value < 0)
        {
            value = 0;
        }

        // 100 %, in 2^-22.
        const int Most = 100 << 22;
        return (int)((((value > Most ? Most : value) >> 12) * 10L + 512) >> 10);
    }
}
