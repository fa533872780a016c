using System;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;

namespace Ws.Micro.Net;

// All that differs between the device's libraries and .NET's.
internal static class Platform
{
    // Waits up to timeout milliseconds; a longer wait than Poll can express ends early.
    internal static bool Poll(Socket socket, int timeout, SelectMode mode)
    {
        const int Longest = int.MaxValue / 1000;
        return socket.Poll((timeout < Longest ? timeout : Longest) * 1000, mode);
    }

    internal static void Close(Socket? socket)
    {
        try
        {
            socket?.Close();
        }
        catch (Exception)
        {
            // It is closed already.
        }
    }

#if NANOFRAMEWORK_1_0
    private static readonly Random Random = new();

    // On an ESP32 the hardware's generator (RFC 6455 §10.3 asks for a strong source).
    internal static void NextBytes(byte[] buffer) => Random.NextBytes(buffer);

    internal static bool IsTimeout(Exception e) => e is SocketException s && s.ErrorCode == (int)SocketError.TimedOut;

    // A SocketException of the device has its code alone, and no message of its own.
    internal static string Describe(Exception e) => e is SocketException s ? "socket error " + s.ErrorCode.ToString() : e.Message;

    internal static SslStream AuthenticateAsClient(Socket socket, string host, WebSocketClientOptions options)
    {
        SslStream stream = new(socket);
        stream.SslVerification = options.DangerousAcceptAnyCertificate ? SslVerification.NoVerification : SslVerification.CertificateRequired;
        stream.AuthenticateAsClient(host, options.ClientCertificate, options.RootCertificate, SslProtocols.Tls12);
        return stream;
    }

    internal static SslStream AuthenticateAsServer(Socket socket, X509Certificate certificate)
    {
        SslStream stream = new(socket);
        stream.AuthenticateAsServer(certificate, SslProtocols.Tls12);
        return stream;
    }
#else
    internal static void NextBytes(byte[] buffer) => System.Security.Cryptography.RandomNumberGenerator.Fill(buffer);

    internal static bool IsTimeout(Exception e) =>
        (e as SocketException ?? e.InnerException as SocketException)?.SocketErrorCode is SocketError.TimedOut or SocketError.WouldBlock;

    internal static string Describe(Exception e) => e.Message;

    internal static SslStream AuthenticateAsClient(Socket socket, string host, WebSocketClientOptions options)
    {
        string? fault = null;
        SslClientAuthenticationOptions tls = new()
        {
            TargetHost = host,
            RemoteCertificateValidationCallback = (_, certificate, chain, errors) =>
            {
                fault = Tls.CertificateFault.Describe(certificate, chain, errors);
                return fault == null || options.DangerousAcceptAnyCertificate;
            },
        };
        if (options.ClientCertificate != null)
        {
            tls.ClientCertificates = new X509CertificateCollection { options.ClientCertificate };
        }

        if (options.RootCertificate != null)
        {
            tls.CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            tls.CertificateChainPolicy.CustomTrustStore.Add(new X509Certificate2(options.RootCertificate));
        }

        SslStream stream = new(new DeadlineStream(socket));
        try
        {
            stream.AuthenticateAsClient(tls);
        }
        catch (System.Security.Authentication.AuthenticationException e) when (fault != null)
        {
            throw new System.Security.Authentication.AuthenticationException(fault, e);
        }

        return stream;
    }

    internal static SslStream AuthenticateAsServer(Socket socket, X509Certificate certificate)
    {
        SslStream stream = new(new DeadlineStream(socket));
        stream.AuthenticateAsServer(certificate);
        return stream;
    }
#endif
}
