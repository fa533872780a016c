using System;
using System.Buffers;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;
using Ws.Micro.Handshake;

namespace Ws.Micro.AspNetCore;

/// <summary>The server's rules for a client's opening handshake, over headers that the HTTP server has read (RFC 6455 §4.2, RFC 8441 §5).</summary>
internal static class OpeningHandshake
{
    public const string Version = "13";

    private static readonly SearchValues<char> TokenChars
        = SearchValues.Create("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    // For all handshakes of a thread, so that a crowd that connects leaves no garbage behind.
    [ThreadStatic]
    private static AcceptKey? _acceptKey;

    // A key, and what answers it.
    [ThreadStatic]
    private static byte[]? _acceptText;

    /// <summary>Why a request is refused.</summary>
    public readonly record struct Refusal(int StatusCode, string Reason);

    /// <summary>Whether the headers ask to switch to WebSocket (RFC 9110 §7.8), well or badly.</summary>
    public static bool AsksForUpgrade(IHeaderDictionary headers)
        => HasToken(headers.Upgrade, "websocket") && HasToken(headers.Connection, "Upgrade");

    /// <summary>RFC 6455 §4.2.1: an upgrade over HTTP/1.1.</summary>
    public static Refusal? CheckUpgrade(HttpRequest request, IHttpUpgradeFeature upgrade)
    {
        IHeaderDictionary headers = request.Headers;
        if (!HttpMethods.IsGet(request.Method) || !HttpProtocol.IsHttp11(request.Protocol))
        {
            return new(400, $"A WebSocket handshake is a GET over HTTP/1.1, not {request.Method} over {request.Protocol} (RFC 6455 section 4.2.1).");
        }
        // Whoever takes the request for one with a body, and whoever does not, disagree about where the first frame starts.
        if (headers.ContainsKey("Content-Length") || headers.ContainsKey("Transfer-Encoding"))
        {
            return new(400, "A WebSocket handshake has no body: no Content-Length and no Transfer-Encoding.");
        }

        if (!upgrade.IsUpgradableRequest)
        {
            return new(400, "The HTTP server cannot upgrade this request.");
        }

        if (CheckVersion(headers, 426) is Refusal refusal)
        {
            return refusal;
        }

        if (!IsKey(headers.SecWebSocketKey))
        {
            return new(400, "Sec-WebSocket-Key must be there once, as the base64 of 16 bytes (RFC 6455 section 4.2.1).");
        }

        return CheckLists(headers);
    }

    /// <summary>RFC 8441 §5: an extended CONNECT over HTTP/2, which has no key and knows no 426.</summary>
    public static Refusal? CheckExtendedConnect(HttpRequest request)
        => CheckVersion(request.Headers, 400) ?? CheckLists(request.Headers);

    /// <summary>RFC 6455 §4.2.2, item 5.4. <paramref name="key"/> has passed <see cref="CheckUpgrade"/>.</summary>
    public static string AcceptFor(string key)
    {
        AcceptKey acceptKey = _acceptKey ??= new AcceptKey();
        byte[] text = _acceptText ??= new byte[AcceptKey.KeySize + AcceptKey.Size];
        Encoding.ASCII.GetBytes(key, text);
        acceptKey.Compute(text, 0, text, AcceptKey.KeySize);
        return Encoding.ASCII.GetString(text, AcceptKey.KeySize, AcceptKey.Size);
    }

    /// <summary>Whether the client offered the subprotocol, compared as it is written (RFC 6455 §4.1, §11.3.4).</summary>
    public static bool Offers(StringValues offered, string subprotocol) => HasToken(offered, subprotocol, StringComparison.Ordinal);

    // RFC 6455 §4.4: the answer names the version that would do.
    private static Refusal? CheckVersion(IHeaderDictionary headers, int statusCode)
        => headers.SecWebSocketVersion is [Version] ? null : new(statusCode, $"Sec-WebSocket-Version must be {Version} (RFC 6455 section 4.2.1).");

    private static bool IsKey(StringValues key)
    {
        Span<byte> nonce = stackalloc byte[16];
        return key is [{ Length: AcceptKey.KeySize } value] && Convert.TryFromBase64String(value, nonce, out int length) && length == nonce.Length;
    }

    // RFC 6455 §4.1, item 10: names that are tokens, none of them empty; and §9.1: a list of extensions.
    private static Refusal? CheckLists(IHeaderDictionary headers)
    {
        foreach (string? line in headers.SecWebSocketProtocol)
        {
            foreach (Range range in line.AsSpan().Split(','))
            {
                ReadOnlySpan<char> name = line.AsSpan(range).Trim(" \t");
                if (name.IsEmpty || name.ContainsAnyExcept(TokenChars))
                {
                    return new(400, "Sec-WebSocket-Protocol must be a list of tokens, split by commas (RFC 6455 section 4.1).");
                }
            }
        }

        foreach (string? line in headers.SecWebSocketExtensions)
        {
            byte[] list = Encoding.UTF8.GetBytes(line ?? "");
            if (!ExtensionReader.IsWellFormed(list, 0, list.Length))
            {
                return new(400, "Sec-WebSocket-Extensions must be a list of extensions (RFC 6455 section 9.1).");
            }
        }
        return null;
    }

    private static bool HasToken(StringValues lines, string token, StringComparison comparison = StringComparison.OrdinalIgnoreCase)
    {
        foreach (string? line in lines)
        {
            foreach (Range range in line.AsSpan().Split(','))
            {
                if (line.AsSpan(range).Trim(" \t").Equals(token, comparison))
                {
                    return true;
                }
            }
        }

        return false;
    }
}
