using System;
using System.Collections.Generic;
using System.Net.Security;
using Ws.Micro.Desktop.Polling;

namespace Ws.Micro.Desktop;

/// <summary>Settings of a listener.</summary>
public sealed class MicroWebSocketListenerOptions : MicroWebSocketOptions
{
    /// <summary>Subprotocols to accept. Of these the first that the client offers is chosen.</summary>
    public IList<string> SubProtocols { get; } = [];

    /// <summary>The origins whose pages may connect from a browser, such as "https://example.org"; "*" for any. Others get 403 (RFC 6455 §10.2). Default none.</summary>
    public IList<string> AllowedOrigins { get; } = [];

    /// <summary>Serves wss with these settings, which hold the certificate; null: ws.</summary>
    public SslServerAuthenticationOptions? Tls { get; set; }

    /// <summary>For TLS and the opening handshake of one client. Default 15 s.</summary>
    public TimeSpan HandshakeTimeout { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>Clients that may be in the opening handshake, or done with it and not yet accepted, at one time; more are dropped at once. Default 4096.</summary>
    public int MaxPending { get; set; } = 4096;

    /// <summary>
    /// Decides about each request: 101 accepts, an HTTP status of 300 to 599 refuses with it. Anything else, an exception too, refuses with
    /// 500. Null accepts all. Called by several threads of the pool; one that takes its time holds up no other.
    /// </summary>
    public Func<MicroWebSocketRequest, int>? OnRequest { get; set; }

    // Whether connections wait in the library's own pollers, or each in .NET's sockets, as on other systems than Linux.
    internal bool UsesPollers { get; set; } = Poller.IsSupported;

    /// <inheritdoc/>
    public override void Validate()
    {
        base.Validate();
        CheckTime(HandshakeTimeout, TimeSpan.FromMilliseconds(1), nameof(HandshakeTimeout));
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxPending, 1);
    }
}
