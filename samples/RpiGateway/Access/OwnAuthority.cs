using System;
using System.Collections.Generic;
using System.IO;
using System.Net;
using System.Net.NetworkInformation;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Esp32Sensor.Node;
using RpiGateway.Monitoring;

namespace RpiGateway.Access;

/// <summary>
/// The gateway's own certificate authority: a root in the data directory, made once, that firmware is given, and what it issues. ECDSA with P-256 and
/// SHA-256, and a chain of one certificate below the root: what a small device reads fastest. For any thread.
/// </summary>
internal sealed class OwnAuthority
{
    /// <summary>What is issued to the gateway itself lives that long, in memory: each start issues another.</summary>
    public static readonly TimeSpan ServerLifetime = TimeSpan.FromDays(398);

    private const int RootYears = 20;
    private const int DeviceYears = 10;
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";

    // Clocks of devices may be late.
    private static readonly TimeSpan Tolerance = TimeSpan.FromDays(1);

    private readonly X509Certificate2 _root;

    private OwnAuthority(X509Certificate2 root, string rootPath)
    {
        _root = root;
        RootPath = rootPath;
    }

    /// <summary>The file of the root's certificate, in PEM.</summary>
    public string RootPath { get; }

    /// <summary>The root's certificate, with its private key.</summary>
    public X509Certificate2 Root => _root;

    /// <summary>Reads the root from <c>tls</c> in the data directory; makes it where there is none.</summary>
    /// <exception cref="IOException">It cannot be read or made. It is not made anew then: every device would have to be given the new one.</exception>
    public static OwnAuthority Open(string dataDirectory)
    {
        string directory = Path.Join(dataDirectory, "tls");
        string certificatePath = Path.Join(directory, "root.pem");
        string keyPath = Path.Join(directory, "root.key");
        try
        {
            Directory.CreateDirectory(directory);
            using FileStream held = DurableFile.Lock(certificatePath);
            if (!File.Exists(certificatePath) && !File.Exists(keyPath))
            {
                (string certificate, string key) = MakeRoot();
                DurableFile.Write(keyPath, Encoding.ASCII.GetBytes(key));
                DurableFile.Write(certificatePath, Encoding.ASCII.GetBytes(certificate));
            }

            return new OwnAuthority(X509Certificate2.CreateFromPemFile(certificatePath, keyPath), certificatePath);
        }
        catch (Exception error) when (error is CryptographicException or ArgumentException or UnauthorizedAccessException or IOException)
        {
            throw new IOException(
                $"the gateway's own root, {certificatePath} with {keyPath}, cannot be used: {LogText.Printable(error.Message)} "
                    + "(with both removed another is made, which all devices must then be given)",
                error);
        }
    }

    /// <summary>Issues a certificate for the gateway: for this machine's names and addresses as they are now, and these names.</summary>
    public X509Certificate2 IssueServer(IReadOnlyCollection<string> names, DateTimeOffset now)
    {
        string host = Dns.GetHostName();
        SubjectAlternativeNameBuilder alternatives = new();
        HashSet<string> dnsNames = new(StringComparer.OrdinalIgnoreCase) { "localhost", host };
        if (!host.Contains('.'))
        {
            dnsNames.Add(host + ".local");
        }

        HashSet<IPAddress> addresses = [IPAddress.Loopback, IPAddress.IPv6Loopback, .. OwnAddresses()];
        foreach (string name in names)
        {
            _ = IPAddress.TryParse(name, out IPAddress? address) ? addresses.Add(address) : dnsNames.Add(name);
        }

        foreach (string name in dnsNames)
        {
            alternatives.AddDnsName(name);
        }

        foreach (IPAddress address in addresses)
        {
            alternatives.AddIpAddress(address);
        }

        return Issue(host, ServerAuthentication, alternatives.Build(), now - Tolerance, now + ServerLifetime);
    }

    /// <summary>Issues a certificate that shows which device one is, for 10 years or as long as the root lives.</summary>
    /// <param name="id">The device's id.</param>
    /// <param name="now">From when on: one from before its device was added is not taken.</param>
    public X509Certificate2 IssueDevice(string id, DateTimeOffset now) => Issue(id, ClientAuthentication, null, now, now.AddYears(DeviceYears));

    /// <summary>This machine's addresses that others can know it by.</summary>
    public static IEnumerable<IPAddress> OwnAddresses()
    {
        foreach (NetworkInterface network in NetworkInterface.GetAllNetworkInterfaces())
        {
            foreach (UnicastIPAddressInformation information in network.GetIPProperties().UnicastAddresses)
            {
                if (!information.Address.IsIPv6LinkLocal)
                {
                    yield return information.Address;
                }
            }
        }
    }

    private static (string Certificate, string Key) MakeRoot()
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new($"CN=RpiGateway root {RandomNumberGenerator.GetHexString(8, lowercase: true)}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: true, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));

        // A clock that was never set must not make a root that has run out once it is.
        DateTimeOffset earliest = DateTimeOffset.FromUnixTimeMilliseconds(NodeClock.Earliest);
        DateTimeOffset now = DateTimeOffset.UtcNow;
        using X509Certificate2 root = request.CreateSelfSigned(earliest, (now > earliest ? now : earliest).AddYears(RootYears));
        return (root.ExportCertificatePem() + "\n", key.ExportPkcs8PrivateKeyPem() + "\n");
    }

    private X509Certificate2 Issue(string name, string usage, X509Extension? alternatives, DateTimeOffset from, DateTimeOffset to)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        X500DistinguishedNameBuilder subject = new();
        subject.AddCommonName(name.Length <= 64 ? name : name[..64]);
        CertificateRequest request = new(subject.Build(), key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: false, hasPathLengthConstraint: false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(usage)], critical: false));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(_root, includeKeyIdentifier: true, includeIssuerAndSerial: false));
        if (alternatives is not null)
        {
            request.CertificateExtensions.Add(alternatives);
        }

        // No certificate outlives its root, or begins before it.
        DateTimeOffset notBefore = from > _root.NotBefore ? from : _root.NotBefore;
        DateTimeOffset notAfter = to < _root.NotAfter ? to : _root.NotAfter;
        byte[] serial = RandomNumberGenerator.GetBytes(16);
        serial[0] = (byte)(serial[0] & 0x7F | 0x40);
        using X509Certificate2 certificate = request.Create(_root, notBefore, notAfter, serial);
        return certificate.CopyWithPrivateKey(key);
    }
}
