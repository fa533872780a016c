using System;
using System.Collections.Generic;
using System.IO;
using System.Net.Sockets;
using System.Text;
using System.Threading.Tasks;

namespace Ws.Micro.AspNetCore.Tests;

/// <summary>A TCP client that sends exactly what a test writes, and reads heads and short frames.</summary>
internal sealed class RawClient : IDisposable
{
    /// <summary>RFC 6455 §1.3's example.</summary>
    public const string Key = "dGhlIHNhbXBsZSBub25jZQ==";
    public const string Accept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

    private readonly TcpClient _tcp = new();

    private RawClient()
    {
    }

    private NetworkStream Stream => _tcp.GetStream();

    public static async Task<RawClient> ConnectAsync(KestrelServer server)
    {
        var client = new RawClient();
        await client._tcp.ConnectAsync("127.0.0.1", server.Port, KestrelServer.DeadlineToken());
        return client;
    }

    /// <summary>A good handshake's head, but for these header lines: each takes the place of the good ones of its name; "Name" alone removes it.</summary>
    public static string Head(KestrelServer server, string requestLine, params string[] lines)
    {
        var head = new List<string>
        {
            $"Host: 127.0.0.1:{server.Port}", "Upgrade: websocket", "Connection: Upgrade", $"Sec-WebSocket-Key: {Key}", "Sec-WebSocket-Version: 13",
        };
        foreach (string line in lines)
        {
            head.RemoveAll(good => good.Split(':')[0].Equals(line.Split(':')[0], StringComparison.OrdinalIgnoreCase));
        }

        foreach (string line in lines)
        {
            if (line.Contains(':'))
            {
                head.Add(line);
            }
        }

        return $"{requestLine}\r\n{string.Join("\r\n", head)}\r\n\r\n";
    }

    public async Task SendAsync(string text) => await SendAsync(Encoding.Latin1.GetBytes(text));

    public async Task SendAsync(byte[] bytes) => await Stream.WriteAsync(bytes, KestrelServer.DeadlineToken());

    /// <summary>The frame as a client sends it: final, masked with zeros so that its payload stays readable.</summary>
    public static byte[] Frame(int opcode, byte[] payload) => [(byte)(0x80 | opcode), (byte)(0x80 | payload.Length), 0, 0, 0, 0, .. payload];

    /// <summary>The status line and header lines, without the empty line that ends them.</summary>
    public async Task<string> ReadHeadAsync()
    {
        var head = new StringBuilder();
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            head.Append((char)(await ReadAsync(1))[0]);
        }

        return head.ToString();
    }

    public async Task<(int Opcode, byte[] Payload)> ReadFrameAsync()
    {
        byte[] header = await ReadAsync(2);
        Assert.InRange(header[1], 0, 125);
        return (header[0] & 0x0F, await ReadAsync(header[1]));
    }

    /// <summary>All that still comes until the server ends the connection, by FIN or by reset.</summary>
    public async Task<string> ReadToEndAsync()
    {
        var text = new StringBuilder();
        byte[] buffer = new byte[1024];
        try
        {
            for (int count; (count = await Stream.ReadAsync(buffer, KestrelServer.DeadlineToken())) > 0;)
            {
                text.Append(Encoding.Latin1.GetString(buffer, 0, count));
            }
        }
        catch (IOException)
        {
        }
        return text.ToString();
    }

    public void Dispose() => _tcp.Dispose();

    private async Task<byte[]> ReadAsync(int count)
    {
        byte[] bytes = new byte[count];
        await Stream.ReadExactlyAsync(bytes, KestrelServer.DeadlineToken());
        return bytes;
    }
}
