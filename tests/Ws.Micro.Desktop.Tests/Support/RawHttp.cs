using System;
using System.IO;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Threading.Tasks;

namespace Ws.Micro.Desktop.Tests.Support;

/// <summary>Opening handshakes written by hand (RFC 6455 §4).</summary>
internal static class RawHttp
{
    internal static string Request(string path = "/", params string[] headers) =>
        $"GET {path} HTTP/1.1\r\nHost: test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" + string.Concat(headers.Select(header => header + "\r\n")) + "\r\n";

    internal static string Accept(string request, params string[] headers)
    {
        byte[] hash = SHA1.HashData(Encoding.ASCII.GetBytes(Header(request, "Sec-WebSocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"));
        return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            + $"Sec-WebSocket-Accept: {Convert.ToBase64String(hash)}\r\n" + string.Concat(headers.Select(header => header + "\r\n")) + "\r\n";
    }

    internal static string? Header(string head, string name) => head.Split("\r\n")
        .Where(line => line.StartsWith(name + ": ", StringComparison.OrdinalIgnoreCase)).Select(line => line[(name.Length + 2)..]).SingleOrDefault();

    internal static async Task<string> ReadHeadAsync(Stream stream)
    {
        StringBuilder head = new();
        byte[] one = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            await stream.ReadExactlyAsync(one, Deadline.Token);
            head.Append((char)one[0]);
        }

        return head.ToString();
    }

    /// <summary>A TCP server for one client. <paramref name="serve"/> plays it; what it returns ends the connection.</summary>
    internal static (IPEndPoint EndPoint, Task<T> Serving) ServeOne<T>(Func<Stream, Task<T>> serve)
    {
        TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint, ServeAsync());

        async Task<T> ServeAsync()
        {
            using (listener)
            {
                using NetworkStream stream = new(await listener.AcceptSocketAsync(Deadline.Token), ownsSocket: true);
                return await serve(stream);
            }
        }
    }
}
