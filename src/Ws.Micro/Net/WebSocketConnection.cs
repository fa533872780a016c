using System;
using Ws.Micro.Framing;
using Ws.Micro.Handshake;

namespace Ws.Micro.Net;

/// <summary>
/// A WebSocket connection for a program that blocks: one thread sends and receives, and every call has its deadline. In steady state it
/// allocates nothing. Not safe for use by two threads at once, but for <see cref="Dispose"/>, which ends a call that waits.
/// <para>Memory: the receive and send buffers, about 1 KB for the engine and this object, with permessage-deflate what its options allow, and
/// what the socket takes.</para>
/// <para>What it tells stands in fields, which it alone writes: on the device each property costs a call, and 40 bytes of flash.</para>
/// </summary>
public sealed partial class WebSocketConnection : IDisposable
{
    // How long to wait for the peer to end the connection where we cannot end our direction alone.
    private const int LingerWithoutEndWrite = 500;

    private readonly bool _isServer;
    private readonly Transport _transport;
    private readonly WebSocketEngine _engine;
    private readonly byte[] _receiveBuffer;
    private readonly byte[] _sendBuffer;
    private readonly byte[] _random = new byte[32];
    private readonly WebSocketOptions _options;
    private readonly bool _encodes;
    private int _randomLeft;

    // What has arrived and not been read: at first perhaps in the handshake's buffer, then in ours.
    private byte[] _input;
    private int _inputOffset;
    private int _inputCount;

    private long _lastHeard;
    private long _pingedAt;
    private bool _over;

    internal WebSocketConnection(
        Transport transport, bool isServer, WebSocketOptions options, string path, string? subprotocol, WebSocketEngine? engine, HttpHead head)
    {
        _isServer = isServer;
        _transport = transport;
        _encodes = engine != null;
        _engine = engine ?? new WebSocketEngine(isServer, options.MaxMessageSize);
        _receiveBuffer = new byte[options.ReceiveBufferSize];
        _sendBuffer = new byte[options.SendBufferSize];
        _options = options;
        Data = _receiveBuffer;
        _input = head.Buffer;
        _inputOffset = head.Length;
        _inputCount = head.Count - head.Length;
        _lastHeard = Environment.TickCount64;
        Path = path;
        Subprotocol = subprotocol;
    }

    /// <summary>The path and query that the connection was made with.</summary>
    public readonly string Path;

    /// <summary>The subprotocol agreed, or null.</summary>
    public readonly string? Subprotocol;

    /// <summary>Where the connection stands.</summary>
    public EngineState State => _over ? EngineState.Closed : _engine.State;

    /// <summary>Holds the part of a message that the last <see cref="Receive"/> gave, until the next call. Only read it: it may be what later messages refer to.</summary>
    public byte[] Data;

    /// <summary>Where in <see cref="Data"/> it begins.</summary>
    public int DataOffset;

    /// <summary>How many bytes it has.</summary>
    public int DataCount;

    /// <summary>Whether the message is text, which is valid UTF-8.</summary>
    public bool IsText;

    /// <summary>Whether the part begins its message.</summary>
    public bool IsFirst;

    /// <summary>Whether the part ends its message.</summary>
    public bool IsLast;

    /// <summary>Once closed: the peer's close code, 1005 where it gave none, 1006 where the connection was lost, or ours where the peer broke a rule. Before: 0.</summary>
    public int CloseCode;

    /// <summary>The peer's reason, "" where it gave none, null before its close frame.</summary>
    public string? CloseReason;

    /// <summary>The rule that the peer broke, if that ended the connection.</summary>
    public ProtocolError Error;

    /// <summary>What was being done when the connection was lost, with close code 1006; <see cref="ConnectionStep.None"/> where it was not.</summary>
    public ConnectionStep LostAt;

    /// <summary>Milliseconds since the peer was last heard from.</summary>
    public long Silence => Environment.TickCount64 - _lastHeard;

    /// <summary>
    /// Waits up to <paramref name="timeout"/> milliseconds (0: only what one read brings; -1: without limit) for the next part of a message.
    /// Answers pings and the peer's close frame, and sends pings of its own after a silence; where the peer takes nothing, that may take the
    /// send timeout more. Never throws for what the peer does.
    /// </summary>
    public ReceiveStatus Receive(int timeout)
    {
        long deadline = timeout < 0 ? long.MaxValue : Environment.TickCount64 + timeout;
        int n = 0;
        while (!_over)
        {
            long now = Environment.TickCount64;
            switch (Parse(now))
            {
                case EngineEvent.Data:
                    WebSocketEngine engine = _engine;
                    Data = engine.Data;
                    DataOffset = engine.DataOffset;
                    DataCount = engine.DataCount;
                    IsText = engine.IsText;
                    IsFirst = engine.IsFirst;
                    IsLast = engine.IsLast;
                    return ReceiveStatus.Data;
                case EngineEvent.Pong:
                    return ReceiveStatus.Pong;
                case EngineEvent.Close:
                case EngineEvent.Failed:
                    AnswerClose();
                    return ReceiveStatus.Closed;
            }

            if (n > 0 && now >= deadline)
            {
                // Bytes that are no part of a message, such as pings, could come without end.
                return ReceiveStatus.Timeout;
            }

            long wake = KeepAlive(now);
            n = _over ? 0 : Fill(Transport.TimeLeft(wake < deadline ? wake : deadline));
            if (n == 0)
            {
                Lose(ConnectionStep.Receive);
            }
            else if (n == Transport.TimedOut)
            {
                now = Environment.TickCount64;
                if (_pingedAt != 0 && now - _pingedAt >= _options.KeepAliveTimeout)
                {
                    Lose(ConnectionStep.KeepAlive);
                }
                else if (now >= deadline)
                {
                    return ReceiveStatus.Timeout;
                }
            }
        }

        return ReceiveStatus.Closed;
    }

