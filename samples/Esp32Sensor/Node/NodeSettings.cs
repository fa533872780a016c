using System;

namespace Esp32Sensor.Node;

/// <summary>How a node behaves. Times are in milliseconds. Read once, when the node is made.</summary>
public sealed class NodeSettings
{
    /// <summary>The longest <see cref="Id"/>.</summary>
    public const int MaxIdLength = 64;

    /// <summary>The longest <see cref="Secret"/>.</summary>
    public const int MaxSecretLength = 128;

    /// <summary>The shortest <see cref="Interval"/>.</summary>
    public const int MinInterval = 10;

    /// <summary>The longest of any time: a day.</summary>
    public const int MaxTime = 24 * 60 * 60 * 1000;

    /// <summary>The names of all settings.</summary>
    public const string Names =
        "Id, Secret, Gateway, Interval, Readings, Sleep, Batch, AwakeTime, MinBackoff, MaxBackoff, StableTime, Compression and TimeServer";

    private const int MaxReadings = 16384;
    private const int MinSleepInterval = 10000;
    private const string CompressionRule = "0, or a whole number from 8 to 12";
    private const string IdRule = "1 to 64 of A-Z, a-z, 0-9, '_' and '-'";
    private const string SecretRule = "nothing, or 1 to 128 visible ASCII characters";
    private const string GatewayRule = "ws://HOST or wss://HOST, with :PORT or without, and no path";

    /// <summary>The sensor's name: 1 to 64 of A-Z, a-z, 0-9, '_' and '-'.</summary>
    public string Id { get; set; } = "sensor";

    /// <summary>Where the gateway is: ws://host[:port], or wss, with no path.</summary>
    public string Gateway { get; set; } = "ws://127.0.0.1:5080";

    /// <summary>
    /// What shows the gateway that the sensor is who it says: with each request to connect it is sent with the id, as HTTP Basic (RFC 7617),
    /// which hides it on the way only with wss. 1 to 128 visible ASCII characters; "", the default: none is sent. It is never logged.
    /// </summary>
    public string Secret { get; set; } = "";

    /// <summary>From one measurement to the next. 10 to 86,400,000 (a day); default 10,000.</summary>
    public int Interval { get; set; } = 10000;

    /// <summary>The most readings kept until they are acknowledged, 37 bytes of memory each. 16 to 16,384; default 400.</summary>
    public int Readings { get; set; } = 400;

    /// <summary>
    /// Whether the device sleeps deeply from one measurement to the next, and connects only to send a batch. The interval must then be at
    /// least 10,000. Default false.
    /// </summary>
    public bool Sleep { get; set; }

    /// <summary>A device that sleeps connects once it has taken this many readings since it last did. 1 to <see cref="Readings"/>; default 6.</summary>
    public int Batch { get; set; } = 6;

    /// <summary>The longest that a device which sleeps stays awake to send. 5,000 to 86,400,000; default 60,000.</summary>
    public int AwakeTime { get; set; } = 60000;

    /// <summary>The longest wait before the second attempt to connect; it doubles from there. 1 to <see cref="MaxBackoff"/>; default 1,000.</summary>
    public int MinBackoff { get; set; } = 1000;

    /// <summary>The longest wait before any attempt, at most 86,400,000. Default 60,000.</summary>
    public int MaxBackoff { get; set; } = 60000;

    /// <summary>How long a connection has to last until waits are short again. 0 to 86,400,000; default 60,000.</summary>
    public int StableTime { get; set; } = 60000;

    /// <summary>
    /// permessage-deflate: the window that readings are compressed with, in bits from 8 to 12; 0: none is offered. 10 bits take about 7 KB while
    /// connected, and halve the bits of the radio several times. Default 10.
    /// </summary>
    public int Compression { get; set; } = 10;

    /// <summary>The SNTP server to ask for the time. Default pool.ntp.org.</summary>
    public string TimeServer { get; set; } = "pool.ntp.org";

    /// <summary>Where the node connects.</summary>
    public string Url => Gateway + (Gateway.EndsWith("/") ? "sensors/" : "/sensors/") + Id;

    /// <summary>A whole number of at most nine digits; -1 where the text is none.</summary>
    public static int ParseNumber(string text)
    {
        int number = text.Length >= 1 && text.Length <= 9 ? 0 : -1;
        for (int i = 0; number >= 0 && i < text.Length; i++)
        {
            char c = text[i];
            number = c >= '0' && c <= '9' ? (number * 10) + (c - '0') : -1;
        }

        return number;
    }

