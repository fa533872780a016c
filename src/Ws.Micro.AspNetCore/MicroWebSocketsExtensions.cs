using System;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Ws.Micro.AspNetCore;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Adds Ws.Micro's WebSockets to an application's pipeline.</summary>
public static class MicroWebSocketsExtensions
{
    /// <summary>
    /// As <see cref="UseMicroWebSockets(IApplicationBuilder, WebSocketOptions)"/>, with the <see cref="WebSocketOptions"/> that the
    /// application's services hold (<c>AddWebSockets</c>), or their defaults.
    /// </summary>
    /// <exception cref="ArgumentException">One of the options cannot work; the message says which and why.</exception>
    public static IApplicationBuilder UseMicroWebSockets(this IApplicationBuilder app)
    {
        ArgumentNullException.ThrowIfNull(app);
        return app.UseMicroWebSockets(app.ApplicationServices.GetRequiredService<IOptions<WebSocketOptions>>().Value);
    }

    /// <summary>
    /// From here on <c>HttpContext.WebSockets.AcceptWebSocketAsync</c> gives a <see cref="Ws.Micro.Desktop.MicroWebSocket"/>, over
    /// HTTP/1.1 (RFC 6455) and HTTP/2 (RFC 8441). Takes the place of <c>UseWebSockets</c>, and comes before whatever calls that itself, such as
    /// <c>MapHub</c> and <c>MapMqtt</c>, which then work over it unchanged.
    /// </summary>
    /// <param name="app">The pipeline.</param>
    /// <param name="options">
    /// ASP.NET Core's options, or <see cref="MicroWebSocketMiddlewareOptions"/> to set this library's limits as well. Unlike with
    /// <c>UseWebSockets</c>, an empty <see cref="WebSocketOptions.AllowedOrigins"/> allows pages of the same origin (the request's own scheme and
    /// host) only; each entry is <c>scheme://host[:port]</c>, and <c>*</c> allows all. A request without an Origin, as programs send it, is
    /// always allowed. Compression is negotiated where the accept context's <see cref="WebSocketAcceptContext.DangerousEnableCompression"/> or
    /// <see cref="MicroWebSocketMiddlewareOptions.Deflate"/> asks for it.
    /// </param>
    /// <remarks>
    /// A malformed WebSocket handshake is answered here: 400, 426 (version) or 403 (Origin). Behind a proxy that ends TLS, put
    /// <c>UseForwardedHeaders</c> before this, so that the request's scheme and host are those the page was loaded from.
    /// </remarks>
    /// <exception cref="ArgumentException">One of the options cannot work; the message says which and why.</exception>
    public static IApplicationBuilder UseMicroWebSockets(this IApplicationBuilder app, WebSocketOptions options)
    {
        ArgumentNullException.ThrowIfNull(app);
        ArgumentNullException.ThrowIfNull(options);
        ILogger logger = app.ApplicationServices.GetRequiredService<ILoggerFactory>().CreateLogger<MicroWebSocketMiddleware>();
        var settings = new SocketSettings(options);
        var origins = new OriginPolicy(options.AllowedOrigins);
        return app.Use(next => new MicroWebSocketMiddleware(next, settings, origins, logger).InvokeAsync);
    }
}
