using System;
using System.Buffers.Binary;
using System.IO;
using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Text;
using System.Threading.Tasks;

namespace Ws.Micro.Desktop.Tests.Support;

/// <summary>The other end of a connection, played frame by frame.</summary>
internal sealed class RawPeer(Socket socket, bool isClient) : IDisposable
{
    private readonly NetworkStream _stream = new(socket, ownsSocket: true);

    internal Socket Socket => socket;

    /// <summary>One of our sockets, in the role asked for, and its peer, over loopback and with the opening handshake done.</summary>
    internal static async Task<(MicroWebSocket Socket, RawPeer Peer)> ConnectAsync(bool isServer, Action<MicroWebSocketOptions>? configure = null)
    {
        if (isServer)
        {
            MicroWebSocketListenerOptions options = new() { KeepAliveInterval = TimeSpan.Zero };
            configure?.Invoke(options);
            await using MicroWebSocketListener listener = new(new IPEndPoint(IPAddress.Loopback, 0), options);
            listener.Start();
            RawPeer client = await ConnectToAsync(listener.LocalEndPoint);
            await client.SendAsync(RawHttp.Request());
            string head = await client.ReadHeadAsync();
            Assert.StartsWith("HTTP/1.1 101 ", head);
            return (await listener.AcceptAsync().InTime(), client);
        }
        else
        {
            MicroWebSocketClientOptions options = new() { KeepAliveInterval = TimeSpan.Zero };
            configure?.Invoke(options);
            using TcpListener listener = new(IPAddress.Loopback, 0);
            listener.Start();
            Task<MicroWebSocket> connecting = MicroWebSocketClient.ConnectAsync(new Uri($"ws://{listener.LocalEndpoint}/"), options);
            RawPeer server = new(await listener.AcceptSocketAsync(Deadline.Token), isClient: false);
            await server.SendAsync(RawHttp.Accept(await server.ReadHeadAsync()));
            return (await connecting.InTime(), server);
        }
    }

    /// <summary>A socket made over a stream, ours or the framework's own, and its peer.</summary>
    internal static async Task<(WebSocket Socket, RawPeer Peer)> OverStreamAsync(bool isServer, Func<Stream, WebSocket> create)
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        Socket end = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await end.ConnectAsync(listener.LocalEndpoint, Deadline.Token);
        RawPeer peer = new(await listener.AcceptSocketAsync(Deadline.Token), isClient: isServer);
        return (create(new NetworkStream(end, ownsSocket: true)), peer);
    }

    internal static async Task<RawPeer> ConnectToAsync(EndPoint endPoint)
    {
        Socket socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(endPoint, Deadline.Token);
        return new RawPeer(socket, isClient: true);
    }

    internal async Task SendAsync(ReadOnlyMemory<byte> bytes) => await _stream.WriteAsync(bytes, Deadline.Token);

    internal Task SendAsync(string text) => SendAsync(Encoding.ASCII.GetBytes(text));

    internal Task SendFrameAsync(int firstByte, params byte[] payload) => SendAsync(Frame(firstByte, payload));

    internal Task SendCloseAsync(int code, string reason = "") =>
        SendFrameAsync(RawFrame.Fin | RawFrame.Close, RawFrame.ClosePayload(code, reason));

    internal byte[] Frame(int firstByte, params byte[] payload) => RawFrame.Bytes(firstByte, payload, isClient);

    /// <summary>The next frame; null where TCP has ended. A reset throws.</summary>
    internal async Task<RawFrame?> ReadFrameAsync()
    {
        byte[] head = new byte[8];
        if (await _stream.ReadAtLeastAsync(head.AsMemory(0, 2), 2, throwOnEndOfStream: false, Deadline.Token) == 0)
        {
            return null;
        }

        int firstByte = head[0];
        bool isMasked = (head[1] & 0x80) != 0;
        long length = head[1] & 0x7F;
        if (length >= 126)
        {
            int size = length == 126 ? 2 : 8;
            await _stream.ReadExactlyAsync(head.AsMemory(0, size), Deadline.Token);
            length = size == 2 ? BinaryPrimitives.ReadUInt16BigEndian(head) : BinaryPrimitives.ReadInt64BigEndian(head);
        }

        byte[] key = new byte[4];
        if (isMasked)
        {
            await _stream.ReadExactlyAsync(key, Deadline.Token);
        }

        byte[] payload = new byte[length];
        await _stream.ReadExactlyAsync(payload, Deadline.Token);
        for (int i = 0; i < payload.Length; i++)
        {
            payload[i] ^= key[i % 4];
        }

        return new RawFrame(firstByte, isMasked ? BitConverter.ToInt32(key) : null, payload);
    }

    /// <summary>Reads and drops so many bytes.</summary>
    internal async Task DropAsync(int count) => await _stream.ReadExactlyAsync(new byte[count], Deadline.Token);

    /// <summary>The head of an HTTP message, up to its empty line and no byte further.</summary>
    internal Task<string> ReadHeadAsync() => RawHttp.ReadHeadAsync(_stream);

    /// <summary>Reads up to the end of TCP. A reset throws.</summary>
    internal async Task<string> ReadToEndAsync()
    {
        using StreamReader reader = new(_stream, Encoding.Latin1, false, -1, leaveOpen: true);
        return await reader.ReadToEndAsync(Deadline.Token);
    }

    internal void EndSending() => socket.Shutdown(SocketShutdown.Send);

    /// <summary>Ends TCP with a reset.</summary>
    internal void Reset()
    {
        socket.LingerState = new LingerOption(true, 0);
        _stream.Dispose();
    }

    public void Dispose() => _stream.Dispose();
}
