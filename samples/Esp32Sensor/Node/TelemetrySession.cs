using System;
using System.Text;
using Ws.Micro.Net;

namespace Esp32Sensor.Node;

/// <summary>What a message of the gateway meant.</summary>
public enum SessionEvent
{
    /// <summary>Nothing: it is not whole yet, or of a kind that this version does not know.</summary>
    None,

    /// <summary>The greeting came: readings may be sent.</summary>
    Greeted,

    /// <summary>The gateway has readings up to a number never given: it knows another sensor by this boot.</summary>
    Mistaken,

    /// <summary>Readings were acknowledged.</summary>
    Acknowledged,

    /// <summary>There is a command in <see cref="TelemetrySession.Command"/>.</summary>
    Commanded,

    /// <summary>It breaks the protocol.</summary>
    Wrong,
}

/// <summary>
/// The sensor's side of the telemetry subprotocol (docs/telemetry.md) over one connection after the other. Allocates nothing once constructed,
/// commands aside. Used by one thread.
/// </summary>
public sealed class TelemetrySession
{
    /// <summary>The most readings under way, whatever the gateway would take.</summary>
    public const int MaxWindow = 32;

    /// <summary>The firmware's version, which the gateway is told.</summary>
    public const string Firmware = "0.1.0";

    private const int MaxPrefix = 22;

    private static readonly byte[] About = Encoding.UTF8.GetBytes(" firmware=" + Firmware + " clock=");
    private static readonly byte[] ClockSntp = Encoding.UTF8.GetBytes("sntp");
    private static readonly byte[] ClockGateway = Encoding.UTF8.GetBytes("gateway");
    private static readonly byte[] ClockUptime = Encoding.UTF8.GetBytes("uptime");

    private readonly NodeClock _clock;
    private readonly ReadingRing _ring;
    private readonly NodeState _state;
    private readonly ReadingWriter _readings;
    private readonly AsciiWriter _writer = new();
    private readonly TelemetryMessage _message = new();
    private readonly Reading _reading = new();
    private readonly byte[] _output = new byte[MaxPrefix + ReadingWriter.MaxSize];
    private readonly byte[] _input = new byte[TelemetryMessage.MaxSize];

    // The numbers of the readings under way: the ring may drop them meanwhile, but the gateway still has them to take.
    private readonly int[] _underWay = new int[MaxWindow];
    private int _oldest;
    private int _inputCount;
    private bool _isTooLong;
    private int _window;
    private long _lastSent;
    private long _commandNumber;

    /// <summary>A session that has not begun.</summary>
    public TelemetrySession(string id, NodeClock clock, ReadingRing ring, NodeState state)
    {
        _clock = clock;
        _ring = ring;
        _state = state;
        _readings = new ReadingWriter(id, clock);
    }

    /// <summary>Whether the gateway's greeting has come.</summary>
    public bool IsGreeted { get; private set; }

    /// <summary>The readings sent over this connection that are not acknowledged.</summary>
    public int UnderWay { get; private set; }

    /// <summary>Whether there is a reading that may be sent now.</summary>
    public bool HasToSend => IsGreeted && UnderWay < _window && _ring.Sent < _ring.Count;

    /// <summary>The last command.</summary>
    public string Command { get; private set; } = "";

    /// <summary>Begins over a new connection: says hello.</summary>
    /// <exception cref="WebSocketConnectionException">The connection is lost.</exception>
    public void Begin(WebSocketConnection connection)
    {
        _ring.Rewind();
        IsGreeted = false;
        UnderWay = 0;
        _inputCount = 0;
        _isTooLong = false;
        Start(TelemetryMessage.Hello, _state.Boot);
        _writer.Append(About);
        _writer.Append(_clock.Source == TimeSource.Sntp ? ClockSntp : _clock.Source == TimeSource.Gateway ? ClockGateway : ClockUptime);
        Send(connection);
    }

