using System;
using nanoFramework.TestFramework;
using Ws.Micro.Handshake;

namespace Ws.Micro.NanoTests.Support;

/// <summary>One end of a <see cref="Pair"/>: an engine, and what a shell around it does, with a buffer for a socket.</summary>
internal sealed class Peer
{
    private const int InboxSize = 1024;
    private const int FrameSize = 48;

    private readonly WebSocketEngine _engine;
    private readonly Recorder _recorder = new(1024);
    private readonly byte[] _send = new byte[WebSocketEngine.Headroom + 131];
    private readonly byte[] _inbox = new byte[InboxSize];
    private readonly int _pieceSize;
    private int _inboxCount;
    private int _maskKey = 0x2545F491;

    public Peer(bool isServer, DeflateParameters? agreed, int pieceSize)
    {
        _engine = new WebSocketEngine(isServer, 4096, agreed == null ? null : Compression.New(isServer, agreed));
        _pieceSize = pieceSize;
    }

    /// <summary>Who gets what this one writes.</summary>
    public Peer? Other { get; set; }

    public WebSocketEngine Engine => _engine;

    public Recorder Recorder => _recorder;

    /// <summary>Whether bytes have arrived that are not read.</summary>
    public bool HasInput => _inboxCount > 0;

    /// <summary>Bytes written so far.</summary>
    public int Sent { get; private set; }

    /// <summary>Sends a message, or a fragment of one, in as many frames of at most 48 bytes as it takes, encoded if agreed and if it gains.</summary>
    public void Send(byte[] data, bool isText, bool isLast = true, bool compress = true)
    {
        int at = 0;
        bool encoded = _engine.BeginEncode(data.Length, isLast, compress);
        while (encoded)
        {
            int count = _engine.WriteEncoded(data, at, data.Length - at, isText, isLast, _send, NextKey());
            if (count == 0)
            {
                Assert.AreEqual(0, at, "what has gone out encoded is not taken back");
                break;
            }

            Write(_engine.EncodedFrameOffset, count);
            at += _engine.EncodeTaken;
            if (_engine.EncodeDone)
            {
                Assert.AreEqual(data.Length, at, "bytes taken");
                return;
            }
        }

        do
        {
            int count = data.Length - at < FrameSize ? data.Length - at : FrameSize;
            Array.Copy(data, at, _send, WebSocketEngine.Headroom, count);
            at += count;
            int header = _engine.BeginFrame(_send, WebSocketEngine.Headroom, count, isText, isLast && at == data.Length, false, NextKey());
            Assert.IsTrue(header > 0, "data may be sent");
            _engine.Mask(_send, WebSocketEngine.Headroom, count);
            Write(WebSocketEngine.Headroom - header, header + count);
        }
        while (at < data.Length);
    }

    public void Ping(byte[] payload) => Write(0, _engine.WritePing(_send, 0, payload, 0, payload.Length, NextKey()));

    public void Close(int code, string reason)
    {
        byte[] text = Bytes.Of(reason);
        Write(0, _engine.WriteClose(_send, 0, code, text, 0, text.Length, NextKey()));
    }

    /// <summary>Reads what has arrived, piece by piece; answers pings, the peer's close frame and its faults.</summary>
    public void Read()
    {
        int count = _inboxCount;
        _inboxCount = 0;
        for (int at = 0; at < count; at += _pieceSize)
        {
            int left = count - at < _pieceSize ? count - at : _pieceSize;
            int offset = at;
            EngineEvent found;
            do
            {
                found = _engine.Receive(_inbox, offset, left, 0);
                offset += _engine.Taken;
                left -= _engine.Taken;
                _recorder.Record(_engine, found);
                if (found == EngineEvent.Ping)
                {
                    Write(0, _engine.WritePong(_send, 0, NextKey()));
                }
                else if (found == EngineEvent.Close || found == EngineEvent.Failed)
                {
                    Write(0, _engine.WriteClose(_send, 0, _engine.CloseCode, _send, 0, 0, NextKey()));
                }
            }
            while (found != EngineEvent.None);
        }
    }

    private void Write(int offset, int count)
    {
        Peer other = Other!;
        Assert.IsTrue(other._inboxCount + count <= InboxSize, "the other end reads too seldom");
        Array.Copy(_send, offset, other._inbox, other._inboxCount, count);
        other._inboxCount += count;
        Sent += count;
    }

    // Fresh for each frame, and the same in every run.
    private int NextKey()
    {
        _maskKey = unchecked((_maskKey * 1664525) + 1013904223);
        return _maskKey;
    }
}
