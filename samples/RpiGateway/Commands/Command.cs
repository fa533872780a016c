using System;

namespace RpiGateway.Commands;

/// <summary>A command, from its arrival until its result is published.</summary>
internal sealed class Command
{
    /// <summary>Its number at this gateway, in the order of arrival.</summary>
    public long Number { get; set; }

    /// <summary>The sensor that it is for.</summary>
    public required string Sensor { get; init; }

    /// <summary>What stood before the command so that whoever sent it knows the result, with its '@'; or empty.</summary>
    public string Tag { get; init; } = "";

    /// <summary>What the sensor is told.</summary>
    public required string Text { get; init; }

    /// <summary>What goes back with the result (MQTT 5, 3.3.2.3.6).</summary>
    public byte[]? CorrelationData { get; init; }

    /// <summary>How long it may wait, from its arrival.</summary>
    public required TimeSpan TimeToLive { get; init; }

    /// <summary>When it arrived, by the wall clock: what is left over a restart.</summary>
    public required DateTimeOffset Arrived { get; init; }

    /// <summary>When it expires, by <see cref="Environment.TickCount64"/>.</summary>
    public required long Expiry { get; init; }

    /// <summary>Whether it was sent: never twice.</summary>
    public bool IsSent { get; set; }

    /// <summary>"ok", "error" and why, or "expired"; null until there is one.</summary>
    public string? Result { get; set; }
}
