using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using RpiGateway.Settings;

namespace RpiGateway.Access;

/// <summary>Whether peers show certificates of their own.</summary>
internal enum ClientCertificates
{
    /// <summary>They are not asked for one.</summary>
    None,

    /// <summary>One that is shown must be right, and is as good as a secret.</summary>
    Optional,

    /// <summary>Without one nobody gets in.</summary>
    Required,
}

/// <summary>How the gateway shows who it is where it listens with https, and who may show the same to it.</summary>
internal sealed class TlsSettings
{
    private static readonly Setting CertificateSetting = new(
        "Tls:Certificate", "FILE", "for https: the certificate in PEM, then those that issued it; read anew when it changes", "one of the gateway's own");

    private static readonly Setting KeySetting = new("Tls:Key", "FILE", "its private key in PEM, not encrypted", "");

    private static readonly Setting NamesSetting = new(
        "Tls:Names", "NAMES", "names and addresses, separated by ',', that the gateway's own certificate has beside this machine's", "");

    private static readonly Setting ClientCertificatesSetting = new(
        "Tls:ClientCertificates", "MODE", "none, optional or required: devices show a certificate whose name is their id", "none");

    private static readonly Setting ClientAuthoritySetting = new(
        "Tls:ClientAuthority", "FILE", "the roots that issue these, in PEM", "the gateway's own");

    /// <summary>All of them.</summary>
    public static readonly Setting[] All = [CertificateSetting, KeySetting, NamesSetting, ClientCertificatesSetting, ClientAuthoritySetting];

    /// <summary>The certificate's file, or null for one of the gateway's own.</summary>
    public string? Certificate { get; init; }

    /// <summary>The file of its key.</summary>
    public string? Key { get; init; }

    /// <summary>Further names and addresses for the gateway's own certificate.</summary>
    public IReadOnlyCollection<string> Names { get; init; } = [];

    /// <summary>Whether peers show certificates.</summary>
    public ClientCertificates ClientCertificates { get; init; }

    /// <summary>The roots of those, or null for the gateway's own.</summary>
    public string? ClientAuthority { get; init; }

    /// <exception cref="SettingException">A value is wrong.</exception>
    public static TlsSettings Read(SettingReader reader)
    {
        TlsSettings settings = new()
        {
            Certificate = reader.Text(CertificateSetting),
            Key = reader.Text(KeySetting),
            Names = reader.Text(NamesSetting) is { } names ? ParseNames(names) : [],
            ClientCertificates = reader.Parse<ClientCertificates>(
                ClientCertificatesSetting,
                ClientCertificates.None,
                static value => value switch
                {
                    "none" => ClientCertificates.None,
                    "optional" => ClientCertificates.Optional,
                    "required" => ClientCertificates.Required,
                    _ => null,
                },
                "none, optional or required"),
            ClientAuthority = reader.Text(ClientAuthoritySetting),
        };
        if (settings.Certificate is null != settings.Key is null)
        {
            throw SettingReader.Wrong(settings.Key is null ? KeySetting : CertificateSetting, "", "a file, where the other of Tls:Certificate and Tls:Key is one");
        }

        const string Certificates = "a PEM file with certificates";
        SettingReader.Try(CertificateSetting, settings.Certificate, Certificates, () => PemFile.ReadCertificates(settings.Certificate!));
        SettingReader.Try(KeySetting, settings.Key, "a PEM file with the key of Tls:Certificate, not encrypted", () => settings.ReadCertificate().Certificate.Dispose());
        SettingReader.Try(ClientAuthoritySetting, settings.ClientAuthority, Certificates, () => PemFile.ReadCertificates(settings.ClientAuthority!));

        return settings;
    }

    /// <summary>The certificate with its key as it is now, and those behind it in the file; the certificate must be one of files.</summary>
    /// <exception cref="IOException">A file cannot be read.</exception>
    /// <exception cref="CryptographicException">A file does not have what it should.</exception>
    public (X509Certificate2 Certificate, X509Certificate2Collection Chain) ReadCertificate() =>
        (PemFile.ReadWithKey(Certificate!, Key!), PemFile.ReadCertificates(Certificate!));

    private static string[] ParseNames(string value)
    {
        string[] names = value.Split(',', StringSplitOptions.TrimEntries);
        return names.All(static name => name.Length <= 253 && Uri.CheckHostName(name) != UriHostNameType.Unknown && name.All(char.IsAscii))
            ? names
            : throw SettingReader.Wrong(NamesSetting, value, "names and IP addresses, separated by ','");
    }
}
