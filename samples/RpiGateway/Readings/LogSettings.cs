using System;
using RpiGateway.Settings;

namespace RpiGateway.Readings;

/// <summary>The log's bounds, and how long what was delivered stays in it.</summary>
internal sealed class LogSettings
{
    /// <summary>All of them.</summary>
    public static readonly Setting[] All = [MaxBytesSetting, MaxAgeSetting, MinFreeBytesSetting, SettleTimeSetting];

    private const long MiB = 1024 * 1024;

    /// <summary>The most the log may take on disk, in bytes. At the bound the oldest readings go first.</summary>
    public long MaxBytes { get; init; } = 1024 * MiB;

    /// <summary>The oldest a reading may get.</summary>
    public TimeSpan MaxAge { get; init; } = TimeSpan.FromDays(30);

    /// <summary>What must stay free on the disk, in bytes: the log gives way, the oldest readings first.</summary>
    public long MinFreeBytes { get; init; } = 64 * MiB;

    /// <summary>How long the broker's connection must have stood after an acknowledgement before the reading is deleted.</summary>
    public TimeSpan SettleTime { get; init; } = TimeSpan.FromSeconds(10);

    private static Setting MaxBytesSetting => new("Log:MaxBytes", "BYTES", $"the most the log of readings takes on disk, {MiB} to {1024 * 1024 * MiB}", $"{1024 * MiB}");

    private static Setting MaxAgeSetting => new("Log:MaxAge", "SECONDS", "the oldest a reading in the log may get, 60 to 315360000", "2592000, 30 days");

    private static Setting MinFreeBytesSetting => new("Log:MinFreeBytes", "BYTES", "what the log leaves free on the disk, 0 or more", $"{64 * MiB}");

    private static Setting SettleTimeSetting => new(
        "Log:SettleTime", "SECONDS", "how long a delivered reading stays in the log, lest the broker lose it, 0 to 3600", "10");

    /// <summary>Reads them.</summary>
    /// <exception cref="SettingException">A value is wrong.</exception>
    public static LogSettings Read(SettingReader reader)
    {
        LogSettings defaults = new();
        return new LogSettings
        {
            MaxBytes = reader.Integer(MaxBytesSetting, defaults.MaxBytes, MiB, 1024 * 1024 * MiB),
            MaxAge = reader.Seconds(MaxAgeSetting, defaults.MaxAge, TimeSpan.FromMinutes(1), TimeSpan.FromDays(3650)),
            MinFreeBytes = reader.Integer(MinFreeBytesSetting, defaults.MinFreeBytes, 0, long.MaxValue),
            SettleTime = reader.Seconds(SettleTimeSetting, defaults.SettleTime, TimeSpan.Zero, TimeSpan.FromHours(1)),
        };
    }
}
