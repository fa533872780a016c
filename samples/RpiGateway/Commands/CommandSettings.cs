using System;
using RpiGateway.Settings;

namespace RpiGateway.Commands;

/// <summary>How commands are kept.</summary>
internal sealed class CommandSettings
{
    private static readonly Setting TimeToLiveSetting = new(
        "Commands:TimeToLive", "SECONDS", "how long a command waits for a sensor that is away, unless it says itself; 0 to 2592000", "600");

    /// <summary>All of them.</summary>
    public static readonly Setting[] All = [TimeToLiveSetting];

    /// <summary>How long a command waits that has no message expiry interval.</summary>
    public TimeSpan TimeToLive { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Reads them.</summary>
    /// <exception cref="SettingException">A value is wrong.</exception>
    public static CommandSettings Read(SettingReader reader) => new()
    {
        TimeToLive = reader.Seconds(TimeToLiveSetting, new CommandSettings().TimeToLive, TimeSpan.Zero, TimeSpan.FromDays(30)),
    };
}
