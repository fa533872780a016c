using System;
using System.Linq;
using System.Security.Cryptography;
using System.Text;
using Ws.Micro.Handshake;

namespace Ws.Micro.Tests.Support;

/// <summary>Heads as a test writes them down, one character a byte, and their way into a handshake at every split.</summary>
internal static class Heads
{
    /// <summary>RFC 6455 §1.3's example.</summary>
    public const string Key = "dGhlIHNhbXBsZSBub25jZQ==";

    public const string Accept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

    public static readonly byte[] Nonce = Encoding.ASCII.GetBytes("the sample nonce");

    private static readonly string[] RequestHeaders =
    {
        "Host: sensor.local:8080", "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Key: " + Key, "Sec-WebSocket-Version: 13",
    };

    private static readonly string[] ResponseHeaders = { "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Accept: " + Accept };

    /// <summary>A good request, with the named header's line replaced by <paramref name="lines"/>, or they added where it has none of that name.</summary>
    public static string Request(string replaced = "", string lines = "", string start = "GET /chat?room=1 HTTP/1.1") =>
        Head(start, RequestHeaders, replaced, lines);

    /// <summary>A good response, likewise.</summary>
    public static string Response(string replaced = "", string lines = "", string start = "HTTP/1.1 101 Switching Protocols") =>
        Head(start, ResponseHeaders, replaced, lines);

    /// <summary>Reads a request at every split, asserts that each gives the same, and returns the handshake that read it whole.</summary>
    public static ServerHandshake Read(string request, HandshakeError expected, int bufferSize = 1024)
    {
        byte[] bytes = Encoding.Latin1.GetBytes(request);
        ServerHandshake? whole = null;
        foreach (int[] pieces in Splits(bytes.Length))
        {
            ServerHandshake handshake = new(new byte[bufferSize]);
            HandshakeStatus status = Feed(handshake.Head, handshake.Read, bytes, pieces);
            AssertEnd(status, handshake.Error, expected, pieces);
            whole ??= handshake;
        }

        return whole!;
    }

    /// <summary>Reads the response to the key of the example, likewise.</summary>
    public static ClientHandshake ReadResponse(string response, HandshakeError expected, int bufferSize = 1024, DeflateOptions? deflate = null, params string[] subprotocols)
    {
        byte[] bytes = Encoding.Latin1.GetBytes(response);
        ClientHandshake? whole = null;
        foreach (int[] pieces in Splits(bytes.Length))
        {
            ClientHandshake handshake = new(new byte[bufferSize], Nonce, subprotocols, deflate);
            HandshakeStatus status = Feed(handshake.Head, handshake.Read, bytes, pieces);
            AssertEnd(status, handshake.Error, expected, pieces);
            Assert.Equal(whole?.StatusCode ?? handshake.StatusCode, handshake.StatusCode);
            whole ??= handshake;
        }

        return whole!;
    }

    /// <summary>Puts pieces into a head's buffer until it is read or full; the last size stands for all that follow.</summary>
    public static HandshakeStatus Feed(HttpHead head, Func<int, HandshakeStatus> read, byte[] bytes, params int[] pieces)
    {
        HandshakeStatus status = HandshakeStatus.NeedMore;
        int at = 0;
        for (int i = 0; at < bytes.Length && status == HandshakeStatus.NeedMore; i++)
        {
            int count = Math.Min(pieces[Math.Min(i, pieces.Length - 1)], Math.Min(bytes.Length - at, head.Buffer.Length - head.Count));
            Array.Copy(bytes, at, head.Buffer, head.Count, count);
            at += count;
            status = read(count);
        }

        return status;
    }

    /// <summary>RFC 6455 §4.2.2 by the framework.</summary>
    public static string AcceptOf(string key) =>
        Convert.ToBase64String(SHA1.HashData(Encoding.ASCII.GetBytes(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")));

    private static int[][] Splits(int length) =>
        new[] { new[] { length }, new[] { 1 } }
            .Concat(Enumerable.Range(1, length - 1).Where(cut => length < 2000 || cut < 10).Select(cut => new[] { cut, length }))
            .ToArray();

    private static void AssertEnd(HandshakeStatus status, HandshakeError error, HandshakeError expected, int[] pieces)
    {
        string split = " in pieces of " + string.Join(", ", pieces);
        HandshakeStatus expectedStatus = expected == HandshakeError.None ? HandshakeStatus.Done : HandshakeStatus.Refused;
        Assert.Equal(expectedStatus + " " + expected + split, status + " " + error + split);
    }

    private static string Head(string start, string[] headers, string replaced, string lines)
    {
        string[] kept = headers.Where(header => replaced.Length == 0 || !header.StartsWith(replaced + ":", StringComparison.Ordinal)).ToArray();
        string[] all = lines.Length == 0 ? kept : kept.Append(lines).ToArray();
        return start + "\r\n" + string.Join("\r\n", all) + "\r\n\r\n";
    }
}
