using System;
using System.IO;
using System.Linq;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Threading.Tasks;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Logging;
using RpiGateway.Monitoring;

namespace RpiGateway.Access;

/// <summary>TLS for all that listens with https: the gateway's certificate, and its peers'. For any thread.</summary>
internal sealed class TlsHandshake : IDisposable
{
    private readonly TlsSettings _settings;
    private readonly OwnAuthority? _authority;
    private readonly ServerCertificate _certificate;
    private readonly X509Certificate2Collection _clientRoots = [];
    private readonly Refusals _refusals;

    /// <exception cref="IOException">A file cannot be used.</exception>
    public TlsHandshake(TlsSettings settings, string dataDirectory, Refusals refusals, ILogger logger)
    {
        _settings = settings;
        _refusals = refusals;
        bool issuesClients = settings is { ClientCertificates: not ClientCertificates.None, ClientAuthority: null };
        _authority = settings.Certificate is null || issuesClients ? OwnAuthority.Open(dataDirectory) : null;
        _certificate = new ServerCertificate(settings, settings.Certificate is null ? _authority : null, logger, TimeProvider.System);
        if (settings.ClientAuthority is { } path)
        {
            try
            {
                _clientRoots.AddRange(PemFile.ReadCertificates(path));
            }
            catch (Exception error) when (error is CryptographicException or UnauthorizedAccessException or IOException)
            {
                throw new IOException($"Tls:ClientAuthority, {path}, holds no certificates in PEM: {LogText.Printable(error.Message)}", error);
            }
        }
        else if (issuesClients)
        {
            _clientRoots.Add(_authority!.Root);
        }
    }

    /// <summary>The file of the root that clients need; null where the certificate is not of the gateway's own.</summary>
    public string? RootPath => _settings.Certificate is null ? _authority!.RootPath : null;

    /// <summary>The root that clients need; null where the certificate is not of the gateway's own.</summary>
    public X509Certificate2? Root => _settings.Certificate is null ? _authority!.Root : null;

    /// <summary>The certificate that is shown.</summary>
    public ServerCertificate Certificate => _certificate;

    /// <summary>For one connection.</summary>
    public ValueTask<SslServerAuthenticationOptions> ChooseAsync(TlsHandshakeCallbackContext context)
    {
        string peer = context.Connection.RemoteEndPoint?.ToString() ?? "";
        SslServerAuthenticationOptions options = new()
        {
            ServerCertificateContext = _certificate.Context,
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
            CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
        };
        if (_settings.ClientCertificates != ClientCertificates.None)
        {
            options.ClientCertificateRequired = true;
            options.RemoteCertificateValidationCallback = (_, certificate, chain, _) => Accepts(peer, certificate as X509Certificate2, chain);
        }

        return ValueTask.FromResult(options);
    }

    /// <summary>The device that the certificate of a connection names, or null. It is one of <see cref="ChooseAsync"/>'s.</summary>
    public Credential? FindDevice(X509Certificate2 certificate, string id, CredentialRegistry registry) =>
        IsFor(certificate, id) && registry.Find(id) is { IsDevice: true } device
        //// One of our own from before a revocation does not come back to life with a new device by the same name.
        && (_settings.ClientAuthority is not null || new DateTimeOffset(certificate.NotBefore) >= device.Added)
            ? device
            : null;

    /// <summary>A certificate for a device, where they are asked for and this gateway issues them; else null.</summary>
    public X509Certificate2? IssueDevice(string id) =>
        _settings.ClientCertificates != ClientCertificates.None && _settings.ClientAuthority is null ? _authority!.IssueDevice(id, DateTimeOffset.UtcNow) : null;

    public void Dispose() => _certificate.Dispose();

    private static bool IsFor(X509Certificate2 certificate, string id) =>
        certificate.GetNameInfo(X509NameType.SimpleName, forIssuer: false) == id
        || certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().Any(names => names.EnumerateDnsNames().Contains(id));

    private bool Accepts(string peer, X509Certificate2? certificate, X509Chain? presented)
    {
        if (certificate is null)
        {
            if (_settings.ClientCertificates == ClientCertificates.Required)
            {
                _refusals.Report(RefusalReason.Unauthorized, $"TLS from {peer}", "no client certificate", "TLS alert");
                return false;
            }

            return true;
        }

        using X509Chain chain = new();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(_clientRoots);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid("1.3.6.1.5.5.7.3.2"));
        if (presented is not null)
        {
            chain.ChainPolicy.ExtraStore.AddRange(presented.ChainPolicy.ExtraStore);
        }

        if (chain.Build(certificate))
        {
            return true;
        }

        string why = string.Join(", ", chain.ChainStatus.Select(static status => status.Status));
        _refusals.Report(
            RefusalReason.Unauthorized, $"TLS from {peer}", $"client certificate '{LogText.Printable(certificate.Subject)}' is not taken: {why}", "TLS alert");
        return false;
    }
}
