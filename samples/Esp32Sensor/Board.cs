using System;
using System.IO;
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

    private const int WatchInterval = 60000;

    private readonly WifiLink _wifi;
    private readonly ClimateSensor _climate;
    private readonly BatteryGauge _battery;
    private readonly StatusLed _led;
    private readonly X509Certificate? _root;
    private Timer? _watch;

    /// <param name="timeServer">The SNTP server.</param>
    /// <param name="root">With wss, the only root that the gateway's certificate may come from; null: those in the device's store.</param>
    public Board(string timeServer, X509Certificate? root)
    {
        Configuration.SetPinFunction(I2cDataPin, DeviceFunction.I2C1_DATA);
        Configuration.SetPinFunction(I2cClockPin, DeviceFunction.I2C1_CLOCK);
        _wifi = new WifiLink(timeServer);
        _climate = new ClimateSensor(1);
        _battery = new BatteryGauge(BatteryChannel, BatteryFullScale);
        _led = new StatusLed(LedPin);
        _root = root;
    }

    // The clock runs on over a reset, but only what the node has stored tells how it was set.
    public override TimeSource SystemTimeSource => TimeSource.None;

    public override bool HasSlept => nanoFramework.Hardware.Esp32.Sleep.GetWakeupCause() == nanoFramework.Hardware.Esp32.Sleep.WakeupCause.Timer;

    /// <summary>Starts the board anew should the node's loop hang, in the network or below it.</summary>
    public void Watch(Watchdog watchdog)
    {
        TimerCallback look = _ =>
        {
            if (watchdog.IsStuck(Milliseconds))
            {
                Log("The node is stuck: starting anew.");
                Restart();
            }
        };
        _watch = new Timer(look, null, WatchInterval, WatchInterval);
    }

    public override void SetSystemTime(long unixTime) =>
        Rtc.SetSystemTime(new DateTime(DateTime.UnixEpoch.Ticks + (unixTime * TimeSpan.TicksPerMillisecond)));

    public override void Measure(Measurements values)
    {
        try
        {
            if (!_climate.Measure(values))
            {
                Log("The BME280 does not answer.");
            }

            values.Battery = _battery.Measure();
        }
        catch (Exception e)
        {
            Log("Measuring failed: " + e.Message);
        }

        values.Rssi = _wifi.Rssi;
        values.FreeMemory = (int)nanoFramework.Runtime.Native.GC.Run(false);
    }

    public override bool RaiseNetwork()
    {
        _wifi.Start();
        return _wifi.IsUp;
    }

    public override WebSocketConnection Connect(string url, WebSocketClientOptions options)
    {
        options.RootCertificate = _root;
        return WebSocketClient.Connect(url, options);
    }

    public override void ShowConnected(bool isConnected) => _led.Set(isConnected);

    public override Stream? OpenRead(int slot) => DeviceFiles.OpenRead(slot);

    public override Stream? OpenWrite(int slot) => DeviceFiles.OpenWrite(slot);

    public override void Identify() => _led.Blink();

    public override void Restart() => Power.RebootDevice();

    public override void Sleep(int milliseconds)
    {
        nanoFramework.Hardware.Esp32.Sleep.EnableWakeupByTimer(TimeSpan.FromMilliseconds(milliseconds));
        nanoFramework.Hardware.Esp32.Sleep.StartDeepSleep();
    }

    public override void Log(string line) => Console.WriteLine(line);
}
