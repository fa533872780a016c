using System;
using System.Linq;
using RpiGateway.Access;
using RpiGateway.Settings;

namespace RpiGateway.Presence;

/// <summary>What the gateway is called, and how often it says that sensors are still there.</summary>
internal sealed class PresenceSettings
{
    private static readonly Setting NameSetting = new(
        "Name", "NAME", "the gateway's name, unique at its broker: 1 to 64 of A-Z, a-z, 0-9, '_' and '-'", "the host's name");

    private static readonly Setting IntervalSetting = new(
        "Presence:Interval", "SECONDS", "how often at most a sensor's lastSeen is published while it is connected, 10 to 86400", "300");

    /// <summary>All of them.</summary>
    public static readonly Setting[] All = [NameSetting, IntervalSetting];

    /// <summary>The gateway's name, a level of MQTT topics.</summary>
    public string Name { get; init; } = HostName();

    /// <summary>From one publication of a sensor's lastSeen to the next.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Reads them.</summary>
    /// <exception cref="SettingException">A value is wrong.</exception>
    public static PresenceSettings Read(SettingReader reader)
    {
        PresenceSettings defaults = new();
        string? name = reader.Text(NameSetting);
        if (name is not null && !SensorId.IsValid(name))
        {
            throw SettingReader.Wrong(NameSetting, name, SensorId.Rule);
        }

        return new PresenceSettings
        {
            Name = name ?? defaults.Name,
            Interval = reader.Seconds(IntervalSetting, defaults.Interval, TimeSpan.FromSeconds(10), TimeSpan.FromDays(1)),
        };
    }

    // Whatever a host is called, with '-' for what no name may have.
    private static string HostName()
    {
        string name = string.Concat(Environment.MachineName.Take(64).Select(static c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' ? c : '-'));
        return name.Length > 0 ? name : "gateway";
    }
}
