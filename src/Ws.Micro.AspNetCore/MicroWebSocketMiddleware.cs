using System;
using System.Threading.Tasks;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace Ws.Micro.AspNetCore;

/// <summary>Refuses bad opening handshakes and gives good ones an <see cref="IHttpWebSocketFeature"/>. Holds nothing for a connection.</summary>
internal sealed class MicroWebSocketMiddleware(RequestDelegate next, SocketSettings settings, OriginPolicy origins, ILogger logger)
{
    public Task InvokeAsync(HttpContext context)
    {
        // A server or middleware before this one that brings WebSockets of its own keeps them.
        if (context.Features.Get<IHttpWebSocketFeature>() is not null)
        {
            return next(context);
        }

        var connect = context.Features.Get<IHttpExtendedConnectFeature>();
        var upgrade = context.Features.Get<IHttpUpgradeFeature>();
        OpeningHandshake.Refusal? refusal;
        if (connect is { IsExtendedConnect: true } && string.Equals(connect.Protocol, "websocket", StringComparison.OrdinalIgnoreCase))
        {
            upgrade = null;
            refusal = OpeningHandshake.CheckExtendedConnect(context.Request);
        }
        else if (upgrade is not null && OpeningHandshake.AsksForUpgrade(context.Request.Headers))
        {
            // What follows this head may be frames, so unless the upgrade comes about it must not be read as a request.
            context.Response.Headers.Connection = "close";
            refusal = OpeningHandshake.CheckUpgrade(context.Request, upgrade);
        }
        else
        {
            return next(context);
        }

        if (refusal is null && !origins.Allows(context.Request))
        {
            refusal = new(StatusCodes.Status403Forbidden, "This Origin may not open a WebSocket here (RFC 6455 section 10.2).");
        }

        if (refusal is not null)
        {
            return RefuseAsync(context, refusal.Value);
        }

        context.Features.Set<IHttpWebSocketFeature>(new MicroWebSocketFeature(context, upgrade, connect, settings));
        return next(context);
    }

    private Task RefuseAsync(HttpContext context, OpeningHandshake.Refusal refusal)
    {
        logger.LogInformation("WebSocket handshake for {Path} with Origin '{Origin}' answered {StatusCode}: {Reason}",
            context.Request.Path, context.Request.Headers.Origin, refusal.StatusCode, refusal.Reason);
        HttpResponse response = context.Response;
        response.StatusCode = refusal.StatusCode;
        response.Headers.SecWebSocketVersion = OpeningHandshake.Version;
        if (refusal.StatusCode == StatusCodes.Status426UpgradeRequired)
        {
            // RFC 9110 §15.5.22 and §7.8: 426 says what to upgrade to, and Connection lists Upgrade.
            response.Headers.Upgrade = "websocket";
            response.Headers.Connection = "close, Upgrade";
        }
        response.ContentType = "text/plain";
        return response.WriteAsync(refusal.Reason);
    }
}
