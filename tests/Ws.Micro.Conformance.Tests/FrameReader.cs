using System;
using System.Buffers.Binary;
using System.IO;
using System.Text.Unicode;
using System.Threading.Tasks;

namespace Ws.Micro.Conformance.Tests;

/// <summary>Reads what the stack under test sends and holds it to RFC 6455, rule by rule.</summary>
internal sealed class FrameReader
{
    private readonly Stream _stream;
    private readonly bool _masked;
    private readonly DeflateCodec? _deflate;
    private readonly byte[] _header = new byte[14];
    private readonly MemoryStream _message = new();
    private int _messageOpcode;
    private bool _messageCompressed;
    private bool _closed;

    /// <param name="stream">Must be buffered: the reader asks for a few bytes at a time.</param>
    /// <param name="masked">Whether the frames must be masked: they come from a client.</param>
    /// <param name="deflate">permessage-deflate where it was agreed on; else null.</param>
    public FrameReader(Stream stream, bool masked, DeflateCodec? deflate)
    {
        _stream = stream;
        _masked = masked;
        _deflate = deflate;
    }

    /// <summary>The next event; after End, Reset and Violation there is none.</summary>
    public async Task<PeerEvent> ReadAsync()
    {
        try
        {
            for (; ; )
            {
                if (await _stream.ReadAtLeastAsync(_header.AsMemory(0, 1), 1, throwOnEndOfStream: false) == 0)
                {
                    return PeerEvent.End;
                }

                if (_closed)
                {
                    return PeerEvent.Violation("bytes after the close frame (§5.5.1)");
                }

                if (await ReadFrameAsync() is PeerEvent seen)
                {
                    return seen;
                }
            }
        }
        catch (EndOfStreamException)
        {
            return PeerEvent.Violation("TCP ended inside a frame");
        }
        catch (IOException)
        {
            return new PeerEvent(EventKind.Reset, []);
        }
    }

    private async Task<PeerEvent?> ReadFrameAsync()
    {
        await _stream.ReadExactlyAsync(_header.AsMemory(1, 1));
        bool fin = (_header[0] & 0x80) != 0;
        int opcode = _header[0] & 0x0F;
        bool compressed = (_header[0] & 0x40) != 0;
        if ((_header[0] & 0x30) != 0 || (compressed && _deflate is null))
        {
            return PeerEvent.Violation("RSV bit set with no extension agreed (§5.2)");
        }

        if (compressed && opcode is not (Frame.TextOpcode or Frame.BinaryOpcode))
        {
            return PeerEvent.Violation($"RSV1 on a frame that begins no message, opcode {opcode} (RFC 7692 §6.1)");
        }

        if (opcode is (> 2 and < 8) or > 10)
        {
            return PeerEvent.Violation($"reserved opcode {opcode} (§5.2)");
        }

        if ((_header[1] & 0x80) != 0 != _masked)
        {
            return PeerEvent.Violation(_masked ? "frame of a client is not masked (§5.1)" : "frame of a server is masked (§5.1)");
        }

        long length = _header[1] & 0x7F;
        if (length == 126)
        {
            await _stream.ReadExactlyAsync(_header.AsMemory(2, 2));
            length = BinaryPrimitives.ReadUInt16BigEndian(_header.AsSpan(2));
            if (length < 126)
            {
                return PeerEvent.Violation($"length {length} in the 16-bit form (§5.2)");
            }
        }
        else if (length == 127)
        {
            await _stream.ReadExactlyAsync(_header.AsMemory(2, 8));
            length = BinaryPrimitives.ReadInt64BigEndian(_header.AsSpan(2));
            if (length < 65536)
            {
                return PeerEvent.Violation($"length {length} in the 64-bit form (§5.2)");
            }
        }
        if (opcode >= 8 && (!fin || length > 125))
        {
            return PeerEvent.Violation("control frame fragmented or over 125 bytes (§5.5)");
        }

        if (length > ConformanceCase.LargestMessage)
        {
            return PeerEvent.Violation($"frame of {length} bytes, more than was ever sent");
        }

        byte[] payload = new byte[length];
        if (_masked)
        {
            await _stream.ReadExactlyAsync(_header.AsMemory(10, 4));
        }

        await _stream.ReadExactlyAsync(payload);
        for (int i = 0; _masked && i < payload.Length; i++)
        {
            payload[i] ^= _header[10 + i % 4];
        }

        return opcode >= 8 ? Control(opcode, payload) : Data(opcode, fin, compressed, payload);
    }

    private PeerEvent Control(int opcode, byte[] payload)
    {
        if (opcode != Frame.CloseOpcode)
        {
            return new PeerEvent(opcode == Frame.PingOpcode ? EventKind.Ping : EventKind.Pong, payload);
        }

        _closed = true;
        PeerEvent close = new(EventKind.Close, payload);
        if (payload.Length == 1)
        {
            return PeerEvent.Violation("close payload of 1 byte (§5.5.1)");
        }

        if (payload.Length >= 2 && close.CloseCode is < 1000 or 1004 or 1005 or 1006 or (> 1014 and < 3000) or > 4999)
        {
            return PeerEvent.Violation($"close code {close.CloseCode} on the wire (§7.4)");
        }

        if (payload.Length > 2 && !Utf8.IsValid(payload.AsSpan(2)))
        {
            return PeerEvent.Violation("close reason is not UTF-8 (§5.5.1)");
        }

        return close;
    }

    private PeerEvent? Data(int opcode, bool fin, bool compressed, byte[] payload)
    {
        if (opcode == Frame.ContinuationOpcode != (_messageOpcode != 0))
        {
            return PeerEvent.Violation(opcode == 0 ? "continuation of nothing (§5.4)" : "new message inside a message (§5.4)");
        }

        if (opcode != Frame.ContinuationOpcode)
        {
            _messageOpcode = opcode;
            _messageCompressed = compressed;
        }

        _message.Write(payload);
        if (_message.Length > ConformanceCase.LargestMessage)
        {
            return PeerEvent.Violation("message longer than was ever sent");
        }

        if (!fin)
        {
            return null;
        }

        byte[] message = _message.ToArray();
        bool isText = _messageOpcode == Frame.TextOpcode;
        _message.SetLength(0);
        _messageOpcode = 0;
        if (_deflate is not null)
        {
            int wireBytes = message.Length;
            try
            {
                message = _messageCompressed ? _deflate.Inflate(message) : message;
            }
            catch (InvalidDataException e)
            {
                return PeerEvent.Violation(e.Message);
            }

            _deflate.Count(wireBytes, message.Length);
        }

        return isText && !Utf8.IsValid(message)
            ? PeerEvent.Violation("text is not UTF-8 (§5.6)")
            : new PeerEvent(isText ? EventKind.Text : EventKind.Binary, message);
    }
}
