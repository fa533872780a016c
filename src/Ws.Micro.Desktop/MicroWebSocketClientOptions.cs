using System;
using System.Collections.Generic;
using System.IO;
using System.Net;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Threading;
using System.Threading.Tasks;
using Ws.Micro.Desktop.Polling;

namespace Ws.Micro.Desktop;

/// <summary>Settings of a client.</summary>
public sealed class MicroWebSocketClientOptions : MicroWebSocketOptions
{
    /// <summary>Subprotocols to offer, in order of preference.</summary>
    public IList<string> SubProtocols { get; } = [];

    /// <summary>Further headers of the request, such as Authorization or Origin.</summary>
    public IDictionary<string, string> Headers { get; } = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);

    /// <summary>From the first step to the end of the opening handshake. Default 15 s.</summary>
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>
    /// Opens the transport to a host and port, that of <see cref="Proxy"/> where there is one, in place of TCP; TLS and the rest go over it. The
    /// socket owns the stream. Null: TCP, by <see cref="MicroWebSocketClient.ConnectTransportAsync"/>.
    /// </summary>
    public Func<DnsEndPoint, CancellationToken, ValueTask<Stream>>? ConnectCallback { get; set; }

    /// <summary>An HTTP proxy, asked for a tunnel by CONNECT (RFC 9110 §9.3.6), with basic credentials where it has some; null: none.</summary>
    public IWebProxy? Proxy { get; set; }

    /// <summary>With wss, decides about the server's certificate; null: it must be valid, for the host, and from a root that the system trusts.</summary>
    public RemoteCertificateValidationCallback? RemoteCertificateValidationCallback { get; set; }

    /// <summary>With wss, the roots that the server's certificate may come from; empty: those that the system trusts.</summary>
    public X509Certificate2Collection RootCertificates { get; } = [];

    /// <summary>With wss, certificates that show who we are.</summary>
    public X509Certificate2Collection ClientCertificates { get; } = [];

    // Whether the connection waits in one of the library's own pollers, or in .NET's sockets, as on other systems than Linux.
    internal bool UsesPollers { get; set; } = Poller.IsSupported;

    /// <inheritdoc/>
    public override void Validate()
    {
        base.Validate();
        CheckTime(ConnectTimeout, TimeSpan.FromMilliseconds(1), nameof(ConnectTimeout));
    }
}
