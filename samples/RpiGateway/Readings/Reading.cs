namespace RpiGateway.Readings;

/// <summary>A reading on its way: from a sensor into the log, and from there to the broker.</summary>
internal sealed class Reading
{
    /// <summary>The sensor's id.</summary>
    public required string Sensor { get; init; }

    /// <summary>As the sensor sent it; at most 65,536 bytes. Nobody changes it.</summary>
    public required byte[] Payload { get; init; }

    /// <summary>Names a run of numbers of the sensor; of a reading that came without a number, the log's own, once it is in the log.</summary>
    public long Boot { get; set; }

    /// <summary>The reading's number in that run.</summary>
    public long Sequence { get; set; }

    /// <summary>Whether it came without a number.</summary>
    public bool IsPlain { get; init; }

    /// <summary>When it came, in milliseconds since 1970 (UTC); 0 where the gateway did not know the time.</summary>
    public long Arrived { get; init; }

    /// <summary>Its number in the log: each is larger than all before. 0 where it is not in the log, or was there before.</summary>
    public long Id { get; set; }

    /// <summary>Whom to tell once it is on disk; null from then on.</summary>
    public IReadingOwner? Owner { get; set; }

    /// <summary>About what it takes in memory, in bytes.</summary>
    public int Size => Payload.Length + 160;
}
