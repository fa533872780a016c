using System;
using System.IO;
using Ws.Micro.Net;

namespace Esp32Sensor.Node;

/// <summary>
/// What a node stands on: the clock, the sensors, the network and the storage of a device, or what simulates them. Called by the node's
/// thread alone.
/// </summary>
public abstract class NodeBoard
{
    /// <summary>Milliseconds on a clock that only goes forward, from any start.</summary>
    public virtual long Milliseconds => Environment.TickCount64;

    /// <summary>Milliseconds since 1970 (UTC) as the system clock shows them, right or wrong. May jump.</summary>
    public virtual long SystemTime => (DateTime.UtcNow - DateTime.UnixEpoch).Ticks / TimeSpan.TicksPerMillisecond;

    /// <summary>How the system clock was set, where the node has not stored how: by default an operating system looks after it.</summary>
    public virtual TimeSource SystemTimeSource => TimeSource.Sntp;

    /// <summary>Whether the node began because a deep sleep ended, and not by a power-up or a reset.</summary>
    public virtual bool HasSlept => false;

    /// <summary>Sets the system clock, where a program may.</summary>
    public virtual void SetSystemTime(long unixTime)
    {
    }

    /// <summary>Fills in what can be measured now; all values are missing before. Must not throw.</summary>
    public abstract void Measure(Measurements values);

    /// <summary>Begins to bring up the network, where it is not, and returns at once: whether it can be used.</summary>
    public virtual bool RaiseNetwork() => true;

    /// <summary>Connects, within the deadlines of <paramref name="options"/>, to which it may add. May throw anything: the node logs it and tries again later.</summary>
    public abstract WebSocketConnection Connect(string url, WebSocketClientOptions options);

    /// <summary>There is a connection, or none any more.</summary>
    public virtual void ShowConnected(bool isConnected)
    {
    }

    /// <summary>Opens what was stored in slot 0 or 1; null where there is nothing. May throw.</summary>
    public virtual Stream? OpenRead(int slot) => null;

    /// <summary>Opens slot 0 or 1 to be stored anew; null where there is no storage. May throw.</summary>
    public virtual Stream? OpenWrite(int slot) => null;

    /// <summary>Shows a person which board this is. Returns at once.</summary>
    public virtual void Identify()
    {
    }

    /// <summary>Starts the device anew. Where it returns, the node ends.</summary>
    public virtual void Restart()
    {
    }

    /// <summary>Sleeps deeply for that many milliseconds and starts anew. Where it returns, the node ends.</summary>
    public virtual void Sleep(int milliseconds)
    {
    }

    /// <summary>Shows a line for people.</summary>
    public abstract void Log(string line);
}
