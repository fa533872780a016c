using System.Device.Gpio;
using System.Threading;

namespace Esp32Sensor;

/// <summary>A light that is on while the node is connected, and blinks for ten seconds to show which board this is. For any thread.</summary>
internal sealed class StatusLed
{
    private const int HalfPeriod = 125;
    private const int Periods = 40;

    private readonly object _lock = new();
    private readonly GpioPin _pin;
    private bool _isOn;
    private bool _isBlinking;

    public StatusLed(int pin) => _pin = new GpioController().OpenPin(pin, PinMode.Output);

    /// <summary>Switches it, now or when it has done blinking.</summary>
    public void Set(bool isOn)
    {
        lock (_lock)
        {
            _isOn = isOn;
            if (!_isBlinking)
            {
                _pin.Write(isOn ? PinValue.High : PinValue.Low);
            }
        }
    }

    /// <summary>Begins to blink, and returns at once.</summary>
    public void Blink()
    {
        lock (_lock)
        {
            if (_isBlinking)
            {
                return;
            }

            _isBlinking = true;
        }

        new Thread(Run).Start();
    }

    private void Run()
    {
        for (int i = 0; i < Periods; i++)
        {
            _pin.Write(PinValue.High);
            Thread.Sleep(HalfPeriod);
            _pin.Write(PinValue.Low);
            Thread.Sleep(HalfPeriod);
        }

        lock (_lock)
        {
            _isBlinking = false;
            _pin.Write(_isOn ? PinValue.High : PinValue.Low);
        }
    }
}
