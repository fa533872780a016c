using System;
using System.Device.Adc;
using System.Device.Gpio;
using System.Security.Cryptography.X509Certificates;
using System.Threading;
using Esp32Sensor.Node;
using nanoFramework.Hardware.Esp32;
using nanoFramework.Runtime.Native;
using Ws.Micro.Net;

namespace Esp32Sensor;

/// <summary>An ESP32 with a BME280 on I2C and a battery behind a divider of two equal resistors. Every pin stands here.</summary>
internal sealed class Board : NodeBoard
{
    private const int I2cDataPin = Gpio.IO21;
    private const int I2cClockPin = Gpio.IO22;
    private const int LedPin = Gpio.IO02;

    // Channel 6 of converter 1 is GPIO 34. Converter 2 cannot be used beside Wi-Fi.
    private const int BatteryChannel = 6;

    // The converter's full scale, in millivolts, times the divider.
    private const int BatteryFullScale = 3300 * 2;

    // The node's loop is stuck after this long without a measurement.
    private const int LongestStall = (3 * Settings.Interval) + (10 * 60 * 1000);

    // The network is stuck, or the gateway is away, after this long without a reading sent. Starting anew costs the readings kept.
    private const int LongestSilence = LongestStall + (6 * 60 * 60 * 1000);

    private readonly WifiLink _wifi = new();
    private readonly ClimateSensor _climate;
    private readonly AdcController _adc = new();
    private readonly AdcChannel _battery;
    private readonly GpioPin _led;
    private readonly WebSocketClientOptions _options = new();
    private readonly Timer _watchdog;
    private long _lastMeasurement = Environment.TickCount64;
    private long _lastProgress = Environment.TickCount64;

    public Board()
    {
        Configuration.SetPinFunction(I2cDataPin, DeviceFunction.I2C1_DATA);
        Configuration.SetPinFunction(I2cClockPin, DeviceFunction.I2C1_CLOCK);
        _climate = new ClimateSensor(1);
        _battery = _adc.OpenChannel(BatteryChannel);
        _led = new GpioController().OpenPin(LedPin, PinMode.Output);
        if (Settings.RootCertificate != null)
        {
            _options.RootCertificate = new X509Certificate(Settings.RootCertificate);
        }

        _wifi.Start();
        _watchdog = new Timer(_ => Watch(), null, 60000, 60000);
    }

    /// <summary>A name that no other board has: from the last three bytes of its MAC address.</summary>
    public string Id => _wifi.DeviceName;

    public override void Measure(Measurements values)
    {
        _lastMeasurement = Environment.TickCount64;
        if (!_climate.Measure(values))
        {
            Log("The BME280 does not answer.");
        }

        values.Battery = _battery.ReadValue() * (BatteryFullScale / 10) / _adc.MaxValue;
        values.Rssi = _wifi.Rssi;
    }

    public override WebSocketConnection Connect(string url)
    {
        _led.Write(PinValue.Low);
        if (!_wifi.IsUp)
        {
            throw new InvalidOperationException("The Wi-Fi is not up.");
        }

        if (UnixTime == 0 && url.StartsWith("wss:"))
        {
            throw new InvalidOperationException("The time is not known yet, so the gateway's certificate cannot be checked.");
        }

        WebSocketConnection connection = WebSocketClient.Connect(url, _options);
        _led.Write(PinValue.High);
        return connection;
    }

    public override void Progress() => _lastProgress = Environment.TickCount64;

    public override void Log(string line) => Console.WriteLine(line);

    // Whatever hangs, in the network or below it: a board that gets nothing done for long starts anew.
    private void Watch()
    {
        long now = Environment.TickCount64;
        if (now - _lastMeasurement > LongestStall || now - _lastProgress > LongestSilence)
        {
            Log("Last measured " + ((now - _lastMeasurement) / 1000).ToString() + " s ago, last sent "
                + ((now - _lastProgress) / 1000).ToString() + " s ago: starting anew.");
            Power.RebootDevice();
        }
    }
}
