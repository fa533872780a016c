using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace Ws.Micro.Tls;

// For the blocking shell on .NET and the asynchronous one alike.
internal static class CertificateFault
{
    // What is wrong with a server's certificate, in words; null where nothing is.
    internal static string? Describe(X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (errors == SslPolicyErrors.None)
        {
            return null;
        }

        if (certificate == null)
        {
            return "The server sent no certificate.";
        }

        string fault = $"The server's certificate '{certificate.Subject}' is refused:";
        if ((errors & SslPolicyErrors.RemoteCertificateNameMismatch) != 0)
        {
            fault += " it is for another host;";
        }

        if ((errors & SslPolicyErrors.RemoteCertificateChainErrors) != 0 && chain != null)
        {
            foreach (X509ChainStatus status in chain.ChainStatus)
            {
                fault += status.Status switch
                {
                    X509ChainStatusFlags.NotTimeValid => " it is expired or not yet valid",
                    X509ChainStatusFlags.UntrustedRoot or X509ChainStatusFlags.PartialChain => " its issuer is not trusted",
                    _ => " its chain is not valid",
                };
                fault += $" ({status.Status});";
            }
        }

        return fault;
    }
}
