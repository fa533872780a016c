using System;

namespace Ws.Micro.Net;

// A ws or wss URI taken apart (RFC 6455 §3). The device has no Uri class of its own.
internal sealed class WebSocketUrl
{
    internal WebSocketUrl(string url)
    {
        int start = url.IndexOf("://");
        string scheme = start > 0 ? url.Substring(0, start).ToLower() : "";
        if (scheme != "ws" && scheme != "wss")
        {
            throw Bad(url, "it must begin with ws:// or wss://");
        }

        IsSecure = scheme == "wss";
        string rest = url.Substring(start + 3);
        if (rest.IndexOf('#') >= 0)
        {
            throw Bad(url, "it must not have a fragment");
        }

        int pathStart = rest.IndexOfAny(new[] { '/', '?' });
        string authority = pathStart < 0 ? rest : rest.Substring(0, pathStart);
        Path = pathStart < 0 ? "/" : rest[pathStart] == '?' ? "/" + rest.Substring(pathStart) : rest.Substring(pathStart);
        if (authority.IndexOf('@') >= 0)
        {
            throw Bad(url, "it must not hold user information");
        }

        // An IPv6 address stands in brackets because of its colons.
        int portColon = authority.LastIndexOf(':');
        if (portColon < authority.LastIndexOf(']'))
        {
            portColon = -1;
        }

        Host = portColon < 0 ? authority : authority.Substring(0, portColon);
        Port = portColon < 0 ? DefaultPort : ParsePort(authority.Substring(portColon + 1), url);
        bool isAddress6 = Host.Length > 2 && Host[0] == '[' && Host.IndexOf(']') == Host.Length - 1;
        if (Host.Length == 0 || (!isAddress6 && (Host.IndexOf(':') >= 0 || Host.IndexOf('[') >= 0 || Host.IndexOf(']') >= 0)))
        {
            throw Bad(url, "its host must be a name, an IPv4 address or an IPv6 address in brackets");
        }
    }

    internal readonly bool IsSecure;

    // A name, an IPv4 address, or an IPv6 address in brackets.
    internal readonly string Host;

    internal readonly int Port;

    internal readonly string Path;

    // §4.1: the port stands in the Host header unless it is the scheme's own.
    internal string HostHeader => Port == DefaultPort ? Host : Host + ":" + Port.ToString();

    private int DefaultPort => IsSecure ? 443 : 80;

    private static int ParsePort(string text, string url)
    {
        int port = 0;
        bool ok = text.Length > 0 && text.Length <= 5;
        for (int i = 0; ok && i < text.Length; i++)
        {
            ok = text[i] >= '0' && text[i] <= '9';
            port = (port * 10) + (text[i] - '0');
        }

        return ok && port > 0 && port <= 65535 ? port : throw Bad(url, "its port must be 1 to 65535");
    }

    private static ArgumentException Bad(string url, string why) => new("'" + url + "' is not a WebSocket URL: " + why + ".", nameof(url));
}
