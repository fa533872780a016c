using System;
using System.Device.I2c;
using System.Threading;
using Esp32Sensor.Node;

namespace Esp32Sensor;

/// <summary>The BME280 on its bus. It sleeps between measurements.</summary>
internal sealed class ClimateSensor
{
    // With the pin SDO low; 0x77 where it is high.
    private const int Address = 0x76;

    private readonly I2cDevice _device;
    private readonly byte[] _register = new byte[1];
    private readonly byte[] _command = new byte[2];
    private readonly byte[] _data = new byte[Bme280.DataSize];
    private Bme280? _sensor;

    public ClimateSensor(int bus) => _device = I2cDevice.Create(new I2cConnectionSettings(bus, Address, I2cBusSpeed.FastMode));

    /// <summary>Measures once, in about 10 ms. False where the sensor does not answer: its values stay as they are.</summary>
    public bool Measure(Measurements values)
    {
        _sensor ??= Find();
        if (_sensor == null || !Write(Bme280.HumidityControlRegister, Bme280.MeasureHumidity) || !Write(Bme280.ControlRegister, Bme280.MeasureOnce))
        {
            // It may have been unplugged: what comes back could be another.
            _sensor = null;
            return false;
        }

        Thread.Sleep(Bme280.MeasuringTime);
        if (!Read(Bme280.DataRegister, _data))
        {
            return false;
        }

        _sensor.Read(_data, values);
        return true;
    }

    private Bme280? Find()
    {
        byte[] id = new byte[1];
        byte[] calibration = new byte[Bme280.CalibrationSize];
        byte[] humidity = new byte[Bme280.HumidityCalibrationSize];
        return Read(Bme280.ChipIdRegister, id) && id[0] == Bme280.ChipId
            && Read(Bme280.CalibrationRegister, calibration) && Read(Bme280.HumidityCalibrationRegister, humidity)
            ? new Bme280(calibration, humidity)
            : null;
    }

    private bool Read(byte register, byte[] destination)
    {
        _register[0] = register;
        return _device.WriteRead(_register, destination).Status == I2cTransferStatus.FullTransfer;
    }

    private bool Write(byte register, byte value)
    {
        _command[0] = register;
        _command[1] = value;
        return _device.Write(_command).Status == I2cTransferStatus.FullTransfer;
    }
}
