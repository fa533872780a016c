using System;
using System.Device.Wifi;
using System.Net.NetworkInformation;
using System.Threading;
using Esp32Sensor.Node;
using nanoFramework.Networking;

namespace Esp32Sensor;

/// <summary>
/// The only owner of the radio: nothing else connects, reconnects or scans. A thread of its own keeps the Wi-Fi up, so that the node goes on
/// measuring while there is none. Credentials are those that the device has stored.
/// </summary>
internal sealed class WifiLink
{
    private const int ConnectTimeout = 30000;
    private const int CheckInterval = 1000;
    private const int ScanInterval = 10 * 60 * 1000;

    private readonly string _timeServer;
    private Thread? _thread;
    private WifiAdapter? _adapter;
    private long _nextScan;

    /// <param name="timeServer">The SNTP server that sets the clock once the Wi-Fi is up.</param>
    public WifiLink(string timeServer) => _timeServer = timeServer;

    /// <summary>Whether the device has an address, as of a second ago.</summary>
    public bool IsUp { get; private set; }

    /// <summary>The access point's signal in dBm, as of the last scan, at most about ten minutes ago; missing without one.</summary>
    public int Rssi { get; private set; } = Measurements.Missing;

    /// <summary>"esp32-" and the last three bytes of the MAC address.</summary>
    public static string DeviceName
    {
        get
        {
            byte[] address = Interface().PhysicalAddress;
            string name = "esp32-";
            for (int i = address.Length - 3; i < address.Length; i++)
            {
                name += address[i].ToString("x2");
            }

            return name;
        }
    }

    /// <summary>Begins to connect, and to stay connected, where it has not. For one thread.</summary>
    public void Start()
    {
        if (_thread == null)
        {
            _thread = new Thread(Run);
            _thread.Start();
        }
    }

    private static NetworkInterface Interface()
    {
        foreach (NetworkInterface candidate in NetworkInterface.GetAllNetworkInterfaces())
        {
            if (candidate.NetworkInterfaceType == NetworkInterfaceType.Wireless80211)
            {
                return candidate;
            }
        }

        throw new InvalidOperationException("The board has no Wi-Fi.");
    }

    private static Wireless80211Configuration Stored() =>
        Wireless80211Configuration.GetAllWireless80211Configurations()[(int)Interface().SpecificConfigId];

    private void Run()
    {
        while (true)
        {
            try
            {
                IsUp = Connect();
                if (IsUp && Environment.TickCount64 >= _nextScan)
                {
                    Scan();
                }
            }
            catch (Exception e)
            {
                IsUp = false;
                Console.WriteLine("Wi-Fi: " + e.Message);
            }

            if (!IsUp)
            {
                Rssi = Measurements.Missing;
            }

            Thread.Sleep(CheckInterval);
        }
    }

    // The firmware reconnects by itself to the network it knows; where that takes too long, it is told to. True at once where all is well.
    private bool Connect()
    {
        if (WifiNetworkHelper.Reconnect(false, 0, new CancellationTokenSource(ConnectTimeout).Token))
        {
            if (!Sntp.IsStarted)
            {
                Sntp.Server1 = _timeServer;
                Sntp.Start();
            }

            return true;
        }

        Wireless80211Configuration stored = Stored();
        return WifiNetworkHelper.ConnectDhcp(
            stored.Ssid, stored.Password, WifiReconnectionKind.Automatic, false, 0, new CancellationTokenSource(ConnectTimeout).Token);
    }

    // The signal of the access point is told by a scan alone.
    private void Scan()
    {
        _nextScan = Environment.TickCount64 + ScanInterval;
        if (_adapter == null)
        {
            _adapter = WifiNetworkHelper.WifiAdapter;
            _adapter.AvailableNetworksChanged += (sender, _) => Scanned(sender);
        }

        _adapter.ScanAsync();
    }

    private void Scanned(WifiAdapter adapter)
    {
        string ssid = Stored().Ssid;
        int strongest = Measurements.Missing;
        foreach (WifiAvailableNetwork network in adapter.NetworkReport.AvailableNetworks)
        {
            int rssi = (int)network.NetworkRssiInDecibelMilliwatts;
            if (network.Ssid == ssid && rssi > strongest)
            {
                strongest = rssi;
            }
        }

        Rssi = strongest;
    }
}
