using System;
using System.Collections.Generic;
using System.IO;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;

namespace Ws.Micro.Net.Tests;

/// <summary>A peer that is free to break every rule. It shares no code with the library.</summary>
internal sealed class RawPeer : IDisposable
{
    internal const int Text = 0x81;
    internal const int Close = 0x88;
    internal const int Ping = 0x89;
    internal const int Pong = 0x8A;

    private const string KeyHeader = "Sec-WebSocket-Key: ";
    private readonly Socket _socket;
    private readonly Stream _stream;
    private readonly bool _isClient;

    internal RawPeer(Socket socket, Stream stream, bool isClient)
    {
        _socket = socket;
        _stream = stream;
        _isClient = isClient;
        _socket.ReceiveTimeout = Loopback.LongWait;
        _socket.SendTimeout = Loopback.LongWait;
        _socket.NoDelay = true;
    }

    internal Stream Stream => _stream;

    /// <summary>What our side sent in the opening handshake, where this has done it.</summary>
    internal string Head { get; private set; } = "";

    /// <summary>A client that has connected and not said a word.</summary>
    internal static RawPeer Dial(int port)
    {
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Connect(IPAddress.Loopback, port);
        return new RawPeer(socket, new NetworkStream(socket), isClient: true);
    }

    /// <summary>A client that has done the opening handshake, with further header lines where given.</summary>
    internal static RawPeer Connect(int port, params string[] headers)
    {
        RawPeer peer = Dial(port);
        peer.Write("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n" + Lines(headers) + "\r\n");
        peer.Head = peer.ReadHead();
        Assert.StartsWith("HTTP/1.1 101 ", peer.Head, StringComparison.Ordinal);
        return peer;
    }

    /// <summary>A server that has taken a connection and not said a word.</summary>
    internal static RawPeer Take(TcpListener listener)
    {
        Socket socket = listener.AcceptSocket();
        return new RawPeer(socket, new NetworkStream(socket), isClient: false);
    }

    /// <summary>A server that has done the opening handshake, with further header lines where given.</summary>
    internal static RawPeer Accept(TcpListener listener, params string[] headers)
    {
        RawPeer peer = Take(listener);
        peer.AnswerHandshake(headers);
        return peer;
    }

    internal void AnswerHandshake(params string[] headers)
    {
        Head = ReadHead();
        Write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " + AcceptOf(Head) + "\r\n"
            + Lines(headers) + "\r\n");
    }

    /// <summary>What answers the key in a request's head (RFC 6455 §4.2.2).</summary>
    internal static string AcceptOf(string head)
    {
        int start = head.IndexOf(KeyHeader, StringComparison.Ordinal) + KeyHeader.Length;
        string key = head[start..head.IndexOf("\r\n", start, StringComparison.Ordinal)];
        return Convert.ToBase64String(SHA1.HashData(Encoding.ASCII.GetBytes(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")));
    }

    internal void Write(string text) => Write(Encoding.UTF8.GetBytes(text));

    internal void Write(byte[] bytes)
    {
        _stream.Write(bytes);
        _stream.Flush();
    }

    internal void WriteFrame(int firstByte, byte[] payload) => Write(Frame(firstByte, payload, _isClient));

    internal static byte[] Frame(int firstByte, byte[] payload, bool masked)
    {
        MemoryStream frame = new();
        frame.WriteByte((byte)firstByte);
        int mask = masked ? 0x80 : 0;
        int length = payload.Length;
        if (length < 126)
        {
            frame.WriteByte((byte)(mask | length));
        }
        else if (length < 65536)
        {
            frame.Write([(byte)(mask | 126), (byte)(length >> 8), (byte)length]);
        }
        else
        {
            frame.Write([(byte)(mask | 127), 0, 0, 0, 0, (byte)(length >> 24), (byte)(length >> 16), (byte)(length >> 8), (byte)length]);
        }

        byte[] key = [0xA1, 0x02, 0xC3, 0x44];
        if (masked)
        {
            frame.Write(key);
        }

        for (int i = 0; i < length; i++)
        {
            frame.WriteByte((byte)(masked ? payload[i] ^ key[i & 3] : payload[i]));
        }

        return frame.ToArray();
    }

    /// <summary>Reads to the empty line that ends an HTTP head.</summary>
    internal string ReadHead()
    {
        StringBuilder head = new();
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            int b = _stream.ReadByte();
            Assert.True(b >= 0, "The connection ended within the head: " + head);
            head.Append((char)b);
        }

        return head.ToString();
    }

    /// <summary>The next frame, unmasked; null where the connection ended in order. A reset throws.</summary>
    internal (int FirstByte, byte[] Payload)? ReadFrame()
    {
        int first = _stream.ReadByte();
        if (first < 0)
        {
            return null;
        }

        int second = ReadBytes(1)[0];
        int length = second & 0x7F;
        int extra = length == 126 ? 2 : length == 127 ? 8 : 0;
        if (extra > 0)
        {
            length = 0;
            foreach (byte b in ReadBytes(extra))
            {
                length = (length << 8) | b;
            }
        }

        Assert.Equal(!_isClient, (second & 0x80) != 0);
        byte[] key = _isClient ? [0, 0, 0, 0] : ReadBytes(4);
        byte[] payload = ReadBytes(length);
        for (int i = 0; i < length; i++)
        {
            payload[i] ^= key[i & 3];
        }

        return (first, payload);
    }

    /// <summary>Everything up to the end of the connection; a reset throws.</summary>
    internal byte[] ReadToEnd()
    {
        List<byte> bytes = [];
        for (int b = _stream.ReadByte(); b >= 0; b = _stream.ReadByte())
        {
            bytes.Add((byte)b);
        }

        return [.. bytes];
    }

    internal static byte[] CloseBody(int code, string reason = "") => [(byte)(code >> 8), (byte)code, .. Encoding.UTF8.GetBytes(reason)];

    /// <summary>Ends the connection by a reset.</summary>
    internal void Reset()
    {
        _socket.LingerState = new LingerOption(true, 0);
        _socket.Close();
    }

    public void Dispose()
    {
        _stream.Dispose();
        _socket.Dispose();
    }

    private static string Lines(string[] headers) => string.Concat(Array.ConvertAll(headers, header => header + "\r\n"));

    private byte[] ReadBytes(int count)
    {
        byte[] bytes = new byte[count];
        _stream.ReadExactly(bytes);
        return bytes;
    }
}
