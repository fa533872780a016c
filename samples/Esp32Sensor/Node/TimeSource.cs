namespace Esp32Sensor.Node;

/// <summary>How a time was known.</summary>
public enum TimeSource : byte
{
    /// <summary>It was not: there are only milliseconds since the node began.</summary>
    None = 0,

    /// <summary>From the gateway's greeting.</summary>
    Gateway = 1,

    /// <summary>From SNTP, or from an operating system that keeps its clock itself.</summary>
    Sntp = 2,
}
