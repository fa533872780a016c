using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Net;
using System.Net.WebSockets;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;

namespace RpiGateway;

/// <summary>A setting that cannot be used; the message is one line that names it, its value and what is allowed.</summary>
public sealed class SettingException(string message) : Exception(message);

/// <summary>
/// What the gateway is told: by appsettings.json, then the environment (RPIGATEWAY_Broker and so on), then the command
/// line, the later one winning.
/// </summary>
public sealed class GatewaySettings
{
    /// <summary>The most sensors that can be simulated.</summary>
    public const int MaxSimulated = 1000;

    /// <summary>The value of Broker for the broker inside the gateway.</summary>
    public const string EmbeddedBroker = "embedded";

    /// <summary>What <c>--help</c> prints.</summary>
    public const string Help = """
        RpiGateway: sensors' readings from WebSocket to MQTT.

          --urls URLS           where to listen; http://HOST:PORT, several separated by ';', HOST an IP address, localhost or *
                                (default http://127.0.0.1:5080)
          --simulate N          run N simulated sensors, 0 to 1000, and print what arrives through MQTT (default 0)
          --Broker URL          the MQTT broker: embedded, or ws://HOST:PORT/PATH or wss://HOST:PORT/PATH (default embedded)
          --DataDirectory DIR   a directory the gateway may write to; made if missing (default RpiGateway in the user's data directory)
          --help                print this

        Each can also stand in appsettings.json, or in the environment with the prefix RPIGATEWAY_, for example RPIGATEWAY_Broker.
        Sensors connect at /sensors/{id}; MQTT clients attach to the embedded broker at /mqtt with the subprotocol mqtt.
        """;

    private const string EnvironmentPrefix = "RPIGATEWAY_";
    private static readonly string[] Names = ["urls", "simulate", "Broker", "DataDirectory"];

    // Sections of .NET's own that may stand beside ours.
    private static readonly string[] FrameworkSections = ["Logging", "AllowedHosts"];

    /// <summary>Where to listen, as Kestrel takes it.</summary>
    public string Urls { get; init; } = "http://127.0.0.1:5080";

    /// <summary>How many sensors to simulate, 0 to <see cref="MaxSimulated"/>.</summary>
    public int Simulate { get; init; }

    /// <summary>The broker's URL, or null for the embedded one.</summary>
    public Uri? Broker { get; init; }

    /// <summary>A directory the gateway may write to.</summary>
    public string DataDirectory { get; init; } =
        Path.Join(Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify), "RpiGateway");

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
            throw new SettingException($"appsettings.json cannot be read: {OneLine(error.GetBaseException().Message)}");
        }

        foreach (IConfigurationSection section in configuration.GetChildren())
        {
            if (!Contains(Names, section.Key) && !Contains(FrameworkSections, section.Key))
            {
                throw new SettingException($"unknown setting '{OneLine(section.Key)}': allowed are {string.Join(", ", Names)}");
            }
        }

        GatewaySettings defaults = new();
        GatewaySettings settings = new()
        {
            Urls = configuration["urls"] is { } urls ? CheckUrls(urls) : defaults.Urls,
            Simulate = configuration["simulate"] is { } simulate ? ParseSimulate(simulate) : defaults.Simulate,
            Broker = configuration["Broker"] is { } broker ? ParseBroker(broker) : defaults.Broker,
            DataDirectory = configuration["DataDirectory"] ?? defaults.DataDirectory,
            Framework = configuration,
        };
        PrepareDataDirectory(settings.DataDirectory);
        return settings;
    }

    // The command line provider passes over what it does not understand, so its shape is checked first.
    private static void CheckShape(string[] args)
    {
        for (int i = 0; i < args.Length; i++)
        {
            string option = args[i].Split('=')[0];
            if (!option.StartsWith("--", StringComparison.Ordinal) || !Contains(Names, option[2..].Split(':')[0]) && !Contains(FrameworkSections, option[2..].Split(':')[0]))
            {
                throw new SettingException($"unknown option '{OneLine(args[i])}': allowed are {string.Join(", ", Array.ConvertAll(Names, name => "--" + name))}, --help");
            }

            if (option.Length == args[i].Length && ++i == args.Length)
            {
                throw new SettingException($"option '{OneLine(option)}' has no value: write {option} VALUE");
            }
        }
    }

    private static string CheckUrls(string urls)
    {
        const string Allowed = "http://HOST:PORT, several separated by ';', HOST an IP address, localhost or *, PORT 0 to 65535 (with localhost 1 to 65535)";
        foreach (string url in urls.Split(';'))
        {
            BindingAddress? address = null;
            try
            {
                address = BindingAddress.Parse(url.Trim());
            }
            catch (FormatException)
            {
                // Refused below with all else that is wrong.
            }

            bool localhost = address?.Host.Equals("localhost", StringComparison.OrdinalIgnoreCase) == true;
            if (address is not { IsUnixPipe: false, IsNamedPipe: false, Scheme: "http", PathBase: "", Port: >= 0 and <= IPEndPoint.MaxPort }
                || !(localhost && address.Port > 0 || address.Host is "*" or "+" || IPAddress.TryParse(address.Host.Trim('[', ']'), out _))
                || !url.Trim().TrimEnd('/').EndsWith($":{address.Port}", StringComparison.Ordinal))
            {
                throw Wrong("urls", urls, Allowed);
            }
        }

        return urls;
    }

    private static int ParseSimulate(string value) =>
        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int count) && count <= MaxSimulated
            ? count
            : throw Wrong("simulate", value, $"a whole number from 0 to {MaxSimulated}");

    private static Uri? ParseBroker(string value)
    {
        if (value == EmbeddedBroker)
        {
            return null;
        }

        return Uri.TryCreate(value, UriKind.Absolute, out Uri? broker) && broker.Scheme is "ws" or "wss"
            && broker is { UserInfo: "", Fragment: "", Host.Length: > 0, Port: > 0 }
            ? broker
            : throw Wrong("Broker", value, "embedded, or ws://HOST:PORT/PATH or wss://HOST:PORT/PATH without user and fragment");
    }

    private static void PrepareDataDirectory(string directory)
    {
        try
        {
            string probe = Path.Join(Directory.CreateDirectory(directory).FullName, $".write-test-{Environment.ProcessId}");
            File.WriteAllBytes(probe, []);
            File.Delete(probe);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw Wrong("DataDirectory", directory, $"a directory that exists or can be made, and can be written to; {OneLine(error.Message)}");
        }
    }

    private static bool Contains(string[] names, string name) => Array.Exists(names, known => known.Equals(name, StringComparison.OrdinalIgnoreCase));

    private static SettingException Wrong(string name, string value, string allowed) => new($"{name} is '{OneLine(value)}': allowed is {allowed}");

    private static string OneLine(string text) => LogText.Printable(text);
}
