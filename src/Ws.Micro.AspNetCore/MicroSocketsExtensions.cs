using System;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Ws.Micro.AspNetCore.Transport;
using Ws.Micro.Desktop.Polling;

namespace Microsoft.AspNetCore.Hosting;

/// <summary>Puts Kestrel on Ws.Micro's sockets.</summary>
public static class MicroSocketsExtensions
{
    /// <summary>
    /// On Linux, Kestrel's TCP connections wait in the library's own threads, one for each processor, as those of
    /// <see cref="Ws.Micro.Desktop.MicroWebSocketListener"/> do, instead of each in .NET's sockets. HTTP runs on the thread pool as ever. A WebSocket
    /// that <c>UseMicroWebSockets</c> gives goes past Kestrel's buffers straight to its socket, where it comes by HTTP/1.1 and nothing (TLS,
    /// connection middleware) has taken the place of the connection's transport; and code behind an await of a receive or a send of it runs on those
    /// threads, which spares most of a message's cost. It may block there, or compute: see <see cref="Ws.Micro.Desktop.MicroWebSocketListener"/>.
    /// <para>
    /// Of <see cref="SocketTransportOptions"/>, how to bind, <see cref="SocketTransportOptions.Backlog"/> and
    /// <see cref="SocketTransportOptions.NoDelay"/> hold. There are no buffers to be limited: what the application does not read or send stays with the
    /// system. On other systems, and for anything but TCP, Kestrel's own sockets remain.
    /// </para>
    /// </summary>
    public static IWebHostBuilder UseMicroSockets(this IWebHostBuilder host)
    {
        ArgumentNullException.ThrowIfNull(host);
        if (!Poller.IsSupported)
        {
            return host;
        }

        return host.ConfigureServices(static services =>
        {
            // The last one that can bind is asked, and Kestrel's own must be there for the rest, even if this comes before it.
            services.TryAddSingleton<IConnectionListenerFactory, SocketTransportFactory>();
            services.AddSingleton<IConnectionListenerFactory, PolledListenerFactory>();
        });
    }
}