    /// <summary>
    /// Sends a message, or a fragment of one where <paramref name="isLast"/> is false; the last fragment may be empty. The caller's bytes are
    /// not changed. It returns when the system has taken the bytes; only an answer shows that the peer has them.
    /// </summary>
    /// <param name="data">Holds the bytes to send.</param>
    /// <param name="offset">Where they begin.</param>
    /// <param name="count">How many there are.</param>
    /// <param name="isText">Whether the message is text; the bytes of all its fragments must be valid UTF-8.</param>
    /// <param name="isLast">Whether this ends the message.</param>
    /// <param name="compress">Whether the message may be compressed, where that was agreed; read with its first fragment. Say false for what holds a secret beside text of others.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="offset"/> and <paramref name="count"/> do not lie within <paramref name="data"/>; nothing was sent.</exception>
    /// <exception cref="WebSocketConnectionException">The connection is closing, or was lost, or took longer than the send timeout, which ends it.</exception>
    public void Send(byte[] data, int offset, int count, bool isText, bool isLast = true, bool compress = true)
    {
        if (offset < 0 || count < 0 || count > data.Length - offset)
        {
            throw new ArgumentOutOfRangeException(nameof(count));
        }

        if (_encodes)
        {
            bool sent = false;
            SendEncoded(data, offset, count, isText, isLast, compress, ref sent);
            if (sent)
            {
                return;
            }
        }

        const int Headroom = WebSocketEngine.Headroom;
        int header = _over ? 0 : _engine.BeginFrame(_sendBuffer, Headroom, count, isText, isLast, false, NextMaskKey());
        if (header == 0)
        {
            throw new WebSocketConnectionException(ConnectionStep.Send, "The connection is closed: " + CloseCode.ToString());
        }

        int start = Headroom - header;
        int room = _sendBuffer.Length - Headroom;
        int at = Headroom;
        do
        {
            int n = count < room ? count : room;
            Array.Copy(data, offset, _sendBuffer, at, n);
            _engine.Mask(_sendBuffer, at, n);
            WriteOrLose(start, at - start + n);
            offset += n;
            count -= n;
            start = 0;
            at = 0;
            room = _sendBuffer.Length;
        }
        while (count > 0);
    }

    /// <summary>Sends an empty ping; <see cref="Receive"/> reports the pong. Does nothing once the connection is closing.</summary>
    public void Ping()
    {
        if (!_over && !Write(_engine.WritePing(_sendBuffer, 0, _sendBuffer, 0, 0, NextMaskKey())))
        {
            Lose(ConnectionStep.Send);
        }
    }

    /// <summary>
    /// Closes: sends a close frame, waits for the peer's within the close timeout (messages that still arrive are dropped), and ends the
    /// connection. Does nothing where it is over.
    /// </summary>
    /// <param name="code">1000 to 1003, 1007 to 1014, 3000 to 4999, or 1005 for none.</param>
    /// <param name="reason">At most 123 bytes of UTF-8; null for none. Without a code it is not sent.</param>
    /// <exception cref="ArgumentException">One is not of its form; nothing was sent.</exception>
    public void Close(int code = Framing.CloseCode.NormalClosure, string? reason = null)
    {
        byte[] text = System.Text.Encoding.UTF8.GetBytes(reason ?? "");
        if (code != Framing.CloseCode.NoStatusReceived && !Framing.CloseCode.IsValidOnWire(code))
        {
            throw new ArgumentOutOfRangeException(nameof(code), "Close code " + code.ToString() + " must be 1000-1003, 1007-1014, 3000-4999, or 1005.");
        }

        if (text.Length > Limits.MaxControlPayload - 2)
        {
            throw new ArgumentException("The reason has " + text.Length.ToString() + " bytes; at most 123 are allowed.", nameof(reason));
        }

        if (_over)
        {
            return;
        }

        long deadline = Environment.TickCount64 + _options.CloseTimeout;
        if (!Write(_engine.WriteClose(_sendBuffer, 0, code, text, 0, text.Length, NextMaskKey())))
        {
            Lose(ConnectionStep.Close);
        }

        while (!_over)
        {
            EngineEvent found = Parse(Environment.TickCount64);
            if (found == EngineEvent.Close || found == EngineEvent.Failed)
            {
                AnswerClose();
            }
            else if (Transport.TimeLeft(deadline) == 0 || (found == EngineEvent.None && Fill(Transport.TimeLeft(deadline)) <= 0))
            {
                Lose(ConnectionStep.Close);
            }
        }
    }

