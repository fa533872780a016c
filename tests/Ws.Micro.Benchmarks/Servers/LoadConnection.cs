using System;
using System.IO;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Ws.Micro.Benchmarks.Deflate;

namespace Ws.Micro.Benchmarks.Servers;

/// <summary>One client of the load: shakes hands, sends the traffic's frames, and checks that each message comes back as it was.</summary>
internal sealed class LoadConnection : IDisposable
{
    // The key of RFC 6455 §1.3 and its answer.
    private const string Key = "dGhlIHNhbXBsZSBub25jZQ==", Accept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

    // All connections run on one thread, one after the other.
    private static readonly byte[] Scratch = new byte[512 * 1024];

    private readonly Socket _socket;
    private readonly Traffic _traffic;
    private readonly PerMessageDeflate? _deflate;
    private readonly byte[] _header = new byte[10];

    // What is to be sent: messages up to this number, of the first of them this many bytes are out.
    private long _due;
    private long _sent;
    private int _sentOfFrame;

    // The frame that is arriving, and what of its message has come before.
    private int _headerCount;
    private long _remaining;
    private int _messageCount;
    private bool _encoded;

    private LoadConnection(Socket socket, Traffic traffic, PerMessageDeflate? deflate)
    {
        _socket = socket;
        _traffic = traffic;
        _deflate = deflate;
    }

    public Socket Socket => _socket;

    /// <summary>Messages that have come back.</summary>
    public long Echoed { get; private set; }

    /// <summary>Messages asked to be sent.</summary>
    public long Due => _due;

    /// <summary>Connects and shakes hands, which blocks.</summary>
    /// <exception cref="IOException">The server did not accept.</exception>
    public static LoadConnection Open(IPEndPoint server, Traffic traffic)
    {
        Socket socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, LingerState = new LingerOption(true, 0), ReceiveTimeout = 30_000 };
        socket.Connect(server);
        string offer = traffic.WindowBits == 0 ? ""
            : $"Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits={traffic.WindowBits}; client_max_window_bits={traffic.WindowBits}\r\n";
        socket.Send(Encoding.ASCII.GetBytes(
            $"GET / HTTP/1.1\r\nHost: {server}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {Key}\r\n{offer}\r\n"));
        int count = 0;
        string head = "";
        while (!head.EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            int n = socket.Receive(Scratch.AsSpan(count, 4096));
            count += n > 0 ? n : throw new IOException($"The server ended the connection in its opening handshake: {head}");
            head = Encoding.ASCII.GetString(Scratch, 0, count);
        }

        bool deflate = head.Contains("permessage-deflate", StringComparison.Ordinal);
        if (!head.StartsWith("HTTP/1.1 101", StringComparison.Ordinal) || !head.Contains(Accept, StringComparison.Ordinal)
            || deflate != (traffic.WindowBits > 0) || (deflate && traffic.WindowBits < 15 && !head.Contains($"server_max_window_bits={traffic.WindowBits}", StringComparison.Ordinal)))
        {
            throw new IOException($"The server did not accept what was asked for: {head}");
        }

