using System;
using System.Buffers.Binary;
using System.IO;
using System.Net.Sockets;
using System.Text;

namespace Ws.Micro.Benchmarks.Bridge;

/// <summary>
/// As much of a WebSocket client as the load needs, over a socket that does not block, for one thread: it takes next to nothing beside what is
/// measured.
/// </summary>
internal sealed class RawWebSocket : IDisposable
{
    // The key of RFC 6455 §1.3 and its answer.
    private const string Key = "dGhlIHNhbXBsZSBub25jZQ==", Accept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

    private const byte Close = 0x88, Ping = 0x89, Pong = 0x8A;
    private const uint MaskKey = 0x5AC3_17E9;

    // All connections run on one thread, one after the other.
    private static readonly byte[] Output = new byte[64 * 1024];

    private byte[] _input = new byte[1024];
    private int _start;
    private int _end;

    private RawWebSocket(Socket socket) => Socket = socket;

    public Socket Socket { get; }

    /// <summary>Connects and shakes hands, which blocks.</summary>
    /// <exception cref="IOException">The server did not accept.</exception>
    public static RawWebSocket Open(Uri server, string? subprotocol)
    {
        Socket socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, LingerState = new LingerOption(true, 0), ReceiveTimeout = 30_000 };
        socket.Connect(server.Host, server.Port);
        string offer = subprotocol is null ? "" : $"Sec-WebSocket-Protocol: {subprotocol}\r\n";
        socket.Send(Encoding.ASCII.GetBytes(
            $"GET {server.AbsolutePath} HTTP/1.1\r\nHost: {server.Authority}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {Key}\r\n{offer}\r\n"));
        StringBuilder head = new();
        byte[] one = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            // What comes behind the head is a frame's.
            head.Append(socket.Receive(one) > 0 ? (char)one[0] : throw new IOException($"{server} ended the connection in its opening handshake: {head}"));
        }

        string answer = head.ToString();
        if (!answer.StartsWith("HTTP/1.1 101", StringComparison.Ordinal) || !answer.Contains(Accept, StringComparison.Ordinal)
            || (subprotocol is not null && !answer.Contains(subprotocol, StringComparison.Ordinal)))
        {
            throw new IOException($"{server} did not accept what was asked for: {answer}");
        }

        socket.Blocking = false;
        return new RawWebSocket(socket);
    }

    /// <summary>Sends a message of at most 60,000 bytes in one frame.</summary>
    /// <exception cref="IOException">The connection is lost, or takes no more.</exception>
    public void Send(bool isText, ReadOnlySpan<byte> payload) => SendFrame(isText ? (byte)0x81 : (byte)0x82, payload);

    /// <summary>Takes the payload of the next data frame that has arrived whole, or of what is there of none; pings are answered.</summary>
    /// <returns>False where there is none.</returns>
    public bool TryTake(out ReadOnlySpan<byte> payload)
    {
        while (TryTakeFrame(out byte first, out payload))
        {
            switch (first)
            {
                case Close:
                    throw new IOException($"The server closed a connection: {Encoding.UTF8.GetString(payload[2..])}");
                case Ping:
                    SendFrame(Pong, payload);
                    break;
                case Pong:
                    break;
                default:
                    return true;
            }
        }

        return false;
    }

    /// <summary>Reads what has arrived; <see cref="TryTake"/> gives it.</summary>
    /// <returns>False where nothing has.</returns>
    public bool Receive()
    {
        if (_start == _end)
        {
            _start = _end = 0;
        }
        else if (_end == _input.Length)
        {
            if (_start == 0)
            {
                Array.Resize(ref _input, 2 * _end);
            }

            _input.AsSpan(_start, _end - _start).CopyTo(_input);
            _end -= _start;
            _start = 0;
        }

        int n = Socket.Receive(_input.AsSpan(_end), SocketFlags.None, out SocketError error);
        if (error == SocketError.WouldBlock)
        {
            return false;
        }

        _end += error == SocketError.Success && n > 0 ? n : throw new IOException($"A connection ended: {error}.");
        return true;
    }

    public void Dispose() => Socket.Dispose();

    private bool TryTakeFrame(out byte first, out ReadOnlySpan<byte> payload)
    {
        ReadOnlySpan<byte> input = _input.AsSpan(_start, _end - _start);
        first = 0;
        payload = default;
        if (input.Length < 2)
        {
            return false;
        }

        int header = input[1] switch { 126 => 4, 127 => 10, _ => 2 };
        if (input.Length < header)
        {
            return false;
        }

        long length = header switch
        {
            4 => BinaryPrimitives.ReadUInt16BigEndian(input[2..]),
            10 => BinaryPrimitives.ReadInt64BigEndian(input[2..]),
            _ => input[1],
        };
        if (input.Length - header < length)
        {
            return false;
        }

        first = input[0];
        payload = input.Slice(header, (int)length);
        _start += header + payload.Length;
        return true;
    }

    private void SendFrame(byte first, ReadOnlySpan<byte> payload)
    {
        int at = 0;
        Output[at++] = first;
        if (payload.Length < 126)
        {
            Output[at++] = (byte)(0x80 | payload.Length);
        }
        else
        {
            Output[at++] = 0xFE;
            BinaryPrimitives.WriteUInt16BigEndian(Output.AsSpan(at), (ushort)payload.Length);
            at += 2;
        }

        Span<byte> key = Output.AsSpan(at, 4);
        BinaryPrimitives.WriteUInt32LittleEndian(key, MaskKey);
        at += 4;
        for (int i = 0; i < payload.Length; i++)
        {
            Output[at++] = (byte)(payload[i] ^ key[i & 3]);
        }

        int n = Socket.Send(Output.AsSpan(0, at), SocketFlags.None, out SocketError error);
        if (n != at)
        {
            throw new IOException(error is SocketError.Success or SocketError.WouldBlock ? "A server takes no more from a connection." : $"A connection failed: {error}.");
        }
    }
}
