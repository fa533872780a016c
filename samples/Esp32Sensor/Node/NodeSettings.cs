using System;

namespace Esp32Sensor.Node;

/// <summary>How a node behaves. Times are in milliseconds, sizes in bytes. Read once, when the node is made.</summary>
public sealed class NodeSettings
{
    /// <summary>The longest <see cref="Id"/>.</summary>
    public const int MaxIdLength = 64;

    private const int MaxTime = 24 * 60 * 60 * 1000;

    /// <summary>The sensor's name: 1 to 64 of A-Z, a-z, 0-9, '_' and '-'.</summary>
    public string Id { get; set; } = "sensor";

    /// <summary>Where the gateway is: ws://host[:port], or wss, with no path.</summary>
    public string Gateway { get; set; } = "ws://127.0.0.1:5000";

    /// <summary>From one measurement to the next. 10 to 86,400,000 (a day); default 10,000.</summary>
    public int Interval { get; set; } = 10000;

    /// <summary>The ring that keeps readings while the gateway is away, 512 to 1 MiB. Default 16,384: about 120 readings.</summary>
    public int RingSize { get; set; } = 16384;

    /// <summary>The longest wait before the second attempt to connect; it doubles from there. 1 to <see cref="MaxBackoff"/>; default 1,000.</summary>
    public int MinBackoff { get; set; } = 1000;

    /// <summary>The longest wait before any attempt, at most 86,400,000. Default 60,000.</summary>
    public int MaxBackoff { get; set; } = 60000;

    /// <summary>How long a connection has to last until waits are short again. 0 to 86,400,000; default 60,000.</summary>
    public int StableTime { get; set; } = 60000;

    /// <summary>Where the node connects.</summary>
    public string Url => Gateway + (Gateway.EndsWith("/") ? "sensors/" : "/sensors/") + Id;

    /// <exception cref="ArgumentException">A setting is out of its range; it says which, and what is allowed.</exception>
    public void Validate()
    {
        bool isId = Id.Length >= 1 && Id.Length <= MaxIdLength;
        for (int i = 0; isId && i < Id.Length; i++)
        {
            char c = Id[i];
            isId = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
        }

        if (!isId)
        {
            throw new ArgumentException("Id is '" + Id + "'; it must have 1 to 64 of A-Z, a-z, 0-9, '_' and '-'.");
        }

        if (!Gateway.StartsWith("ws://") && !Gateway.StartsWith("wss://"))
        {
            throw new ArgumentException("Gateway is '" + Gateway + "'; it must begin with ws:// or wss://.");
        }

        Check(Interval, 10, MaxTime, "Interval");
        Check(RingSize, 2 * ReadingWriter.MaxSize, 1024 * 1024, "RingSize");
        Check(MaxBackoff, 1, MaxTime, "MaxBackoff");
        Check(MinBackoff, 1, MaxBackoff, "MinBackoff");
        Check(StableTime, 0, MaxTime, "StableTime");
    }

    private static void Check(int value, int least, int most, string name)
    {
        if (value < least || value > most)
        {
            throw new ArgumentException(name + " is " + value.ToString() + "; it must be " + least.ToString() + " to " + most.ToString() + ".");
        }
    }
}
