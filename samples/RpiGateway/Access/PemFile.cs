using System.IO;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace RpiGateway.Access;

/// <summary>Certificates and keys in PEM files.</summary>
internal static class PemFile
{
    /// <summary>All certificates of a file; one at least.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="CryptographicException">It has no certificate, or one that is broken.</exception>
    public static X509Certificate2Collection ReadCertificates(string path)
    {
        X509Certificate2Collection certificates = [];
        certificates.ImportFromPemFile(path);
        return certificates.Count > 0 ? certificates : throw new CryptographicException("it has no certificate");
    }

    /// <summary>A file's first certificate, with its key of a file.</summary>
    /// <param name="path">The certificate's file.</param>
    /// <param name="keyPath">The key's, which may be the same; not encrypted.</param>
    /// <inheritdoc cref="ReadCertificates"/>
    public static X509Certificate2 ReadWithKey(string path, string keyPath) => X509Certificate2.CreateFromPemFile(path, keyPath);
}
