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

    /// <summary>All of them.</summary>
    public static readonly Setting[] All = [TrustLoopbackSetting, AllowPlaintextSetting, .. TlsSettings.All, FailedAttemptsSetting];

    /// <summary>Whether peers on this machine need no credentials.</summary>
    public bool TrustLoopback { get; init; } = true;

    /// <summary>Whether http may be listened on beyond this machine.</summary>
    public bool AllowPlaintext { get; init; }

    /// <summary>How https is.</summary>
    public TlsSettings Tls { get; init; } = new();

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
            FailedAttempts = (int)reader.Integer(FailedAttemptsSetting, defaults.FailedAttempts, 1, 1000),
        };
    }
}
