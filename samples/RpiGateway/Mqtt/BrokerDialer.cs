using System;
using System.IO;
using System.Net;
using System.Net.Security;
using System.Net.WebSockets;
using System.Security.Cryptography.X509Certificates;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.Extensions.Logging;
using Ws.Micro.Desktop;

namespace RpiGateway.Mqtt;

/// <summary>Opens connections to a broker's URL: <c>mqtt</c>, <c>mqtts</c>, <c>ws</c> or <c>wss</c>.</summary>
internal sealed class BrokerDialer(Uri url, BrokerSettings settings, ILogger logger)
{
    private const int Port = 1883;
    private const int SecurePort = 8883;

    /// <summary>A channel that connects when it is told to, and sends through that stream.</summary>
    public MqttChannel CreateChannel(MqttPacketGuard guard, GatheringStream transport) => url.Scheme is "ws" or "wss"
        ? new MqttWebSocketChannel(cancellation => OpenWebSocketAsync(transport, cancellation), guard, logger)
        : new MqttStreamChannel(cancellation => OpenStreamAsync(transport, cancellation), guard, logger);

    private static async ValueTask<Stream> ConnectAsync(GatheringStream transport, DnsEndPoint broker, CancellationToken cancellationToken) =>
        transport.Over(await MicroWebSocketClient.ConnectTransportAsync(broker, cancellationToken));

    private async Task<WebSocket> OpenWebSocketAsync(GatheringStream transport, CancellationToken cancellationToken)
    {
        MicroWebSocketClientOptions options = new()
        {
            SubProtocols = { MqttWebSocketChannel.Subprotocol },
            ConnectCallback = (broker, cancellation) => ConnectAsync(transport, broker, cancellation),
        };
        options.RootCertificates.AddRange(settings.ReadRoots());
        if (settings.ReadCertificate() is { } certificate)
        {
            options.ClientCertificates.Add(certificate);
        }

        MicroWebSocket socket = await MicroWebSocketClient.ConnectAsync(url, options, cancellationToken);

        // [MQTT-6.0.0-4]
        if (socket.SubProtocol == MqttWebSocketChannel.Subprotocol)
        {
            return socket;
        }

        socket.Dispose();
        throw new WebSocketException("the server did not choose the subprotocol mqtt");
    }

    private async Task<Stream> OpenStreamAsync(GatheringStream transport, CancellationToken cancellationToken)
    {
        bool isSecure = url.Scheme == "mqtts";
        Stream stream = await ConnectAsync(transport, new DnsEndPoint(url.IdnHost, url.Port > 0 ? url.Port : isSecure ? SecurePort : Port), cancellationToken);
        if (!isSecure)
        {
            return stream;
        }

        SslStream tls = new(stream);
        try
        {
            await tls.AuthenticateAsClientAsync(TlsOptions(), cancellationToken);
            return tls;
        }
        catch
        {
            await tls.DisposeAsync();
            throw;
        }
    }

    private SslClientAuthenticationOptions TlsOptions()
    {
        SslClientAuthenticationOptions options = new() { TargetHost = url.IdnHost };
        if (settings.ReadCertificate() is { } certificate)
        {
            options.ClientCertificates = [certificate];
        }

        X509Certificate2Collection roots = settings.ReadRoots();
        if (roots.Count > 0)
        {
            options.CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            options.CertificateChainPolicy.CustomTrustStore.AddRange(roots);
        }

        return options;
    }
}
