using System;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Threading.Tasks;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Primitives;
using RpiGateway.Monitoring;
using RpiGateway.Settings;

namespace RpiGateway.Access;

/// <summary>
/// Decides who may come in. A peer on this machine needs no credentials, where the settings trust it; what credentials anybody gives must be right.
/// For any thread.
/// </summary>
internal sealed class AccessControl(AccessSettings settings, CredentialRegistry registry, TlsHandshake? tls, ConnectionGate gate, Refusals refusals, TimeProvider time) : IDisposable
{
    // A name, a colon and a secret.
    private const int MaxBasicLength = 64 + 1 + Credential.MaxSecretSize;

    private readonly AttemptLimiter _attempts = new(settings.FailedAttempts, time);

    /// <summary>Makes one with all its parts.</summary>
    /// <exception cref="IOException">A file of a certificate cannot be used.</exception>
    public static AccessControl Create(GatewaySettings settings, GatewayMetrics metrics, ILogger logger)
    {
        Refusals refusals = new(metrics, logger, TimeProvider.System);
        TlsHandshake? tls = settings.UsesTls ? new TlsHandshake(settings.Access.Tls, settings.DataDirectory, refusals, logger) : null;
        if (tls is not null)
        {
            metrics.ObserveCertificate(() => tls.Certificate.Remaining);
        }

        return new AccessControl(
            settings.Access, new CredentialRegistry(new CredentialFile(settings.DataDirectory), logger), tls,
            new ConnectionGate(settings.Access, refusals, TimeProvider.System), refusals, TimeProvider.System);
    }

    /// <summary>The limits, and all else that the settings say.</summary>
    public AccessSettings Settings => settings;

    /// <summary>The gate that each connection passes first.</summary>
    public ConnectionGate Gate => gate;

    /// <summary>How many connections each device has.</summary>
    public DeviceConnections Devices { get; } = new(settings.ConnectionsPerDevice);

    /// <summary>Who is known.</summary>
    public CredentialRegistry Registry => registry;

    /// <summary>TLS; null where nothing listens with https.</summary>
    public TlsHandshake? Tls => tls;

    /// <summary>Where each refusal is answered, counted and logged.</summary>
    public Refusals Refusals => refusals;

    /// <summary>
    /// Lets the device of that id in by HTTP Basic (RFC 7617), or answers 401 or 429.
    /// </summary>
    /// <returns>What the device came in by; null where it was refused, which has been answered.</returns>
    public async Task<Admission?> AdmitAsync(HttpContext context, string device)
    {
        StringValues authorization = context.Request.Headers.Authorization;
        X509Certificate2? certificate = context.Connection.ClientCertificate;
        if (authorization.Count == 0 && certificate is null && IsTrusted(context))
        {
            return new Admission(registry, null);
        }

        // A certificate is as good as a secret. Who sends both must be right in both.
        Credential? named = certificate is null ? null : tls!.FindDevice(certificate, device, registry);
        if (authorization.Count == 0 && named is not null)
        {
            return new Admission(registry, named);
        }

        if (authorization.Count > 0)
        {
            (Credential? credential, TimeSpan wait) = CheckBasic(context.Connection.RemoteIpAddress ?? IPAddress.None, authorization);
            if (wait > TimeSpan.Zero)
            {
                await SendWaitAsync(context, wait);
                return null;
            }

            if (credential is { IsDevice: true } && credential.Name == device && (certificate is null || named is not null))
            {
                return new Admission(registry, credential);
            }
        }

        await SendChallengeAsync(
            context,
            certificate is not null && named is null ? "not the certificate of a device with this id"
            : authorization.Count == 0 ? "send the device's id and secret by HTTP Basic"
            : "not the secret of a device with this id");
        return null;
    }

    /// <summary>Lets a user in by HTTP Basic, and a peer that needs no credentials; or answers 401 or 429.</summary>
    /// <returns>Whether they may come in; where not, it has been answered.</returns>
    public async Task<bool> AdmitUserAsync(HttpContext context)
    {
        StringValues authorization = context.Request.Headers.Authorization;
        if (authorization.Count == 0)
        {
            if (IsTrusted(context))
            {
                return true;
            }

            await SendChallengeAsync(context, "send a user's name and secret by HTTP Basic");
            return false;
        }

        (Credential? credential, TimeSpan wait) = CheckBasic(context.Connection.RemoteIpAddress ?? IPAddress.None, authorization);
        if (wait > TimeSpan.Zero)
        {
            await SendWaitAsync(context, wait);
            return false;
        }

        if (credential is { IsDevice: false })
        {
            return true;
        }

        await SendChallengeAsync(context, "not the secret of a user");
        return false;
    }

    /// <summary>The pace of one connection of a sensor or an MQTT client.</summary>
    public MessagePace NewPace() => new(settings.MessagesPerSecond, time);

    /// <summary>What a simulated sensor comes in with: it may connect to an address that is not trusted.</summary>
    public Introduction Introduce(string device)
    {
        Credential credential = Credential.Create(device, out string secret) with { IsDevice = true };
        registry.AddSimulated(credential);
        return new Introduction(secret, tls?.Root, tls?.IssueDevice(device));
    }

