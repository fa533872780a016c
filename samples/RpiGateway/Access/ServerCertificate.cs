using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Threading;
using Microsoft.Extensions.Logging;
using RpiGateway.Monitoring;

namespace RpiGateway.Access;

/// <summary>
/// The certificate that the gateway shows: from files, read anew when they change, or from its own authority, renewed in time. Connections that stand
/// keep theirs. For any thread.
/// </summary>
internal sealed class ServerCertificate : IDisposable
{
    private static readonly TimeSpan FilePoll = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan AddressPoll = TimeSpan.FromSeconds(30);

    private readonly TlsSettings _settings;
    private readonly OwnAuthority? _authority;
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private readonly Timer _timer;
    private readonly Lock _lock = new();
    private SslStreamCertificateContext _context;
    private object _source;
    private object _seen;
    private string? _trouble;

    /// <summary>Reads or issues the first one.</summary>
    /// <param name="settings">The files, or names for the authority's.</param>
    /// <param name="authority">Null where there are files.</param>
    /// <param name="logger">Where a change is told.</param>
    /// <param name="time">What time it is.</param>
    /// <exception cref="IOException">The files cannot be used.</exception>
    public ServerCertificate(TlsSettings settings, OwnAuthority? authority, ILogger logger, TimeProvider time)
    {
        _settings = settings;
        _authority = authority;
        _logger = logger;
        _time = time;
        _seen = _source = Source();
        _context = Load();
        TimeSpan poll = authority is null ? FilePoll : AddressPoll;
        _timer = new Timer(_ => Update(), null, poll, poll);
    }

    /// <summary>The one to show, with its chain.</summary>
    public SslStreamCertificateContext Context => Volatile.Read(ref _context);

    /// <summary>How long it is valid; negative when it no longer is.</summary>
    public TimeSpan Remaining => new DateTimeOffset(Context.TargetCertificate.NotAfter) - _time.GetUtcNow();

    public void Dispose() => _timer.Dispose();

    /// <summary>Takes another where the files have changed, or the present one no longer serves. Called again and again.</summary>
    public void Update()
    {
        lock (_lock)
        {
            try
            {
                // Two files change one after the other: they are read once they have been the same for one look.
                object source = Source();
                bool isSettled = source.Equals(_seen);
                _seen = source;
                if (isSettled && (!source.Equals(_source) || (_authority is not null && IsStale())))
                {
                    Volatile.Write(ref _context, Load());
                    _source = source;
                    _logger.LogInformation("TLS: a new certificate, valid until {End:yyyy-MM-dd}", Context.TargetCertificate.NotAfter.ToUniversalTime());
                }

                _trouble = source.Equals(_source) ? null : _trouble;
            }
            catch (Exception error)
            {
                // It is tried again and again, and said once. A timer calls this: whatever it threw would end the process.
                if (_trouble != error.Message)
                {
                    _trouble = error.Message;
                    _logger.LogError(
                        "TLS: the certificate from before stays, valid until {End:yyyy-MM-dd}: {Reason}", Context.TargetCertificate.NotAfter.ToUniversalTime(), LogText.Printable(_trouble));
                }
            }
        }
    }

    // What a certificate is made from; another is needed when it changes.
    private object Source() => _authority is null
        ? (Stamp(_settings.Certificate!), Stamp(_settings.Key!))
        : string.Join(' ', OwnAuthority.OwnAddresses().Select(static address => address.ToString()).Order().Prepend(Dns.GetHostName()));

    private static (DateTime, long) Stamp(string path)
    {
        FileInfo file = new(path);
        return file.Exists ? (file.LastWriteTimeUtc, file.Length) : default;
    }

    // A third of its life is left, or the clock was set back to before it.
    private bool IsStale() => Remaining < OwnAuthority.ServerLifetime / 3 || _time.GetUtcNow() < Context.TargetCertificate.NotBefore;

    private SslStreamCertificateContext Load()
    {
        if (_authority is not null)
        {
            return SslStreamCertificateContext.Create(_authority.IssueServer(_settings.Names, _time.GetUtcNow()), null, offline: true);
        }

        try
        {
            (X509Certificate2 certificate, X509Certificate2Collection chain) = _settings.ReadCertificate();
            return SslStreamCertificateContext.Create(certificate, chain, offline: true);
        }
        catch (Exception error) when (error is CryptographicException or ArgumentException or UnauthorizedAccessException or IOException)
        {
            throw new IOException($"{_settings.Certificate} with {_settings.Key} is no certificate with its key, in PEM: {LogText.Printable(error.Message)}", error);
        }
    }
}
