using System;
using System.Collections.Generic;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace RpiGateway.Access;

/// <summary>Has Kestrel listen where the settings say, with TLS where they say it.</summary>
internal sealed class Listener(IReadOnlyList<ListenUrl> urls, AccessControl access, Func<ConnectionDelegate, ConnectionDelegate>? beforeHttp)
{
    private const int MaxHeadersSize = 16 * 1024;

    /// <summary>Called once, before Kestrel starts.</summary>
    public void Configure(KestrelServerOptions kestrel)
    {
        kestrel.AddServerHeader = false;

        // The gate looks after the first request of a connection; these after the next.
        kestrel.Limits.RequestHeadersTimeout = kestrel.Limits.KeepAliveTimeout = access.Settings.HandshakeTime;
        kestrel.Limits.MaxRequestHeadersTotalSize = MaxHeadersSize;
        kestrel.Limits.MaxRequestBodySize = 0;
        foreach (ListenUrl url in urls)
        {
            if (url.Address is null)
            {
                kestrel.ListenLocalhost(url.Port, options => Configure(options, url));
            }
            else if (url.IsAny)
            {
                kestrel.ListenAnyIP(url.Port, options => Configure(options, url));
            }
            else
            {
                kestrel.Listen(url.Address, url.Port, options => Configure(options, url));
            }
        }
    }

    private void Configure(ListenOptions options, ListenUrl url)
    {
        // Added first, it stands before TLS.
        options.Use(next => connection => access.Gate.ServeAsync(connection, url.IsTls, next));

        // WebSockets open by HTTP/1.1 alone here.
        options.Protocols = HttpProtocols.Http1;
        if (url.IsTls)
        {
            options.UseHttps(new TlsHandshakeCallbackOptions { OnConnection = access.Tls!.ChooseAsync });
        }

        if (beforeHttp is not null)
        {
            options.Use(beforeHttp);
        }
    }
}
