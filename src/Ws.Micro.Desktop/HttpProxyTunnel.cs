using System;
using System.IO;
using System.Net;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using Ws.Micro.Handshake;

namespace Ws.Micro.Desktop;

// Asks an HTTP proxy for a tunnel (RFC 9110 §9.3.6).
internal static class HttpProxyTunnel
{
    internal static async Task OpenAsync(Stream stream, Uri target, Uri proxy, IWebProxy settings, CancellationToken cancellationToken)
    {
        string host = target.HostNameType == UriHostNameType.IPv6 ? $"[{target.IdnHost.Trim('[', ']')}]" : target.IdnHost;
        string request = $"CONNECT {host}:{target.Port} HTTP/1.1\r\nHost: {host}:{target.Port}\r\n";
        if (settings.Credentials?.GetCredential(proxy, "Basic") is { } credential)
        {
            string basic = Convert.ToBase64String(Encoding.UTF8.GetBytes($"{credential.UserName}:{credential.Password}"));
            request += $"Proxy-Authorization: Basic {basic}\r\n";
        }

        await stream.WriteAsync(Encoding.ASCII.GetBytes(request + "\r\n"), cancellationToken).ConfigureAwait(false);

        // Byte by byte, because what follows the head belongs to the tunnel.
        HttpHead head = new(new byte[4096]);
        HandshakeStatus status = HandshakeStatus.NeedMore;
        while (status == HandshakeStatus.NeedMore)
        {
            int n = await stream.ReadAsync(head.Buffer.AsMemory(head.Count, 1), cancellationToken).ConfigureAwait(false);
            status = n > 0 ? head.Read(n) : throw new EndOfStreamException("The proxy ended the connection.");
        }

        string line = Encoding.ASCII.GetString(head.Buffer, 0, Math.Max(0, Array.IndexOf(head.Buffer, (byte)'\r')));
        string[] words = line.Split(' ', 3);
        if (status == HandshakeStatus.Refused || words.Length < 2 || !words[0].StartsWith("HTTP/1.", StringComparison.Ordinal)
            || !int.TryParse(words[1], out int code))
        {
            throw new WebSocketConnectionException(ConnectionStep.Proxy, $"The proxy {proxy} did not answer in HTTP/1.1.");
        }

        if (code is < 200 or > 299)
        {
            throw new WebSocketConnectionException(ConnectionStep.Proxy, $"The proxy {proxy} refused the tunnel with HTTP status {code}.", code);
        }
    }
}