    public void Dispose()
    {
        gate.Dispose();
        tls?.Dispose();
        registry.Dispose();
        refusals.Dispose();
    }

    /// <summary>Where an MQTT connection over WebSocket comes from.</summary>
    public MqttPeer PeerOf(HttpContext context) => new(
        context.Connection.RemoteIpAddress ?? IPAddress.None, context.Connection.RemotePort, IsTrusted(context), context.Connection.ClientCertificate);

    /// <summary>Where an MQTT connection over TCP comes from. Nothing in it tells of a proxy.</summary>
    public MqttPeer PeerOf(ConnectionContext connection)
    {
        IPEndPoint peer = connection.RemoteEndPoint as IPEndPoint ?? new IPEndPoint(IPAddress.None, 0);
        return new MqttPeer(
            peer.Address, peer.Port, settings.TrustLoopback && IPAddress.IsLoopback(peer.Address), connection.Features.Get<ITlsConnectionFeature>()?.ClientCertificate);
    }

    /// <summary>Whose credentials these are, or how long the address has to wait until it may try.</summary>
    public (Credential? Credential, TimeSpan Wait) Check(IPAddress address, string name, ReadOnlySpan<byte> secret)
    {
        TimeSpan wait = _attempts.Take(address);
        if (wait > TimeSpan.Zero)
        {
            return (null, wait);
        }

        Credential? credential = registry.Verify(name, secret);
        if (credential is not null)
        {
            _attempts.GiveBack(address);
        }

        return (credential, TimeSpan.Zero);
    }

    /// <summary>The device that a peer's certificate names, or null.</summary>
    public Credential? FindDevice(X509Certificate2 certificate) => tls?.FindDevice(certificate, certificate.GetNameInfo(X509NameType.SimpleName, forIssuer: false), registry);

    // A proxy on this machine speaks for others, and so does a browser: a page from elsewhere gets here by a name that its owner points at this
    // machine, and then counts as the gateway's own.
    private bool IsTrusted(HttpContext context)
    {
        IHeaderDictionary headers = context.Request.Headers;
        return settings.TrustLoopback
            && context.Connection.RemoteIpAddress is { } address && IPAddress.IsLoopback(address)
            && headers.Via.Count == 0
            && !headers.Keys.Any(static name => name.Contains("Forwarded", StringComparison.OrdinalIgnoreCase)
                || name.Equals("X-Real-IP", StringComparison.OrdinalIgnoreCase))
            && (headers.Origin.Count == 0 || IsOwnName(context.Request.Host.Host));
    }

    private Task SendWaitAsync(HttpContext context, TimeSpan wait)
    {
        context.Response.Headers.RetryAfter = Math.Ceiling(wait.TotalSeconds).ToString(CultureInfo.InvariantCulture);
        return refusals.SendAsync(context, StatusCodes.Status429TooManyRequests, "too many wrong credentials from this address");
    }

    private Task SendChallengeAsync(HttpContext context, string why)
    {
        context.Response.Headers.WWWAuthenticate = "Basic realm=\"RpiGateway\", charset=\"UTF-8\"";
        return refusals.SendAsync(context, StatusCodes.Status401Unauthorized, why);
    }

    private static bool IsOwnName(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || IPAddress.TryParse(host.Trim('[', ']'), out _);

    private (Credential? Credential, TimeSpan Wait) CheckBasic(IPAddress address, StringValues authorization)
    {
        const string Scheme = "Basic ";
        string value = authorization.Count == 1 ? authorization[0]! : "";
        Span<byte> bytes = stackalloc byte[MaxBasicLength];
        int colon = -1;
        if (value.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) && Convert.TryFromBase64Chars(value.AsSpan(Scheme.Length).Trim(' '), bytes, out int length))
        {
            // RFC 7617, 2: a name has no colon, a secret may.
            bytes = bytes[..length];
            colon = bytes.IndexOf((byte)':');
        }

        return colon < 0 ? Check(address, "", []) : Check(address, Encoding.UTF8.GetString(bytes[..colon]), bytes[(colon + 1)..]);
    }
}

/// <summary>That somebody was let in.</summary>
/// <param name="Registry">Where they are known.</param>
/// <param name="Credential">What they came in by; null for a peer on this machine that gave none.</param>
internal sealed record Admission(CredentialRegistry Registry, Credential? Credential)
{
    /// <summary>Whether they still would be: it may have been revoked meanwhile.</summary>
    public bool Holds => Credential is null || Registry.IsCurrent(Credential);
}

/// <summary>What one of the gateway's own simulated sensors comes in with.</summary>
/// <param name="Secret">Its secret.</param>
/// <param name="Root">The root of the gateway's certificate; null where it is not the gateway's own.</param>
/// <param name="Certificate">Its certificate, where the gateway asks for them.</param>
internal sealed record Introduction(string Secret, X509Certificate2? Root, X509Certificate2? Certificate);
