using System.Threading.Tasks;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using RpiGateway.Monitoring;

namespace RpiGateway.Access;

/// <summary>Answers a request that is not let in: one line for the caller, one for the log.</summary>
internal static class HttpRefusal
{
    public static Task SendAsync(HttpContext context, ILogger logger, int status, string reason)
    {
        logger.LogWarning(
            "Refused {Path} from {Address}:{Port}: {Reason} (HTTP {Status})",
            LogText.Printable(context.Request.Path), context.Connection.RemoteIpAddress, context.Connection.RemotePort, reason, status);
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/plain; charset=utf-8";
        return context.Response.WriteAsync(reason + "\n");
    }
}
