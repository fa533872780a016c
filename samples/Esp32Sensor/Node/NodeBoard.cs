using System;
using Ws.Micro.Net;

namespace Esp32Sensor.Node;

/// <summary>What a node stands on: the clock, the sensors and the network of a device, or what simulates them. Called by the node's thread alone.</summary>
public abstract class NodeBoard
{
    // Clocks start in the past; one that shows a time before this program was written has never been set.
    private static readonly DateTime Earliest = new(2026, 1, 1);

    /// <summary>Milliseconds on a clock that only goes forward, from any start.</summary>
    public virtual long Milliseconds => Environment.TickCount64;

    /// <summary>Milliseconds since 1970 (UTC), or 0 while the time is not known. May jump.</summary>
    public virtual long UnixTime
    {
        get
        {
            DateTime now = DateTime.UtcNow;
            return now < Earliest ? 0 : (now - DateTime.UnixEpoch).Ticks / TimeSpan.TicksPerMillisecond;
        }
    }

    /// <summary>Fills in what can be measured now; all values are missing before. Must not throw.</summary>
    public abstract void Measure(Measurements values);

    /// <summary>Connects, with a deadline, having brought up the network if need be. May throw anything: the node logs it and tries again later.</summary>
    public abstract WebSocketConnection Connect(string url);

    /// <summary>The node got something done: the gateway's end took a reading. A board's watchdog starts anew.</summary>
    public abstract void Progress();

    /// <summary>Shows a line for people.</summary>
    public abstract void Log(string line);
}
