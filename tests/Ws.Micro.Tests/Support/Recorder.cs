using System;
using System.Collections.Generic;
using System.Linq;
using System.Security.Cryptography;
using System.Text;

namespace Ws.Micro.Tests.Support;

/// <summary>
/// Feeds an engine its input in pieces, from a buffer with guard bytes around each piece, and writes down what it reports. Parts of a message
/// that follow each other are joined, since their borders are those of the pieces. Allocates nothing while it feeds.
/// </summary>
internal sealed class Recorder
{
    private const int Guard = 16;

    private readonly Entry[] _entries;
    private readonly byte[] _payloads;
    private readonly byte[] _work;
    private readonly byte _guardByte;
    private int _entryCount;
    private int _payloadCount;

    /// <param name="capacity">The longest input, in bytes.</param>
    /// <param name="guardByte">What stands around each piece: events that change with it show a read outside the piece.</param>
    public Recorder(int capacity, byte guardByte)
    {
        _entries = new Entry[capacity + 8];
        _payloads = new byte[(3 * capacity) + 8];
        _work = new byte[capacity + (2 * Guard)];
        _guardByte = guardByte;
    }

    /// <summary>The events, one line each. What was delivered of a message that then failed depends on the pieces, and is left out.</summary>
    public IEnumerable<string> Lines
    {
        get
        {
            for (int i = 0; i < _entryCount; i++)
            {
                bool cutShort = i + 1 < _entryCount
                    && _entries[i].Event == EngineEvent.Data && !_entries[i].IsLast && _entries[i + 1].Event == EngineEvent.Failed;
                if (!cutShort)
                {
                    yield return Line(_entries[i]);
                }
            }
        }
    }

    /// <summary>Forgets the events.</summary>
    public void Clear() => _entryCount = _payloadCount = 0;

    /// <summary>Gives the engine the input in pieces of one size, the last perhaps smaller.</summary>
    public void Feed(WebSocketEngine engine, byte[] input, int pieceSize, long now = 0)
    {
        for (int at = 0; at < input.Length; at += pieceSize)
        {
            FeedPiece(engine, input, at, Math.Min(pieceSize, input.Length - at), now);
        }
    }

    /// <summary>Gives the engine one piece and takes every event that it holds.</summary>
    public void FeedPiece(WebSocketEngine engine, byte[] input, int offset, int count, long now = 0)
    {
        Array.Fill(_work, _guardByte, 0, Guard);
        Array.Copy(input, offset, _work, Guard, count);
        Array.Fill(_work, _guardByte, Guard + count, Guard);
        int at = Guard;
        int end = Guard + count;
        EngineEvent found;
        do
        {
            found = engine.Receive(_work, at, end - at, now);
            if (engine.Taken < 0 || engine.Taken > end - at)
            {
                throw new InvalidOperationException("The engine took bytes that it was not given.");
            }

            at += engine.Taken;
            if (found == EngineEvent.Data && ReferenceEquals(engine.Data, _work)
                && (engine.DataOffset < Guard || engine.DataOffset + engine.DataCount > end))
            {
                throw new InvalidOperationException("The engine reported bytes that it was not given.");
            }

            Record(engine, found);
        }
        while (found != EngineEvent.None);

        if (at != end)
        {
            throw new InvalidOperationException("The engine reported None and left input.");
        }

        for (int i = 0; i < Guard; i++)
        {
            if (_work[i] != _guardByte || _work[end + i] != _guardByte)
            {
                throw new InvalidOperationException("The engine wrote outside its input.");
            }
        }
    }

    /// <summary>Writes down the event that the engine just reported.</summary>
    public void Record(WebSocketEngine engine, EngineEvent found)
    {
        if (found == EngineEvent.None)
        {
            return;
        }

        bool isData = found == EngineEvent.Data;
        bool isFailure = found == EngineEvent.Failed;
        byte[] source = isData ? engine.Data : engine.ControlPayload;
        int offset = isData ? engine.DataOffset : 0;
        int count = isData ? engine.DataCount : isFailure ? 0 : engine.ControlPayloadCount;
        bool joined = isData && !engine.IsFirst && _entryCount > 0 && _entries[_entryCount - 1].Event == EngineEvent.Data;
        if (joined)
        {
            _entryCount--;
        }

        ref Entry entry = ref _entries[_entryCount++];
        Array.Copy(source, offset, _payloads, _payloadCount, count);
        entry.Event = found;
        entry.Start = joined ? entry.Start : _payloadCount;
        _payloadCount += count;
        entry.Count = _payloadCount - entry.Start;
        entry.IsText = engine.IsText;
        entry.IsFirst = joined ? entry.IsFirst : engine.IsFirst;
        entry.IsLast = engine.IsLast;
        entry.Error = engine.Error;
        entry.CloseCode = engine.CloseCode;
    }

    /// <summary>Bytes as a line shows them: text in quotes, the rest in hexadecimal, what is long by its hash.</summary>
    public static string Show(ReadOnlySpan<byte> bytes, bool isText)
    {
        if (bytes.Length > 64)
        {
            return bytes.Length + " bytes " + Convert.ToHexString(SHA256.HashData(bytes), 0, 4);
        }

        return isText
            ? '"' + string.Concat(bytes.ToArray().Select(b => b is >= 0x20 and < 0x7F ? ((char)b).ToString() : $"\\x{b:X2}")) + '"'
            : string.Join(' ', bytes.ToArray().Select(b => b.ToString("X2")));
    }

    private string Line(Entry entry)
    {
        ReadOnlySpan<byte> payload = _payloads.AsSpan(entry.Start, entry.Count);
        return entry.Event switch
        {
            EngineEvent.Data => (entry.IsText ? "text " : "binary ") + Show(payload, entry.IsText)
                + (entry.IsFirst ? " first" : "") + (entry.IsLast ? " last" : ""),
            EngineEvent.Ping => "ping " + Show(payload, isText: false),
            EngineEvent.Pong => "pong " + Show(payload, isText: false),
            EngineEvent.Close => "close " + entry.CloseCode + " " + Show(payload.Length > 2 ? payload[2..] : default, isText: true),
            _ => "failed " + entry.Error + " " + entry.CloseCode,
        };
    }

    private struct Entry
    {
        public EngineEvent Event;
        public int Start;
        public int Count;
        public bool IsText;
        public bool IsFirst;
        public bool IsLast;
        public Framing.ProtocolError Error;
        public int CloseCode;
    }
}
