using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using RpiGateway.Access;
using RpiGateway.Settings;

namespace RpiGateway.Mqtt;

/// <summary>Which broker the gateway attaches to, and what shows the broker who it is.</summary>
internal sealed class BrokerSettings
{
    /// <summary>The value of Broker for the broker inside the gateway.</summary>
    public const string Embedded = "embedded";

    /// <summary>All of them.</summary>
    public static readonly Setting[] All = [UrlSetting, UserSetting, PasswordSetting, PasswordFileSetting, CertificateSetting, KeySetting, CaSetting, TcpSetting];

    private const string AllowedUrls =
        "embedded, or one or several of mqtt://HOST[:PORT], mqtts://HOST[:PORT], ws://HOST[:PORT]/PATH and wss://HOST[:PORT]/PATH, separated by ';'";

    // MQTT 5, 3.1.3.5 and 3.1.3.6: two bytes of length.
    private const int MaxCredential = ushort.MaxValue;

    /// <summary>The broker's addresses, in the order in which they are tried; none for the embedded broker.</summary>
    public IReadOnlyList<Uri> Urls { get; init; } = [];

    /// <summary>The user name, or null for none.</summary>
    public string? User { get; init; }

    /// <summary>The password, where it does not stand in a file.</summary>
    public string? Password { get; init; }

    /// <summary>A file with the password; read for each connection, so that a new password needs no restart.</summary>
    public string? PasswordFile { get; init; }

    /// <summary>A PEM file with the client's certificate, and the key where <see cref="Key"/> is null; read for each connection.</summary>
    public string? Certificate { get; init; }

    /// <summary>A PEM file with the certificate's key.</summary>
    public string? Key { get; init; }

    /// <summary>A PEM file with the roots the broker's certificate may come from; null for those that the system trusts.</summary>
    public string? Ca { get; init; }

    /// <summary>Whether the embedded broker takes MQTT over TCP too, at the ports of HTTP.</summary>
    public bool Tcp { get; init; }

    private static Setting UrlSetting => new(
        "Broker", "URL", "the MQTT broker: embedded, or mqtt://, mqtts://, ws:// or wss://HOST:PORT/PATH; several, for fail-over, separated by ';'", Embedded);

    private static Setting UserSetting => new("Broker:User", "NAME", "the user name for the broker", "");

    private static Setting PasswordSetting => new("Broker:Password", "TEXT", "the password; others on this machine can read a command line", "");

    private static Setting PasswordFileSetting => new("Broker:PasswordFile", "FILE", "a file with the password", "");

    private static Setting CertificateSetting => new("Broker:Certificate", "FILE", "the client certificate for mqtts:// and wss://, PEM", "");

    private static Setting KeySetting => new("Broker:Key", "FILE", "the client certificate's key, PEM", "in the certificate's file");

    private static Setting CaSetting => new("Broker:Ca", "FILE", "the roots that the broker's certificate may come from, PEM", "those that the system trusts");

    private static Setting TcpSetting => new("Mqtt:Tcp", "BOOL", "true: the embedded broker takes MQTT over TCP too, at the ports of --urls", "false");

    /// <summary>Whether the broker is the one inside the gateway.</summary>
    public bool IsEmbedded => Urls.Count == 0;

    /// <summary>Reads them, and tries the files once.</summary>
    /// <exception cref="SettingException">A value is wrong, or does not fit the others.</exception>
    public static BrokerSettings Read(SettingReader reader)
    {
        BrokerSettings settings = new()
        {
            Urls = reader.Text(UrlSetting) is { } urls ? ParseUrls(urls) : [],
            User = reader.Text(UserSetting),
            Password = reader.Text(PasswordSetting),
            PasswordFile = reader.Text(PasswordFileSetting),
            Certificate = reader.Text(CertificateSetting),
            Key = reader.Text(KeySetting),
            Ca = reader.Text(CaSetting),
            Tcp = reader.Flag(TcpSetting, false),
        };

        Setting? needless = settings.FindNeedless();
        if (needless is not null)
        {
            throw new SettingException($"{needless.Name} is given: {(
                needless == PasswordSetting || needless == PasswordFileSetting ? "allowed is one of Broker:Password and Broker:PasswordFile, and only with Broker:User"
                : needless == KeySetting ? "allowed only with Broker:Certificate"
                : needless == TcpSetting ? "allowed only where Broker is embedded"
                : needless == UserSetting ? "allowed only where Broker is a URL"
                : "allowed only where Broker has an mqtts:// or wss:// URL")}");
        }

