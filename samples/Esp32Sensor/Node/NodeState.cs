namespace Esp32Sensor.Node;

/// <summary>What a node knows of itself, beside its readings, over sleep and restarts.</summary>
public sealed class NodeState
{
    /// <summary>Names the run of numbers that readings are given; 0: none yet. See docs/telemetry.md.</summary>
    public int Boot { get; set; }

    /// <summary>No reading has this number or a larger one.</summary>
    public int NextSequence { get; set; } = 1;

    /// <summary>How many numbers below <see cref="NextSequence"/> were not given when this was stored.</summary>
    public int Reserved { get; set; }

    /// <summary>The readings dropped so far, for want of room.</summary>
    public int Dropped { get; set; }

    /// <summary>How often the node had itself started anew, because nothing went on.</summary>
    public int Restarts { get; set; }

    /// <summary>The interval that a command has set, in milliseconds; 0: none has.</summary>
    public int Interval { get; set; }

    /// <summary>Readings taken since the last attempt to send, for nodes that sleep.</summary>
    public int Unsent { get; set; }

    /// <summary>Milliseconds since 1970 that have surely passed.</summary>
    public long Floor { get; set; }

    /// <summary>How the time was known when this was stored.</summary>
    public TimeSource Source { get; set; }

    /// <summary><see cref="NodeClock.Uptime"/> at the end of the sleep that this was stored for; 0: it was stored for none.</summary>
    public long Uptime { get; set; }
}