    /// <summary>Ends the connection at once, without a close frame where none has passed. From any thread.</summary>
    public void Dispose()
    {
        _over = true;
        if (CloseCode == 0)
        {
            CloseCode = Framing.CloseCode.AbnormalClosure;
        }

        _transport.Close();
    }

    // By the extension, unless the message is better sent as it is.
    partial void SendEncoded(byte[] data, int offset, int count, bool isText, bool isLast, bool compress, ref bool sent);

    // Goes on with what has arrived, to the next event that is not a ping.
    private EngineEvent Parse(long now)
    {
        while (true)
        {
            if (_inputCount == 0 && !_encodes)
            {
                // Only an extension can have something left to give when all input is taken.
                return EngineEvent.None;
            }

            EngineEvent found = _engine.Receive(_input, _inputOffset, _inputCount, now);
            int taken = _engine.Taken;
            _inputOffset += taken;
            _inputCount -= taken;
            if (found != EngineEvent.Ping)
            {
                return found;
            }

            if (!Write(_engine.WritePong(_sendBuffer, 0, NextMaskKey())))
            {
                Lose(ConnectionStep.Send);
                return EngineEvent.None;
            }
        }
    }

    private int Fill(int wait)
    {
        int n = _transport.Read(_receiveBuffer, 0, _receiveBuffer.Length, wait);
        if (n > 0)
        {
            _input = _receiveBuffer;
            _inputOffset = 0;
            _inputCount = n;
            _lastHeard = Environment.TickCount64;
            _pingedAt = 0;
        }

        return n;
    }

    // Pings a peer that has been silent for too long. Returns when it has to be looked at again.
    private long KeepAlive(long now)
    {
        if (_options.KeepAliveInterval == 0)
        {
            return long.MaxValue;
        }

        if (_pingedAt == 0)
        {
            if (now - _lastHeard < _options.KeepAliveInterval)
            {
                return _lastHeard + _options.KeepAliveInterval;
            }

            Ping();
            _pingedAt = now;
        }

        return _pingedAt + _options.KeepAliveTimeout;
    }

    // The peer closes, or broke a rule: send our close frame unless it has gone out, then let the peer read it before the connection ends.
    private void AnswerClose()
    {
        CloseCode = _engine.CloseCode;
        Error = _engine.Error;
        bool inOrder = Error == ProtocolError.None;
        if (inOrder)
        {
            int count = _engine.ControlPayloadCount;
            CloseReason = count > 2 ? System.Text.Encoding.UTF8.GetString(_engine.ControlPayload, 2, count - 2) : "";
        }

        long deadline = Environment.TickCount64 + _options.CloseTimeout;
        if (Write(_engine.WriteClose(_sendBuffer, 0, CloseCode, _sendBuffer, 0, 0, NextMaskKey())))
        {
            // RFC 6455 §7.1.1: the server ends TCP first, and a client that closes in order waits for that. A reset would overtake what the
            // peer has not read: so end our direction alone, and read until it ends its own.
            bool waits = !_isServer && inOrder;
            if (!waits && !_transport.EndWrite())
            {
                // After a close in order nothing more comes, so that ending both directions is no reset either.
                long soon = Environment.TickCount64 + (inOrder ? 0 : LingerWithoutEndWrite);
                deadline = soon < deadline ? soon : deadline;
            }

            int left = Transport.TimeLeft(deadline);
            while (left > 0 && _transport.Read(_receiveBuffer, 0, _receiveBuffer.Length, left) != 0)
            {
                left = Transport.TimeLeft(deadline);
            }

            if (waits)
            {
                _transport.EndWrite();
            }
        }

        Dispose();
    }

    private void Lose(ConnectionStep step)
    {
        if (!_over)
        {
            LostAt = step;
        }

        Dispose();
    }

    private void WriteOrLose(int offset, int count)
    {
        if (!_transport.Write(_sendBuffer, offset, count, _options.SendTimeout))
        {
            Lose(ConnectionStep.Send);
            throw new WebSocketConnectionException(ConnectionStep.Send, "The connection was lost, or took nothing for " + _options.SendTimeout.ToString() + " ms");
        }
    }

    private bool Write(int count) => count == 0 || _transport.Write(_sendBuffer, 0, count, _options.SendTimeout);

    // RFC 6455 §5.3: a fresh key from a strong source for each frame. Fetched in bulk, because the call costs more than the bytes.
    private int NextMaskKey()
    {
        if (_isServer)
        {
            return 0;
        }

        if (_randomLeft == 0)
        {
            Platform.NextBytes(_random);
            _randomLeft = _random.Length;
        }

        _randomLeft -= 4;
        return BitConverter.ToInt32(_random, _randomLeft);
    }
}
