using System;
using System.Collections.Generic;
using System.Net.Security;

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
    /// 500. Null accepts all. Called by several threads.
    /// </summary>
    public Func<MicroWebSocketRequest, int>? OnRequest { get; set; }

    /// <summary>
    /// On Linux: instead of handing each event to the thread pool, one thread of this library's own for each two processors waits for the connections'
    /// sockets, and itself runs what waits for them, which is the application's code behind an await of a receive or a send. At a few thousand messages
    /// a second that takes a tenth of the processor time, because no thread has to be woken and none spins. Code that blocks there, or computes
    /// for long, holds up other connections; what may do so belongs into <see cref="System.Threading.Tasks.Task.Run(Action)"/>. Messages that the code sends
    /// go out together when it next waits for something, or at 16 KB. No effect elsewhere. Default false.
    /// </summary>
    public bool PreferInlineScheduling { get; set; }

    /// <inheritdoc/>
    public override void Validate()
    {
        base.Validate();
        CheckTime(HandshakeTimeout, TimeSpan.FromMilliseconds(1), nameof(HandshakeTimeout));
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxPending, 1);
    }
}
