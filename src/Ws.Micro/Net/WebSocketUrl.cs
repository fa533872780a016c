using System;

namespace Ws.Micro.Net;

// A ws or wss URI taken apart (RFC 6455 §3). The device has no Uri class of its own.
internal sealed class WebSocketUrl
{
    internal WebSocketUrl(string url)
    {
        int start = url.IndexOf("://");
        string scheme = start > 0 ? url.Substring(0, start).ToLower() : "";
        IsSecure = scheme == "wss";
        if (!IsSecure && scheme != "ws")
        {
            throw Bad(url, "it must begin with ws:// or wss://");
        }

        if (url.IndexOf('#') >= 0)
        {
            throw Bad(url, "it must not have a fragment");
        }

        string host = url.Substring(start + 3);
        string path = "/";
        int at = host.IndexOfAny("/?".ToCharArray());
        if (at >= 0)
        {
            path = host.Substring(at);
            path = path[0] == '/' ? path : "/" + path;
            host = host.Substring(0, at);
        }

        if (host.IndexOf('@') >= 0)
        {
            throw Bad(url, "it must not hold user information");
        }

        Path = path;
        HostHeader = host;
        int defaultPort = IsSecure ? 443 : 80;
        int port = defaultPort;

        // An IPv6 address stands in brackets because of its colons.
        at = host.LastIndexOf(':');
        if (at > host.LastIndexOf(']'))
        {
            string digits = host.Substring(at + 1);
            host = host.Substring(0, at);
            port = 0;
            for (int i = 0; i < digits.Length; i++)
            {
                int digit = digits[i] - '0';
                port = digit >= 0 && digit <= 9 && port >= 0 && i < 5 ? (port * 10) + digit : -1;
            }

            if (port < 1 || port > 65535)
            {
                throw Bad(url, "its port must be 1 to 65535");
            }

            // §4.1: the port stands in the Host header unless it is the scheme's own.
            HostHeader = port == defaultPort ? host : host + ":" + port.ToString();
        }

        bool isAddress6 = host.Length > 2 && host[0] == '[' && host.IndexOf(']') == host.Length - 1;
        if (host.Length == 0 || (!isAddress6 && host.IndexOfAny(":[]".ToCharArray()) >= 0))
        {
            throw Bad(url, "its host must be a name or an address, IPv6 in brackets");
        }

        Host = host;
        Port = port;
    }

    internal readonly bool IsSecure;

    // A name, an IPv4 address, or an IPv6 address in brackets.
    internal readonly string Host;

    internal readonly int Port;

    // What the Host header has to say.
    internal readonly string HostHeader;

    internal readonly string Path;

    private static ArgumentException Bad(string url, string why) => new("'" + url + "' is not a WebSocket URL: " + why + ".", nameof(url));
}
