using System;
using nanoFramework.TestFramework;
using Ws.Micro.Handshake;

namespace Ws.Micro.NanoTests.Support;

/// <summary>Heads as a test writes them down, and their way into a handshake. How the handshakes are called stands here alone.</summary>
internal static class Heads
{
    /// <summary>RFC 6455 §1.3's example: the key, the 16 bytes that it is made of, and the answer.</summary>
    public const string Key = "dGhlIHNhbXBsZSBub25jZQ==";
    public const string Nonce = "the sample nonce";
    public const string Accept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

    private const int BufferSize = 384;

    // Holds the head of one handshake at a time: made once, to leave the small heap in peace.
    private static readonly byte[] Buffer = new byte[BufferSize];

    /// <summary>A good request; each argument stands for a line of it, with its end, or for further lines.</summary>
    public static string Request(
        string start = "GET /sensors/attic HTTP/1.1\r\n", string host = "Host: gateway:5080\r\n", string upgrade = "Upgrade: websocket\r\n",
        string connection = "Connection: Upgrade\r\n", string key = "Sec-WebSocket-Key: " + Key + "\r\n",
        string version = "Sec-WebSocket-Version: 13\r\n", string more = "") =>
        start + host + upgrade + connection + key + version + more + "\r\n";

    /// <summary>A good response to the example's key, likewise.</summary>
    public static string Response(
        string start = "HTTP/1.1 101 Switching Protocols\r\n", string upgrade = "Upgrade: websocket\r\n",
        string connection = "Connection: Upgrade\r\n", string accept = "Sec-WebSocket-Accept: " + Accept + "\r\n", string more = "") =>
        start + upgrade + connection + accept + more + "\r\n";

    /// <summary>Gives a server the request, whole and then byte by byte, and returns it after the latter. Valid until the next call.</summary>
    public static ServerHandshake ReadRequest(string request, HandshakeError expected, int bufferSize = BufferSize)
    {
        byte[] bytes = Bytes.Of(request);
        ServerHandshake server = NewServer(bufferSize);
        for (int step = bytes.Length; step > 0; step = step == 1 ? 0 : 1)
        {
            server = NewServer(bufferSize);
            HandshakeStatus status = HandshakeStatus.NeedMore;
            for (int at = 0; at < bytes.Length && status == HandshakeStatus.NeedMore; at += step)
            {
                status = server.Read(Put(server.Head, bytes, at, step));
            }

            AssertEnd(expected, server.Error, status, request);
        }

        return server;
    }

    /// <summary>Gives a client the response to the example's key, likewise.</summary>
    public static ClientHandshake ReadResponse(string response, HandshakeError expected, params string[] subprotocols)
    {
        byte[] bytes = Bytes.Of(response);
        ClientHandshake client = NewClient(subprotocols);
        for (int step = bytes.Length; step > 0; step = step == 1 ? 0 : 1)
        {
            client = NewClient(subprotocols);
            HandshakeStatus status = HandshakeStatus.NeedMore;
            for (int at = 0; at < bytes.Length && status == HandshakeStatus.NeedMore; at += step)
            {
                status = client.Read(Put(client.Head, bytes, at, step));
            }

            AssertEnd(expected, client.Error, status, response);
        }

        return client;
    }

    /// <summary>A client that offers these subprotocols and no extension, with the example's key.</summary>
    public static ClientHandshake NewClient(params string[] subprotocols) => new(Buffer, Bytes.Of(Nonce), subprotocols, null);

    /// <summary>The client's request.</summary>
    public static byte[] Request(ClientHandshake client, string host, string path, params string[] headers)
    {
        byte[] output = new byte[BufferSize];
        return Bytes.Part(output, 0, client.WriteRequest(output, host, path, headers));
    }

    /// <summary>The server's answer that accepts.</summary>
    public static byte[] Answer(ServerHandshake server, string? subprotocol, DeflateParameters? deflate = null)
    {
        byte[] output = new byte[BufferSize];
        int count = server.WriteAccept(output, subprotocol, deflate == null ? null : DeflateNegotiation.WriteResponse(deflate));
        return Bytes.Part(output, 0, count);
    }

    private static ServerHandshake NewServer(int bufferSize) => new(bufferSize == BufferSize ? Buffer : new byte[bufferSize]);

    // As much as there is, and as fits.
    private static int Put(HttpHead head, byte[] bytes, int at, int step)
    {
        int count = bytes.Length - at < step ? bytes.Length - at : step;
        int room = head.Buffer.Length - head.Count;
        count = count < room ? count : room;
        Array.Copy(bytes, at, head.Buffer, head.Count, count);
        return count;
    }

    private static void AssertEnd(HandshakeError expected, HandshakeError actual, HandshakeStatus status, string head)
    {
        Assert.AreEqual((int)expected, (int)actual, head);
        Assert.AreEqual((int)(expected == HandshakeError.None ? HandshakeStatus.Done : HandshakeStatus.Refused), (int)status, head);
    }
}
