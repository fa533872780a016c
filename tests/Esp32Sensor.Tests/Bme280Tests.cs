using System;
using Esp32Sensor.Node;

namespace Esp32Sensor.Tests;

public sealed class Bme280Tests
{
    [Fact]
    public void The_data_sheets_worked_example_comes_out()
    {
        // BMP280 data sheet (BST-BMP280-DS001), §3.12; a BME280 has the same formulas for temperature and pressure.
        Calibration calibration = new() { T = [27504, 26435, -1000], P = [36477, -10685, 3024, 2855, 140, -7, 15500, -14600, 6000], H = [75, 362, 0, 313, 50, 30] };

        Measurements values = Read(calibration, temperature: 519888, pressure: 415148, humidity: 30000);

        Assert.Equal(2508, values.Temperature);
        Assert.Equal(100653, values.Pressure);
    }

    [Fact]
    public void Whole_numbers_agree_with_the_floating_point_formulas()
    {
        Random random = new(280);
        int inside = 0;
        for (int i = 0; i < 20_000; i++)
        {
            // Around the values that real sensors have.
            int Near(int value) => value + random.Next(-Math.Abs(value) / 20 - 2, Math.Abs(value) / 20 + 3);
            Calibration calibration = new()
            {
                T = [Near(27504), Near(26435), Near(-1000)],
                P = [Near(36477), Near(-10685), Near(3024), Near(2855), Near(140), Near(-7), Near(15500), Near(-14600), Near(6000)],
                H = [Near(75), Near(362), random.Next(3), Near(313), random.Next(-60, 61), random.Next(-40, 41)],
            };
            int rawTemperature = random.Next(450_000, 580_000);
            int rawPressure = random.Next(300_000, 500_000);
            int rawHumidity = random.Next(18_000, 45_000);

            Measurements values = Read(calibration, rawTemperature, rawPressure, rawHumidity);
            (double temperature, double pressure, double humidity) = calibration.InFloatingPoint(rawTemperature, rawPressure, rawHumidity);

            Assert.InRange(values.Temperature / 100.0, temperature - 0.02, temperature + 0.02);
            Assert.InRange(values.Pressure, pressure - 5, pressure + 5);
            Assert.InRange(values.Humidity / 10.0, humidity - 0.2, humidity + 0.2);
            inside += humidity is > 0 and < 100 ? 1 : 0;
        }

        Assert.InRange(inside, 10_000, 20_000);
    }

    [Fact]
    public void A_sensor_without_calibration_has_no_pressure_but_does_not_fail()
    {
        Measurements values = Read(new Calibration { T = [0, 0, 0], P = new int[9], H = new int[6] }, 1, 1, 1);

        Assert.Equal(Measurements.Missing, values.Pressure);
    }

    private static Measurements Read(Calibration calibration, int temperature, int pressure, int humidity)
    {
        byte[] data =
        [
            (byte)(pressure >> 12), (byte)(pressure >> 4), (byte)(pressure << 4),
            (byte)(temperature >> 12), (byte)(temperature >> 4), (byte)(temperature << 4),
            (byte)(humidity >> 8), (byte)humidity,
        ];
        Measurements values = new();
        new Bme280(calibration.First(), calibration.Second()).Read(data, values);
        return values;
    }

    /// <summary>The coefficients by their names in the data sheet, as registers, and its formulas in floating point (appendix A).</summary>
    private sealed class Calibration
    {
        public required int[] T { get; init; }

        public required int[] P { get; init; }

        public required int[] H { get; init; }

        public byte[] First()
        {
            byte[] registers = new byte[Bme280.CalibrationSize];
            int at = 0;
            foreach (int value in (int[])[.. T, .. P])
            {
                registers[at++] = (byte)value;
                registers[at++] = (byte)(value >> 8);
            }

            registers[25] = (byte)H[0];
            return registers;
        }

        public byte[] Second() =>
            [(byte)H[1], (byte)(H[1] >> 8), (byte)H[2], (byte)(H[3] >> 4), (byte)((H[3] & 15) | (H[4] << 4)), (byte)(H[4] >> 4), (byte)H[5]];

        public (double Temperature, double Pressure, double Humidity) InFloatingPoint(int rawTemperature, int rawPressure, int rawHumidity)
        {
            double offset = (rawTemperature / 131072.0) - (T[0] / 8192.0);
            double fine = (((rawTemperature / 16384.0) - (T[0] / 1024.0)) * T[1]) + (offset * offset * T[2]);

            double t = (fine / 2.0) - 64000.0;
            double a = (t * t * P[5] / 32768.0) + (t * P[4] * 2.0);
            a = (a / 4.0) + (P[3] * 65536.0);
            double b = ((P[2] * t * t / 524288.0) + (P[1] * t)) / 524288.0;
            b = (1.0 + (b / 32768.0)) * P[0];
            double p = (1048576.0 - rawPressure - (a / 4096.0)) * 6250.0 / b;
            p += ((P[8] * p * p / 2147483648.0) + (p * P[7] / 32768.0) + P[6]) / 16.0;

            double h = fine - 76800.0;
            h = (rawHumidity - ((H[3] * 64.0) + (H[4] / 16384.0 * h)))
                * (H[1] / 65536.0 * (1.0 + (H[5] / 67108864.0 * h * (1.0 + (H[2] / 67108864.0 * h)))));
            h *= 1.0 - (H[0] * h / 524288.0);
            return (fine / 5120.0, p, Math.Clamp(h, 0, 100));
        }
    }
}
