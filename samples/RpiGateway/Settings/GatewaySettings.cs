using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using RpiGateway.Access;
using RpiGateway.Commands;
using RpiGateway.Monitoring;
using RpiGateway.Mqtt;
using RpiGateway.Presence;
using RpiGateway.Readings;

namespace RpiGateway.Settings;

/// <summary>
/// What the gateway is told: by appsettings.json, then the environment (RPIGATEWAY_Broker and so on), then the command
/// line, the later one winning.
/// </summary>
public sealed class GatewaySettings
{
    /// <summary>The most sensors that can be simulated.</summary>
    public const int MaxSimulated = 2000;

    private const string EnvironmentPrefix = "RPIGATEWAY_";

    private static readonly Setting UrlsSetting = new(
        "urls", "URLS", "where to listen: " + ListenUrl.Rule, "http://127.0.0.1:5080");

    private static readonly Setting SimulateSetting = new(
        "simulate", "N", $"run N simulated sensors, 0 to {MaxSimulated}, and print what arrives through MQTT", "0");

    private static readonly Setting DataDirectorySetting = new(
        "DataDirectory", "DIR", "a directory the gateway may write to; made if missing", "RpiGateway in the user's data directory");

    // Each room's settings stand with the room; a new one's are added here and in Load.
    internal static readonly Setting[] All =
    [
        UrlsSetting, SimulateSetting, DataDirectorySetting, .. BrokerSettings.All, .. LogSettings.All, .. CommandSettings.All, .. PresenceSettings.All, .. AccessSettings.All,
    ];

    /// <summary>.NET's own setting of how a line of the log looks.</summary>
    internal const string LogFormat = "Logging:Console:FormatterName";

    private static readonly string[] LogFormats = [ConsoleFormatterNames.Simple, ConsoleFormatterNames.Json, ConsoleFormatterNames.Systemd];

    // Sections of .NET's own that may stand beside ours.
    private static readonly string[] FrameworkSections = ["Logging", "AllowedHosts"];

    /// <summary>What <c>--help</c> prints.</summary>
    public static string Help => HelpText.Of(All);

    /// <summary>Where to listen: http or https URLs, separated by ';'.</summary>
    public string Urls { get; init; } = UrlsSetting.Default;

    /// <summary>Where to listen.</summary>
    internal IReadOnlyList<ListenUrl> ListenUrls => ListenUrl.Parse(UrlsSetting, Urls);

    /// <summary>Whether any of it is https.</summary>
    internal bool UsesTls => ListenUrls.Any(static url => url.IsTls);

    /// <summary>How many sensors to simulate, 0 to <see cref="MaxSimulated"/>.</summary>
    public int Simulate { get; init; }

    /// <summary>The broker.</summary>
    internal BrokerSettings Broker { get; init; } = new();

