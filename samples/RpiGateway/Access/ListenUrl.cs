using System;
using System.Collections.Generic;
using System.Linq;
using System.Net;
using Microsoft.AspNetCore.Http;
using RpiGateway.Settings;

namespace RpiGateway.Access;

/// <summary>One address to listen on.</summary>
/// <param name="Address">The IP address; null for localhost, which is 127.0.0.1 and [::1].</param>
/// <param name="Port">0 for any that is free.</param>
/// <param name="IsTls">Whether it is https.</param>
internal sealed record ListenUrl(IPAddress? Address, int Port, bool IsTls)
{
    /// <summary>In words, for --help.</summary>
    public const string Rule = "http://HOST:PORT or https://HOST:PORT, several separated by ';', HOST an IP address, localhost or *";

    /// <summary>Whether it is all addresses of this machine, those of IPv4 too.</summary>
    public bool IsAny { get; init; }

    /// <summary>Whether only this machine reaches it.</summary>
    public bool IsLoopback => Address is null || IPAddress.IsLoopback(Address);

    /// <summary>Reads the setting.</summary>
    /// <exception cref="SettingException">It is wrong.</exception>
    public static List<ListenUrl> Parse(Setting setting, string urls) => [.. urls.Split(';').Select(url => ParseOne(url.Trim()) ?? throw SettingReader.Wrong(
        setting, urls, Rule + ", PORT 0 to 65535 (with localhost 1 to 65535)"))];

    private static ListenUrl? ParseOne(string url)
    {
        BindingAddress address;
        try
        {
            address = BindingAddress.Parse(url);
        }
        catch (FormatException)
        {
            return null;
        }

        if (address is not { IsUnixPipe: false, IsNamedPipe: false, Scheme: "http" or "https", PathBase: "", Port: >= 0 and <= IPEndPoint.MaxPort }
            || !url.TrimEnd('/').EndsWith($":{address.Port}", StringComparison.Ordinal))
        {
            return null;
        }

        bool isTls = address.Scheme == "https";
        return address.Host switch
        {
            "*" or "+" => new ListenUrl(IPAddress.IPv6Any, address.Port, isTls) { IsAny = true },
            _ when address.Host.Equals("localhost", StringComparison.OrdinalIgnoreCase) => address.Port > 0 ? new ListenUrl(null, address.Port, isTls) : null,
            _ => IPAddress.TryParse(address.Host.Trim('[', ']'), out IPAddress? ip) ? new ListenUrl(ip, address.Port, isTls) : null,
        };
    }
}
