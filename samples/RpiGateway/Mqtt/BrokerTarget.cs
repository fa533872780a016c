using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging;

namespace RpiGateway.Mqtt;

/// <summary>The broker that the gateway's clients attach to, as all of them share it.</summary>
/// <param name="Addresses">Where it may be found, in the order in which they are tried.</param>
/// <param name="Identity">What tells this gateway's clients from another's; letters and digits.</param>
/// <param name="Settings">Who the gateway says it is.</param>
internal sealed record BrokerTarget(IReadOnlyList<BrokerAddress> Addresses, string Identity, BrokerSettings Settings)
{
    private const string IdentityFile = "mqtt-identity";
    private const int IdentityLength = 8;

    /// <summary>The broker that the settings name.</summary>
    /// <param name="settings">Must have URLs.</param>
    /// <param name="dataDirectory">Where the identity is kept, so that a broker knows a client again after a restart.</param>
    /// <param name="logger">For what channels refuse.</param>
    /// <exception cref="IOException">The identity cannot be kept.</exception>
    public static BrokerTarget AtUrls(BrokerSettings settings, string dataDirectory, ILogger logger)
    {
        if (settings.User is not null && settings.Urls.FirstOrDefault(static url => url.Scheme is "mqtt" or "ws" && !url.IsLoopback) is { } open)
        {
            logger.LogWarning("The broker's password goes unencrypted to {Broker}; mqtts:// and wss:// encrypt", NameOf(open));
        }

        return new(
            [.. settings.Urls.Select(url => new BrokerAddress(NameOf(url), new BrokerDialer(url, settings, logger).CreateChannel))],
            IdentityIn(dataDirectory), settings);
    }

    /// <summary>The broker inside the gateway.</summary>
    /// <inheritdoc cref="AtUrls"/>
    public static BrokerTarget Inside(EmbeddedBroker broker, string dataDirectory) =>
        new([new BrokerAddress("inside", broker.CreateChannel)], IdentityIn(dataDirectory), new BrokerSettings());

    // A query may hold a token.
    private static string NameOf(Uri url) => url.GetLeftPart(UriPartial.Path);

    private static string IdentityIn(string directory)
    {
        string path = Path.Join(directory, IdentityFile);
        string identity = File.Exists(path) ? File.ReadAllText(path).Trim() : "";
        if (identity.Length != IdentityLength || !identity.All(char.IsAsciiLetterOrDigit))
        {
            identity = RandomNumberGenerator.GetHexString(IdentityLength, lowercase: true);
            File.WriteAllText(path, identity + "\n");
        }

        return identity;
    }
}
