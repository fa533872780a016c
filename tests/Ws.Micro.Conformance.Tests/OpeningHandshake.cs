using System;
using System.Collections.Generic;
using System.IO;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Threading.Tasks;

namespace Ws.Micro.Conformance.Tests;

/// <summary>The opening handshake of both sides (RFC 6455 §4), plain HTTP, with permessage-deflate or without.</summary>
internal static class OpeningHandshake
{
    private const int MaxHeadSize = 8192;

    /// <param name="socket">Sent to.</param>
    /// <param name="stream">Read from.</param>
    /// <param name="port">The server's.</param>
    /// <param name="extensions">Those offered; null: none.</param>
    /// <returns>The extensions agreed to; null: none.</returns>
    public static async Task<string?> RequestAsync(Socket socket, Stream stream, int port, string? extensions)
    {
        string key = Convert.ToBase64String(RandomNumberGenerator.GetBytes(16));
        await SendAsync(socket, $"GET /echo HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
            $"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n{Extensions(extensions)}\r\n");
        (string status, Dictionary<string, string> headers) = await ReadHeadAsync(stream);
        Assert.StartsWith("HTTP/1.1 101", status);
        Assert.Equal("websocket", headers["Upgrade"], ignoreCase: true);
        Assert.Equal("Upgrade", headers["Connection"], ignoreCase: true);
        Assert.Equal(AcceptOf(key), headers["Sec-WebSocket-Accept"]);
        Assert.DoesNotContain("Sec-WebSocket-Protocol", headers);
        string? agreed = headers.GetValueOrDefault("Sec-WebSocket-Extensions");
        Assert.True(extensions is not null || agreed is null, $"not offered: {agreed}");
        return agreed;
    }

    /// <param name="socket">Sent to.</param>
    /// <param name="stream">Read from.</param>
    /// <param name="agree">Given the extensions offered, those agreed to; null: none.</param>
    /// <returns>The request target.</returns>
    public static async Task<string> AnswerAsync(Socket socket, Stream stream, Func<string?, string?> agree)
    {
        (string request, Dictionary<string, string> headers) = await ReadHeadAsync(stream);
        Assert.Matches("^GET /[^ ]* HTTP/1.1$", request);
        Assert.Equal("websocket", headers["Upgrade"], ignoreCase: true);
        Assert.Contains("Upgrade", headers["Connection"], StringComparison.OrdinalIgnoreCase);
        Assert.Equal("13", headers["Sec-WebSocket-Version"]);
        Assert.Equal(16, Convert.FromBase64String(headers["Sec-WebSocket-Key"]).Length);
        Assert.Contains("Host", headers);
        await SendAsync(socket, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
            $"Sec-WebSocket-Accept: {AcceptOf(headers["Sec-WebSocket-Key"])}\r\n" +
            $"{Extensions(agree(headers.GetValueOrDefault("Sec-WebSocket-Extensions")))}\r\n");
        return request.Split(' ')[1];
    }

    private static string Extensions(string? value) => value is null ? "" : $"Sec-WebSocket-Extensions: {value}\r\n";

    private static string AcceptOf(string key) =>
        Convert.ToBase64String(SHA1.HashData(Encoding.ASCII.GetBytes(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")));

    private static async Task SendAsync(Socket socket, string head)
    {
        byte[] bytes = Encoding.ASCII.GetBytes(head);
        Assert.Equal(bytes.Length, await socket.SendAsync(bytes));
    }

    private static async Task<(string StartLine, Dictionary<string, string> Headers)> ReadHeadAsync(Stream stream)
    {
        StringBuilder head = new();
        byte[] one = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            await stream.ReadExactlyAsync(one);
            head.Append((char)one[0]);
            Assert.True(head.Length < MaxHeadSize, "the head has no end");
        }
        string[] lines = head.ToString().Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        Dictionary<string, string> headers = new(StringComparer.OrdinalIgnoreCase);
        foreach (string line in lines[1..])
        {
            headers.Add(line[..line.IndexOf(':')], line[(line.IndexOf(':') + 1)..].Trim());
        }

        return (lines[0], headers);
    }
}