        socket.Blocking = false;
        return new LoadConnection(socket, traffic, deflate ? Sockets.Codecs(false, traffic.WindowBits, Sockets.OnDotnet) : null);
    }

    /// <summary>Asks for so many more messages, and sends what the connection takes; the rest goes out by <see cref="Continue"/>.</summary>
    public void Send(int messages)
    {
        _due += messages;
        Continue();
    }

    /// <summary>Sends what is left of what was asked for. Frames that wait go out together.</summary>
    public void Continue()
    {
        while (_sent < _due)
        {
            int count = 0;
            int skipped = _sentOfFrame;
            for (long i = _sent; i < _due && count + _traffic.FrameOf(i).Length - skipped <= Scratch.Length; i++)
            {
                byte[] frame = _traffic.FrameOf(i);
                frame.AsSpan(skipped).CopyTo(Scratch.AsSpan(count));
                count += frame.Length - skipped;
                skipped = 0;
            }

            int n = _socket.Send(Scratch.AsSpan(0, count), SocketFlags.None, out SocketError error);
            if (error == SocketError.WouldBlock)
            {
                return;
            }

            Check(error);
            _sentOfFrame += n;
            while (_sent < _due && _sentOfFrame >= _traffic.FrameOf(_sent).Length)
            {
                _sentOfFrame -= _traffic.FrameOf(_sent).Length;
                _sent++;
            }
        }
    }

    /// <summary>Takes what has arrived.</summary>
    /// <returns>How many messages that completed.</returns>
    /// <exception cref="IOException">The connection is lost, or what came back is not what was sent.</exception>
    public int Receive()
    {
        long before = Echoed;
        while (true)
        {
            int n = _socket.Receive(Scratch, SocketFlags.None, out SocketError error);
            if (error == SocketError.WouldBlock)
            {
                return (int)(Echoed - before);
            }

            Check(error);
            if (n == 0)
            {
                throw new IOException("The server ended a connection.");
            }

            Take(Scratch.AsSpan(0, n));
            if (n < Scratch.Length)
            {
                return (int)(Echoed - before);
            }
        }
    }

    public void Dispose() => _socket.Dispose();

    private static void Check(SocketError error)
    {
        if (error != SocketError.Success)
        {
            throw new IOException($"A connection failed: {error}.");
        }
    }

    private void Take(Span<byte> input)
    {
        while (!input.IsEmpty)
        {
            if (_remaining == 0)
            {
                _header[_headerCount++] = input[0];
                input = input[1..];
                int size = _headerCount < 2 ? 2 : (_header[1] & 127) switch { 126 => 4, 127 => 10, _ => 2 };
                if (_headerCount < size)
                {
                    continue;
                }

                BeginFrame(size);
            }

            int n = (int)Math.Min(_remaining, input.Length);
            if (_encoded)
            {
                Decode(input[..n]);
            }
            else
            {
                Compare(input[..n]);
            }

            _remaining -= n;
            input = input[n..];
            if (_remaining == 0)
            {
                EndFrame();
            }
        }
    }

    private void BeginFrame(int headerSize)
    {
        bool first = (_header[0] & 0x0F) != 0;
        if ((_header[0] & 0x0F) > 2 || first != (_messageCount == 0 && !_encoded))
        {
            throw new IOException($"The server sent a frame out of place, with opcode {_header[0] & 0x0F}.");
        }

        _remaining = headerSize == 2 ? _header[1] : 0;
        for (int i = 2; i < headerSize; i++)
        {
            _remaining = (_remaining << 8) | _header[i];
        }

        if (first && (_header[0] & 0x40) != 0)
        {
            _encoded = true;
            _deflate!.BeginDecode();
        }
    }

    private void EndFrame()
    {
        _headerCount = 0;
        if ((_header[0] & 0x80) != 0)
        {
            if (_messageCount != _traffic.MessageOf(Echoed).Length)
            {
                throw new IOException($"Message {Echoed} came back with {_messageCount} bytes.");
            }

            Echoed++;
            _messageCount = 0;
            _encoded = false;
        }
    }

    private void Decode(Span<byte> input)
    {
        // The decoder takes arrays; what arrives for a deflated message is small.
        byte[] bytes = input.ToArray();
        bool endOfMessage = input.Length == _remaining && (_header[0] & 0x80) != 0;
        int at = 0;
        do
        {
            if (!_deflate!.Decode(bytes, at, bytes.Length - at, endOfMessage))
            {
                throw new IOException($"Message {Echoed} came back broken.");
            }

            at += _deflate.DecodeTaken;
            Compare(_deflate.Decoded.AsSpan(_deflate.DecodedOffset, _deflate.DecodedCount));
        }
        while (endOfMessage ? !_deflate.DecodeDone : at < bytes.Length);
    }

    private void Compare(ReadOnlySpan<byte> part)
    {
        ReadOnlySpan<byte> message = _traffic.MessageOf(Echoed);
        if (part.Length > message.Length - _messageCount || !part.SequenceEqual(message.Slice(_messageCount, part.Length)))
        {
            throw new IOException($"Message {Echoed} came back changed.");
        }

        _messageCount += part.Length;
    }
}
