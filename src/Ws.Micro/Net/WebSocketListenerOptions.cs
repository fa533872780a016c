using System.Security.Cryptography.X509Certificates;

namespace Ws.Micro.Net;

/// <summary>Settings of a server.</summary>
public sealed class WebSocketListenerOptions : WebSocketOptions
{
    /// <summary>The origins whose pages may connect from a browser, such as "https://example.org"; "*" for any. Others get 403. Default none.</summary>
    public string[] AllowedOrigins = new string[0];

    /// <summary>Serves wss with this certificate and its private key; null: ws.</summary>
    public X509Certificate? Certificate;
}