    /// <summary>A directory the gateway may write to.</summary>
    public string DataDirectory { get; init; } =
        Path.Join(Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify), "RpiGateway");

    /// <summary>The log of readings.</summary>
    internal LogSettings Log { get; init; } = new();

    /// <summary>How commands are kept.</summary>
    internal CommandSettings Commands { get; init; } = new();

    /// <summary>What the gateway is called, and how often it says that sensors are still there.</summary>
    internal PresenceSettings Presence { get; init; } = new();

    /// <summary>Who may come in.</summary>
    internal AccessSettings Access { get; init; } = new();

    /// <summary>What .NET's own sections, such as Logging, say; null for its defaults.</summary>
    internal IConfiguration? Framework { get; init; }

    /// <summary>Reads and checks all settings, and makes the data directory.</summary>
    /// <exception cref="SettingException">A value is wrong, or an option is unknown.</exception>
    public static GatewaySettings Load(string[] args)
    {
        CheckShape(args);
        IConfiguration configuration;
        try
        {
            configuration = new ConfigurationBuilder()
                .SetBasePath(AppContext.BaseDirectory)
                .AddJsonFile("appsettings.json", optional: true)
                .AddEnvironmentVariables(EnvironmentPrefix)
                .AddCommandLine(args)
                .Build();
        }
        catch (InvalidDataException error)
        {
            throw new SettingException($"appsettings.json cannot be read: {LogText.Printable(error.GetBaseException().Message)}");
        }

        foreach ((string name, string? value) in configuration.AsEnumerable())
        {
            if (value is not null && !IsKnown(name))
            {
                throw new SettingException($"unknown setting '{LogText.Printable(name)}': allowed are {string.Join(", ", All.Select(static known => known.Name))}");
            }
        }

        CheckLogging(configuration);
        SettingReader reader = new(configuration);
        GatewaySettings defaults = new();
        GatewaySettings settings = new()
        {
            Urls = reader.Text(UrlsSetting) ?? defaults.Urls,
            Simulate = (int)reader.Integer(SimulateSetting, defaults.Simulate, 0, MaxSimulated),
            Broker = BrokerSettings.Read(reader),
            DataDirectory = reader.Text(DataDirectorySetting) ?? defaults.DataDirectory,
            Log = LogSettings.Read(reader),
            Commands = CommandSettings.Read(reader),
            Presence = PresenceSettings.Read(reader),
            Access = AccessSettings.Read(reader),
            Framework = configuration,
        };
        settings.CheckListening();
        PrepareDataDirectory(settings.DataDirectory);
        return settings;
    }

    // The command line provider passes over what it does not understand, so its shape is checked first.
    private static void CheckShape(string[] args)
    {
        for (int i = 0; i < args.Length; i++)
        {
            string option = args[i].Split('=')[0];
            if (!option.StartsWith("--", StringComparison.Ordinal) || !IsKnown(option[2..]))
            {
                IEnumerable<string> allowed = [.. AccessCommands.Nouns, .. All.Select(static known => "--" + known.Name), "--help"];

                // Not its value: a password may stand behind a name that is misspelt.
                string what = option.StartsWith('-') ? "option" : "verb or option";
                throw new SettingException($"unknown {what} '{LogText.Printable(option)}': allowed are {string.Join(", ", allowed)}");
            }

            if (option.Length == args[i].Length && ++i == args.Length)
            {
                throw new SettingException($"option '{LogText.Printable(option)}' has no value: write {option} VALUE");
            }
        }
    }

    private static bool IsKnown(string name) =>
        Array.Exists(All, known => known.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
        || Array.Exists(FrameworkSections, known => known.Equals(name.Split(':')[0], StringComparison.OrdinalIgnoreCase));

    // .NET finds a level that is none only when it makes the log, and says so in many lines.
    private static void CheckLogging(IConfiguration configuration)
    {
        if (configuration[LogFormat] is { } format && !Array.Exists(LogFormats, known => known.Equals(format, StringComparison.OrdinalIgnoreCase)))
        {
            throw new SettingException($"{LogFormat} is '{LogText.Printable(format)}': allowed is {string.Join(", ", LogFormats)}");
        }

        foreach ((string name, string? value) in configuration.AsEnumerable())
        {
            if (value is not null && name.ToUpperInvariant().Split(':') is ["LOGGING", .., "LOGLEVEL", _]
                && !Array.Exists(Enum.GetNames<LogLevel>(), level => level.Equals(value, StringComparison.OrdinalIgnoreCase)))
            {
                throw new SettingException($"{LogText.Printable(name)} is '{LogText.Printable(value)}': allowed is {string.Join(", ", Enum.GetNames<LogLevel>())}");
            }
        }
    }

    private void CheckListening()
    {
        if (!Access.AllowPlaintext && ListenUrls.Any(static url => !url.IsTls && !url.IsLoopback))
        {
            throw SettingReader.Wrong(UrlsSetting, Urls, "https:// where others than this machine can connect, or http:// with --AllowPlaintext true");
        }

        if (Simulate > 0 && UsesTls && Access.Tls is { ClientCertificates: ClientCertificates.Required, ClientAuthority: not null })
        {
            throw SettingReader.Wrong(SimulateSetting, $"{Simulate}", "0 where Tls:ClientAuthority alone issues the certificates that sensors need");
        }
    }

    /// <summary>Makes a file in a directory and removes it.</summary>
    /// <exception cref="IOException">That cannot be done.</exception>
    /// <exception cref="UnauthorizedAccessException">That may not be done.</exception>
    internal static void TryToWrite(string directory)
    {
        string probe = Path.Join(directory, $".write-test-{Environment.ProcessId}");
        File.WriteAllBytes(probe, [0]);
        File.Delete(probe);
    }

    private static void PrepareDataDirectory(string directory)
    {
        try
        {
            TryToWrite(Directory.CreateDirectory(directory).FullName);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw SettingReader.Wrong(
                DataDirectorySetting, directory, $"a directory that exists or can be made, and can be written to; {LogText.Printable(error.Message)}");
        }
    }
}
