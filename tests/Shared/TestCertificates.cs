using System;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Ws.Micro.Testing;

/// <summary>A root of our own and what it signs, made anew for each run.</summary>
internal static class TestCertificates
{
    internal static X509Certificate2 Root { get; } = NewRoot("CN=Ws.Micro test root");

    internal static X509Certificate2 OtherRoot { get; } = NewRoot("CN=Another root");

    /// <summary>For localhost and 127.0.0.1.</summary>
    internal static X509Certificate2 Server { get; } = NewServer(Root, "localhost", IPAddress.Loopback, DateTimeOffset.UtcNow.AddDays(1));

    /// <summary>For ip6-localhost and ::1.</summary>
    internal static X509Certificate2 Server6 { get; } = NewServer(Root, "ip6-localhost", IPAddress.IPv6Loopback, DateTimeOffset.UtcNow.AddDays(1));

    internal static X509Certificate2 Expired { get; } = NewServer(Root, "localhost", IPAddress.Loopback, DateTimeOffset.UtcNow.AddDays(-1));

    internal static X509Certificate2 WrongHost { get; } = NewServer(Root, "elsewhere.example", null, DateTimeOffset.UtcNow.AddDays(1));

    internal static X509Certificate2 Untrusted { get; } = NewServer(OtherRoot, "localhost", IPAddress.Loopback, DateTimeOffset.UtcNow.AddDays(1));

    internal static X509Certificate2 Client { get; } = NewServer(Root, "sensor-7", null, DateTimeOffset.UtcNow.AddDays(1));

    private static X509Certificate2 NewRoot(string name)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new(name, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-10), DateTimeOffset.UtcNow.AddDays(10));
    }

    private static X509Certificate2 NewServer(X509Certificate2 issuer, string host, IPAddress? address, DateTimeOffset notAfter)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new("CN=" + host, key, HashAlgorithmName.SHA256);
        SubjectAlternativeNameBuilder names = new();
        names.AddDnsName(host);
        if (address != null)
        {
            names.AddIpAddress(address);
        }

        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        byte[] serial = RandomNumberGenerator.GetBytes(8);
        serial[0] = 1;
        using X509Certificate2 signed = request.Create(issuer, DateTimeOffset.UtcNow.AddDays(-5), notAfter, serial);
        return signed.CopyWithPrivateKey(key);
    }
}
