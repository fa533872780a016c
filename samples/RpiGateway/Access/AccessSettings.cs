using System;
using RpiGateway.Settings;

namespace RpiGateway.Access;

/// <summary>Who may come in, and how much of it.</summary>
internal sealed class AccessSettings
{
    private static readonly Setting TrustLoopbackSetting = new(
        "TrustLoopback", "BOOL", "true: who connects from this machine, and not through a proxy, needs no credentials", "true");

    private static readonly Setting AllowPlaintextSetting = new(
        "AllowPlaintext", "BOOL", "true: http:// may be listened on beyond this machine; secrets and readings can be read on the way", "false");

    private static readonly Setting FailedAttemptsSetting = new(
        "Limits:FailedAttempts", "N", "wrong credentials taken from an address in a minute, 1 to 1000; then 429", "10");

    private static readonly Setting ConnectionsSetting = new("Limits:Connections", "N", "connections in all, 10 to 1000000", "10000");

    private static readonly Setting ConnectionsPerAddressSetting = new(
        "Limits:ConnectionsPerAddress", "N", "connections of an address, 1 to 1000000; trusted ones of this machine are not counted", "256");

    private static readonly Setting ConnectionsPerDeviceSetting = new(
        "Limits:ConnectionsPerDevice", "N", "connections of a device, MQTT included, until the older ones have ended, 2 to 1000", "16");

    private static readonly Setting HandshakeTimeSetting = new(
        "Limits:HandshakeTime", "SECONDS", "from a connection to its first request, TLS included, 1 to 600", "10");

    private static readonly Setting ReadingSizeSetting = new("Limits:ReadingSize", "BYTES", "the largest reading, 64 to 65536 bytes", "65536");

    private static readonly Setting MessagesPerSecondSetting = new(
        "Limits:MessagesPerSecond", "N", "messages read from a sensor or MQTT client in a second, 1 to 1000000; one that sends more has to wait", "10000");

    /// <summary>All of them.</summary>
    public static readonly Setting[] All =
    [
        TrustLoopbackSetting, AllowPlaintextSetting, .. TlsSettings.All, ConnectionsSetting, ConnectionsPerAddressSetting, ConnectionsPerDeviceSetting,
        HandshakeTimeSetting, ReadingSizeSetting, MessagesPerSecondSetting, FailedAttemptsSetting,
    ];

    /// <summary>Whether peers on this machine need no credentials.</summary>
    public bool TrustLoopback { get; init; } = true;

    /// <summary>Whether http may be listened on beyond this machine.</summary>
    public bool AllowPlaintext { get; init; }

    /// <summary>How https is.</summary>
    public TlsSettings Tls { get; init; } = new();

    /// <summary>Connections in all.</summary>
    public int Connections { get; init; } = 10_000;

    /// <summary>Connections of an address; of an IPv6 network of 64 bits.</summary>
    public int ConnectionsPerAddress { get; init; } = 256;

    /// <summary>Connections of a device to sensors' endpoint and embedded broker, those included that a newer one has replaced and that have not ended.</summary>
    public int ConnectionsPerDevice { get; init; } = 16;

    /// <summary>From a connection to its first request.</summary>
    public TimeSpan HandshakeTime { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The largest reading in bytes.</summary>
    public int ReadingSize { get; init; } = 64 * 1024;

    /// <summary>Messages read from a sensor, and packets from an MQTT client, in a second.</summary>
    public int MessagesPerSecond { get; init; } = 10_000;

    /// <summary>Attempts with wrong credentials that an address has in a minute.</summary>
    public int FailedAttempts { get; init; } = 10;

    /// <exception cref="SettingException">A value is wrong.</exception>
    public static AccessSettings Read(SettingReader reader)
    {
        AccessSettings defaults = new();
        return new AccessSettings
        {
            TrustLoopback = reader.Flag(TrustLoopbackSetting, defaults.TrustLoopback),
            AllowPlaintext = reader.Flag(AllowPlaintextSetting, defaults.AllowPlaintext),
            Tls = TlsSettings.Read(reader),
            Connections = (int)reader.Integer(ConnectionsSetting, defaults.Connections, 10, 1_000_000),
            ConnectionsPerAddress = (int)reader.Integer(ConnectionsPerAddressSetting, defaults.ConnectionsPerAddress, 1, 1_000_000),
            ConnectionsPerDevice = (int)reader.Integer(ConnectionsPerDeviceSetting, defaults.ConnectionsPerDevice, 2, 1000),
            HandshakeTime = reader.Seconds(HandshakeTimeSetting, defaults.HandshakeTime, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(600)),
            ReadingSize = (int)reader.Integer(ReadingSizeSetting, defaults.ReadingSize, 64, 64 * 1024),
            MessagesPerSecond = (int)reader.Integer(MessagesPerSecondSetting, defaults.MessagesPerSecond, 1, 1_000_000),
            FailedAttempts = (int)reader.Integer(FailedAttemptsSetting, defaults.FailedAttempts, 1, 1000),
        };
    }
}
