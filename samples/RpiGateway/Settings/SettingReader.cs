using System;
using System.Globalization;
using System.IO;
using System.Security.Cryptography;
using Microsoft.Extensions.Configuration;
using RpiGateway.Monitoring;

namespace RpiGateway.Settings;

/// <summary>Reads settings; what is wrong is a <see cref="SettingException"/> that says what is allowed.</summary>
internal sealed class SettingReader(IConfiguration configuration)
{
    /// <summary>The value as it was given, or null.</summary>
    public string? Text(Setting setting) => configuration[setting.Name];

    /// <summary>A whole number.</summary>
    public long Integer(Setting setting, long standard, long min, long max) => Parse(
        setting,
        standard,
        value => long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out long number) && number >= min && number <= max ? number : null,
        $"a whole number from {min} to {max}");

    /// <summary>A time in whole seconds.</summary>
    public TimeSpan Seconds(Setting setting, TimeSpan standard, TimeSpan min, TimeSpan max) => TimeSpan.FromSeconds(
        Integer(setting, (long)standard.TotalSeconds, (long)min.TotalSeconds, (long)max.TotalSeconds));

    /// <summary>Yes or no.</summary>
    public bool Flag(Setting setting, bool standard) => Parse<bool>(setting, standard, static value => bool.TryParse(value, out bool flag) ? flag : null, "true or false");

    /// <summary>Any value; <paramref name="parse"/> gives null for one that is not allowed.</summary>
    public T Parse<T>(Setting setting, T standard, Func<string, T?> parse, string allowed)
        where T : struct => Text(setting) is { } value ? parse(value) ?? throw Wrong(setting, value, allowed) : standard;

    /// <summary>Tries what a setting names, such as a file, by reading it once.</summary>
    /// <param name="setting">The setting.</param>
    /// <param name="value">Its value; null: there is nothing to be tried.</param>
    /// <param name="allowed">What it should name.</param>
    /// <param name="read">Reads it.</param>
    /// <exception cref="SettingException">It cannot be read.</exception>
    public static void Try(Setting setting, string? value, string allowed, Action read)
    {
        try
        {
            if (value is not null)
            {
                read();
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            throw Wrong(setting, value!, $"{allowed}; {LogText.Printable(error.Message)}");
        }
    }

    /// <summary>The error for a value that is not allowed.</summary>
    public static SettingException Wrong(Setting setting, string value, string allowed) =>
        new($"{setting.Name} is '{LogText.Printable(value)}': allowed is {allowed}");

    /// <summary>The error for a value that must not be shown.</summary>
    public static SettingException WrongSecret(Setting setting, string allowed) => new($"{setting.Name} is wrong (not shown): allowed is {allowed}");
}