    /// <summary>
    /// Sets one by its name, in any letter case. Returns null; or what is allowed, and nothing has changed: <see cref="Names"/> where there is
    /// no setting of that name.
    /// </summary>
    public string? Set(string name, string value)
    {
        int number = ParseNumber(value);
        switch (name.ToLower())
        {
            case "id":
                Id = IsId(value) ? value : Id;
                return IsId(value) ? null : IdRule;
            case "secret":
                Secret = IsSecret(value) ? value : Secret;
                return IsSecret(value) ? null : SecretRule;
            case "gateway":
                Gateway = IsGateway(value) ? value : Gateway;
                return IsGateway(value) ? null : GatewayRule;
            case "interval":
                Interval = IsIn(number, MinInterval, MaxTime) ? number : Interval;
                return Range(number, MinInterval, MaxTime);
            case "readings":
                Readings = IsIn(number, 16, MaxReadings) ? number : Readings;
                return Range(number, 16, MaxReadings);
            case "sleep":
                Sleep = value == "yes" || (value != "no" && Sleep);
                return value == "yes" || value == "no" ? null : "yes or no";
            case "batch":
                Batch = IsIn(number, 1, MaxReadings) ? number : Batch;
                return Range(number, 1, MaxReadings);
            case "awaketime":
                AwakeTime = IsIn(number, 5000, MaxTime) ? number : AwakeTime;
                return Range(number, 5000, MaxTime);
            case "minbackoff":
                MinBackoff = IsIn(number, 1, MaxTime) ? number : MinBackoff;
                return Range(number, 1, MaxTime);
            case "maxbackoff":
                MaxBackoff = IsIn(number, 1, MaxTime) ? number : MaxBackoff;
                return Range(number, 1, MaxTime);
            case "stabletime":
                StableTime = IsIn(number, 0, MaxTime) ? number : StableTime;
                return Range(number, 0, MaxTime);
            case "compression":
                Compression = IsCompression(number) ? number : Compression;
                return IsCompression(number) ? null : CompressionRule;
            case "timeserver":
                TimeServer = IsHost(value) ? value : TimeServer;
                return IsHost(value) ? null : "a host's name or address";
            default:
                return Names;
        }
    }

    /// <summary>The first setting that is wrong, by itself or beside another, with what is allowed; null where all are good.</summary>
    public string? FindFault() =>
        !IsId(Id) ? Complain("Id", "'" + Id + "'", IdRule)
        : !IsSecret(Secret) ? "Secret is not " + SecretRule + "."
        : !IsGateway(Gateway) ? Complain("Gateway", "'" + Gateway + "'", GatewayRule)
        : !IsHost(TimeServer) ? Complain("TimeServer", "'" + TimeServer + "'", "a host's name or address")
        : !IsCompression(Compression) ? Complain("Compression", Compression.ToString(), CompressionRule)
        : FindFault("Readings", Readings, 16, MaxReadings)
            ?? FindFault("Batch", Batch, 1, Readings)
            ?? FindFault("AwakeTime", AwakeTime, 5000, MaxTime)
            ?? FindFault("MaxBackoff", MaxBackoff, 1, MaxTime)
            ?? FindFault("MinBackoff", MinBackoff, 1, MaxBackoff)
            ?? FindFault("StableTime", StableTime, 0, MaxTime)
            ?? FindFault("Interval", Interval, Sleep ? MinSleepInterval : MinInterval, MaxTime);

    /// <exception cref="ArgumentException">A setting is wrong; it says which, and what is allowed.</exception>
    public void Validate()
    {
        string? fault = FindFault();
        if (fault != null)
        {
            throw new ArgumentException(fault);
        }
    }

    private static bool IsIn(int value, int least, int most) => value >= least && value <= most;

    private static bool IsCompression(int value) => value == 0 || IsIn(value, 8, 12);

    private static string? Range(int value, int least, int most) =>
        IsIn(value, least, most) ? null : "a whole number from " + least.ToString() + " to " + most.ToString();

    private static string? FindFault(string name, int value, int least, int most)
    {
        string? allowed = Range(value, least, most);
        return allowed == null ? null : Complain(name, value.ToString(), allowed);
    }

    private static string Complain(string name, string value, string allowed) => name + " is " + value + "; allowed is " + allowed + ".";

    private static bool IsId(string text)
    {
        bool isId = text.Length >= 1 && text.Length <= MaxIdLength;
        for (int i = 0; isId && i < text.Length; i++)
        {
            char c = text[i];
            isId = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
        }

        return isId;
    }

    private static bool IsSecret(string text)
    {
        bool isSecret = text.Length <= MaxSecretLength;
        for (int i = 0; isSecret && i < text.Length; i++)
        {
            isSecret = text[i] > ' ' && text[i] <= '~';
        }

        return isSecret;
    }

    private static bool IsGateway(string url)
    {
        string scheme = url.StartsWith("ws://") ? "ws://" : "wss://";
        if (!url.StartsWith(scheme))
        {
            return false;
        }

        string authority = url.Substring(scheme.Length);
        if (authority.EndsWith("/"))
        {
            authority = authority.Substring(0, authority.Length - 1);
        }

        // An IPv6 address stands in brackets because of its colons.
        int colon = authority.LastIndexOf(':');
        if (colon < 0 || colon < authority.LastIndexOf(']'))
        {
            return IsHost(authority);
        }

        string port = authority.Substring(colon + 1);
        return IsHost(authority.Substring(0, colon)) && port.Length <= 5 && IsIn(ParseNumber(port), 1, 65535);
    }

    // A name, an IPv4 address, or an IPv6 address in brackets.
    private static bool IsHost(string text)
    {
        bool isAddress6 = text.Length > 2 && text[0] == '[' && text[text.Length - 1] == ']';
        bool isHost = text.Length >= 1 && text.Length <= 253;
        for (int i = isAddress6 ? 1 : 0; isHost && i < (isAddress6 ? text.Length - 1 : text.Length); i++)
        {
            char c = text[i];
            isHost = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || (isAddress6 ? c == ':' : c == '-' || c == '_');
        }

        return isHost;
    }
}
