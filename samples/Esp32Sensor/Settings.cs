namespace Esp32Sensor;

// What differs from one installation to the next. The Wi-Fi's name and password are not here: the device keeps them in its own
// configuration, where the flashing tool or the IDE's Device Explorer puts them.
internal static class Settings
{
    /// <summary>Where the gateway is, with ws:// or wss://.</summary>
    public const string Gateway = "ws://192.168.1.10:5000";

    /// <summary>With wss, the root (PEM) that the gateway's certificate comes from; null: those in the device's store.</summary>
    public const string? RootCertificate = null;

    /// <summary>Milliseconds from one measurement to the next.</summary>
    public const int Interval = 10000;
}