        if (settings.User is { } user && Encoding.UTF8.GetByteCount(user) is 0 or > MaxCredential)
        {
            throw SettingReader.Wrong(UserSetting, settings.User, $"1 to {MaxCredential} bytes of UTF-8");
        }

        if (settings.Password is { } password && Encoding.UTF8.GetByteCount(password) > MaxCredential)
        {
            throw SettingReader.WrongSecret(PasswordSetting, $"at most {MaxCredential} bytes of UTF-8");
        }

        const string Certificates = "a PEM file with certificates";
        SettingReader.Try(PasswordFileSetting, settings.PasswordFile, $"a file with the password on one line, at most {MaxCredential} bytes", () => settings.ReadPassword());
        SettingReader.Try(CertificateSetting, settings.Certificate, Certificates, () => PemFile.ReadCertificates(settings.Certificate!));
        SettingReader.Try(KeySetting, settings.Key, "a PEM file with the key of Broker:Certificate", () => settings.ReadCertificate()?.Dispose());
        SettingReader.Try(CertificateSetting, settings.Certificate, "a PEM file with a certificate and its key, or Broker:Key beside", () => settings.ReadCertificate()?.Dispose());
        SettingReader.Try(CaSetting, settings.Ca, Certificates, () => settings.ReadRoots());
        return settings;
    }

    /// <summary>The password as it is now, or null for none.</summary>
    /// <exception cref="IOException">Its file cannot be read, or is too large.</exception>
    public string? ReadPassword()
    {
        string? password = PasswordFile is null ? Password : File.ReadAllText(PasswordFile).TrimEnd('\r', '\n');
        return password is null || Encoding.UTF8.GetByteCount(password) <= MaxCredential ? password : throw new IOException("it is too large");
    }

    /// <summary>The client's certificate with its key as it is now, or null for none.</summary>
    /// <exception cref="IOException">A file cannot be read.</exception>
    /// <exception cref="CryptographicException">A file does not have what it should.</exception>
    public X509Certificate2? ReadCertificate() => Certificate is null ? null : PemFile.ReadWithKey(Certificate, Key ?? Certificate);

    /// <summary>The roots as they are now; none where the system's hold.</summary>
    /// <inheritdoc cref="ReadCertificate"/>
    public X509Certificate2Collection ReadRoots() => Ca is null ? [] : PemFile.ReadCertificates(Ca);

    private static Uri[] ParseUrls(string value) => value == Embedded ? [] : [.. value.Split(';').Select(url =>
    {
        // Whatever may hold a password must not be shown.
        if (value.Contains('@', StringComparison.Ordinal))
        {
            throw SettingReader.WrongSecret(UrlSetting, $"{AllowedUrls}; the user stands in Broker:User, the password in Broker:PasswordFile");
        }

        return Uri.TryCreate(url.Trim(), UriKind.Absolute, out Uri? broker) && broker is { Host.Length: > 0, Fragment: "", Port: not 0 }
            && (broker.Scheme is "ws" or "wss" || broker.Scheme is "mqtt" or "mqtts" && broker.PathAndQuery is "" or "/")
            ? broker
            : throw SettingReader.Wrong(UrlSetting, value, AllowedUrls);
    })];

    private Setting? FindNeedless()
    {
        bool isSecure = Urls.Any(static url => url.Scheme is "mqtts" or "wss");
        return User is not null && IsEmbedded ? UserSetting
            : Password is not null && (User is null || PasswordFile is not null) ? PasswordSetting
            : PasswordFile is not null && User is null ? PasswordFileSetting
            : Key is not null && Certificate is null ? KeySetting
            : Certificate is not null && !isSecure ? CertificateSetting
            : Ca is not null && !isSecure ? CaSetting
            : Tcp && !IsEmbedded ? TcpSetting
            : null;
    }
}
