using System;
using Microsoft.Extensions.Logging.Abstractions;

namespace RpiGateway.Tests;

/// <summary>Brokers as the gateway's clients are given them.</summary>
internal static class BrokerTargets
{
    public static BrokerTarget At(string dataDirectory, params Uri[] urls) =>
        BrokerTarget.AtUrls(new BrokerSettings { Urls = urls }, dataDirectory, NullLogger.Instance);
}