    /// <summary>Sends the oldest reading that was not sent yet, where <see cref="HasToSend"/>.</summary>
    /// <exception cref="WebSocketConnectionException">The connection is lost.</exception>
    public void SendNext(WebSocketConnection connection)
    {
        if (HasToSend && _ring.PeekUnsent(_reading))
        {
            Start(TelemetryMessage.Reading, _reading.Sequence);
            _writer.Append(' ');
            _readings.Write(_writer, _reading, _state);
            Send(connection);
            _ring.MarkSent();
            _lastSent = _reading.Sequence;
            _underWay[(_oldest + UnderWay) % MaxWindow] = _reading.Sequence;
            UnderWay++;
        }
    }

    /// <summary>Answers <see cref="Command"/>: "ok", or "error" and why, in ASCII.</summary>
    /// <exception cref="WebSocketConnectionException">The connection is lost.</exception>
    public void SendResult(WebSocketConnection connection, string result)
    {
        Start(TelemetryMessage.Command, _commandNumber);
        _writer.Append(' ');
        _writer.Append(Encoding.UTF8.GetBytes(result));
        Send(connection);
    }

    /// <summary>Takes the part of a message that the connection has just received.</summary>
    public SessionEvent Take(WebSocketConnection connection)
    {
        if (connection.IsFirst)
        {
            _inputCount = 0;
            _isTooLong = false;
        }

        if (connection.IsFirst && connection.IsLast)
        {
            return Take(connection.Data, connection.DataOffset, connection.DataCount);
        }

        int count = connection.DataCount;
        _isTooLong |= count > _input.Length - _inputCount;
        if (!_isTooLong)
        {
            Array.Copy(connection.Data, connection.DataOffset, _input, _inputCount, count);
            _inputCount += count;
        }

        return connection.IsLast && !_isTooLong ? Take(_input, 0, _inputCount) : SessionEvent.None;
    }

    private SessionEvent Take(byte[] data, int offset, int count)
    {
        if (count > TelemetryMessage.MaxSize)
        {
            return SessionEvent.None;
        }

        if (!_message.Parse(data, offset, count))
        {
            return SessionEvent.Wrong;
        }

        long number = _message.Number;
        switch (_message.Kind)
        {
            case TelemetryMessage.Hello:
                return IsGreeted ? SessionEvent.Wrong : TakeGreeting(number);
            case TelemetryMessage.Acknowledgement:
                return IsGreeted && number <= _lastSent ? TakeAcknowledgement(number) : SessionEvent.Wrong;
            case TelemetryMessage.Command:
                if (!IsGreeted || _message.BodyCount == 0)
                {
                    return SessionEvent.Wrong;
                }

                _commandNumber = number;
                Command = Encoding.UTF8.GetString(data, _message.BodyOffset, _message.BodyCount);
                return SessionEvent.Commanded;
            case TelemetryMessage.Reading:
                return SessionEvent.Wrong;
            default:
                return SessionEvent.None;
        }
    }

    private SessionEvent TakeGreeting(long unixTime)
    {
        long acknowledged = _message.TakeNumber();
        long window = _message.TakeNumber();
        if (window < 1)
        {
            return SessionEvent.Wrong;
        }

        _clock.Greet(unixTime);
        if (acknowledged > _ring.LastSequence)
        {
            return SessionEvent.Mistaken;
        }

        _ring.Acknowledge(acknowledged);
        _lastSent = acknowledged;
        _window = window < MaxWindow ? (int)window : MaxWindow;
        IsGreeted = true;
        return SessionEvent.Greeted;
    }

    private SessionEvent TakeAcknowledgement(long number)
    {
        _ring.Acknowledge(number);
        while (UnderWay > 0 && _underWay[_oldest] <= number)
        {
            _oldest = (_oldest + 1) % MaxWindow;
            UnderWay--;
        }

        return SessionEvent.Acknowledged;
    }

    private void Start(char kind, long number)
    {
        _writer.Begin(_output, 0);
        _writer.Append(kind);
        _writer.Append(' ');
        _writer.AppendNumber(number);
    }

    private void Send(WebSocketConnection connection) => connection.Send(_output, 0, _writer.Position, true);
}
