using System;
using RpiGateway.Settings;

namespace RpiGateway.Readings;

/// <summary>What a reading in the log outlives.</summary>
internal enum LogDurability
{
    /// <summary>The end of the process and of the power: it is on disk before its sensor is told.</summary>
    Disk,

    /// <summary>Neither: the log is in memory.</summary>
    None,
}

/// <summary>The log's durability and bounds, and how long what was delivered stays in it.</summary>
internal sealed class LogSettings
{
    /// <summary>All of them.</summary>
    public static readonly Setting[] All = [DurabilitySetting, MaxBytesSetting, MaxAgeSetting, MinFreeBytesSetting, SettleTimeSetting];

    private const long MiB = 1024 * 1024;
    private const long MaxBytesInMemory = 64 * MiB;

    /// <summary>What readings outlive.</summary>
    public LogDurability Durability { get; init; }

    /// <summary>The most the log may take, in bytes. At the bound the oldest readings go first.</summary>
    public long MaxBytes { get; init; } = 1024 * MiB;

    /// <summary>The oldest a reading may get.</summary>
    public TimeSpan MaxAge { get; init; } = TimeSpan.FromDays(30);

    /// <summary>What must stay free on the disk, in bytes: the log gives way, the oldest readings first. In memory it does not hold.</summary>
    public long MinFreeBytes { get; init; } = 64 * MiB;

    /// <summary>How long the broker's connection must have stood after an acknowledgement before the reading is deleted.</summary>
    public TimeSpan SettleTime { get; init; } = TimeSpan.FromSeconds(10);

    private static Setting DurabilitySetting => new(
        "Log:Durability", "WHAT", "disk: a reading is acknowledged once it is on disk; none: the log is in memory, and what the broker has not is lost with the process", "disk");

    private static Setting MaxBytesSetting => new(
        "Log:MaxBytes", "BYTES", $"the most the log of readings takes, {MiB} to {1024 * 1024 * MiB}", $"{1024 * MiB}; {MaxBytesInMemory} in memory");

    private static Setting MaxAgeSetting => new("Log:MaxAge", "SECONDS", "the oldest a reading in the log may get, 60 to 315360000", "2592000, 30 days");

    private static Setting MinFreeBytesSetting => new("Log:MinFreeBytes", "BYTES", "what the log leaves free on the disk, 0 or more", $"{64 * MiB}");

    private static Setting SettleTimeSetting => new(
        "Log:SettleTime", "SECONDS", "how long a delivered reading stays in the log, lest the broker lose it, 0 to 3600", "10");

    /// <summary>Reads them.</summary>
    /// <exception cref="SettingException">A value is wrong.</exception>
    public static LogSettings Read(SettingReader reader)
    {
        LogSettings defaults = new();
        LogDurability durability = reader.Parse<LogDurability>(
            DurabilitySetting,
            defaults.Durability,
            static value => value switch
            {
                "disk" => LogDurability.Disk,
                "none" => LogDurability.None,
                _ => null,
            },
            "disk or none");
        return new LogSettings
        {
            Durability = durability,
            MaxBytes = reader.Integer(MaxBytesSetting, durability == LogDurability.None ? MaxBytesInMemory : defaults.MaxBytes, MiB, 1024 * 1024 * MiB),
            MaxAge = reader.Seconds(MaxAgeSetting, defaults.MaxAge, TimeSpan.FromMinutes(1), TimeSpan.FromDays(3650)),
            MinFreeBytes = reader.Integer(MinFreeBytesSetting, defaults.MinFreeBytes, 0, long.MaxValue),
            SettleTime = reader.Seconds(SettleTimeSetting, defaults.SettleTime, TimeSpan.Zero, TimeSpan.FromHours(1)),
        };
    }
}
