using System;
using System.Collections.Generic;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Ws.Micro.AspNetCore;

/// <summary>
/// Which pages may open a WebSocket (RFC 6455 §10.2). Browsers apply no same-origin rule to WebSockets and send the user's cookies along, so
/// the server alone keeps a foreign page from speaking in the user's name.
/// </summary>
internal sealed class OriginPolicy
{
    private readonly HashSet<string> _allowed = new(StringComparer.OrdinalIgnoreCase);

    public OriginPolicy(IEnumerable<string> allowedOrigins)
    {
        foreach (string origin in allowedOrigins)
        {
            // "null" is what a sandboxed page or a local file sends (RFC 6454 §6.1).
            if (origin is not ("*" or "null") && !IsOrigin(origin))
            {
                throw new ArgumentException($"{nameof(WebSocketOptions.AllowedOrigins)} holds '{origin}', which no browser sends: "
                    + "an origin is scheme://host[:port] without a path, a final slash or the scheme's default port. '*' allows every origin.", nameof(allowedOrigins));
            }

            _allowed.Add(origin);
        }
    }

    public bool Allows(HttpRequest request)
    {
        StringValues origin = request.Headers.Origin;
        return origin.Count == 0 || _allowed.Contains("*")
            || (origin.Count == 1 && (IsSameOrigin(origin[0]!, request) || _allowed.Contains(origin[0]!)));
    }

    private static bool IsOrigin(string value)
        => Uri.TryCreate(value, UriKind.Absolute, out Uri? uri)
            && string.Equals(uri.GetLeftPart(UriPartial.Authority), value, StringComparison.OrdinalIgnoreCase);

    private static bool IsSameOrigin(string origin, HttpRequest request)
        => string.Equals(origin, $"{request.Scheme}://{request.Host.Value}", StringComparison.OrdinalIgnoreCase);
}
