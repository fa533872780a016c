using System;
using System.Text;
using System.Threading;
using Ws.Micro;
using Ws.Micro.Net;

namespace Esp32Sensor.Node;

/// <summary>
/// The node's connection to its gateway: made anew whenever it is lost, with growing waits; hands over what is in the ring. Used by one
/// thread, but for <see cref="Stop"/>.
/// </summary>
internal sealed class Uplink
{
    /// <summary>How long the gateway may take to greet, in milliseconds.</summary>
    internal const int GreetingTimeout = 60000;

    /// <summary>How long readings may be under way until the connection is made anew, in milliseconds.</summary>
    internal const int AcknowledgeTimeout = 300000;

    /// <summary>How long to wait for SNTP, in milliseconds from when the network is up, before a certificate is checked against the floor.</summary>
    internal const int TimeTimeout = 20000;

    /// <summary>The longest wait that a gateway may ask for with Retry-After, in milliseconds.</summary>
    internal const int LongestRetryAfter = 60 * 60 * 1000;

    private const int Unauthorized = 401;
    private const int NetworkPoll = 500;

    // What the gateway says is short; and zlib, which others may have, knows no smaller window.
    private const int ReceiveWindow = 9;

    private readonly NodeBoard _board;
    private readonly NodeClock _clock;
    private readonly ReadingRing _ring;
    private readonly NodeState _state;
    private readonly Watchdog _watchdog;
    private readonly TelemetrySession _session;
    private readonly Backoff _backoff;
    private readonly WebSocketClientOptions _options;
    private readonly Random _random;
    private readonly string _url;
    private readonly object _lock = new();
    private readonly ManualResetEvent _stop = new(false);
    private WebSocketConnection? _connection;
    private long _nextAttempt;
    private long _networkUpSince = -1;
    private long _waitingSince;
    private int _droppedTold;

    internal Uplink(NodeSettings settings, NodeBoard board, NodeClock clock, ReadingRing ring, NodeState state, Watchdog watchdog, Random random)
    {
        _board = board;
        _clock = clock;
        _ring = ring;
        _state = state;
        _watchdog = watchdog;
        _session = new TelemetrySession(settings.Id, clock, ring, state);
        _backoff = new Backoff(settings.MinBackoff, settings.MaxBackoff, settings.StableTime, random);
        _options = new WebSocketClientOptions { Subprotocols = new[] { TelemetryMessage.Subprotocol }, Deflate = Deflate(settings.Compression) };
        if (settings.Secret.Length > 0)
        {
            // RFC 7617 §2.
            _options.Headers = new[] { "Authorization: Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes(settings.Id + ":" + settings.Secret)) };
        }

        _random = random;
        _url = settings.Url;
        _nextAttempt = board.Milliseconds;
        _droppedTold = ring.Dropped;
    }

    /// <summary>Whether there is a connection, as far as is known.</summary>
    internal bool IsConnected => _connection != null;

    /// <summary>Whether the gateway has greeted over the present connection.</summary>
    internal bool IsGreeted => _connection != null && _session.IsGreeted;

    /// <summary>When the gateway was last heard, on <see cref="NodeBoard.Milliseconds"/>.</summary>
    internal long LastHeard { get; private set; }

    /// <summary>Whether it was told to stop.</summary>
    internal bool IsStopped => _stop.WaitOne(0, false);

    /// <summary>A command to be answered with <see cref="Answer"/>, or null.</summary>
    internal string? Command { get; private set; }

    /// <summary>Does what can be done now, and returns how many milliseconds <see cref="Wait"/> may take.</summary>
    internal int Work()
    {
        long now = _board.Milliseconds;
        if (_connection == null)
        {
            int wait = TimeToConnect(now);
            if (wait == 0)
            {
                // Before anything is sent, the gateway is heard: one that turns the node away says why.
                Connect();
            }

            return wait;
        }

        long left = (_session.IsGreeted ? AcknowledgeTimeout : GreetingTimeout) - (now - _waitingSince);
        if (_session.IsGreeted && _session.UnderWay == 0)
        {
            _waitingSince = now;
            left = AcknowledgeTimeout;
        }
        else if (left <= 0)
        {
            Lose(_session.IsGreeted ? "nothing was acknowledged in time." : "no greeting came in time.");
            return 0;
        }

        return SendAll(_connection) ? (int)left : 0;
    }

    /// <summary>Waits for that long, or less where something happens; hears what the gateway says meanwhile. True where it said something.</summary>
    internal bool Wait(int milliseconds)
    {
        if (_connection == null)
        {
            _stop.WaitOne(milliseconds, false);
            return false;
        }

        switch (_connection.Receive(milliseconds))
        {
            case ReceiveStatus.Data:
                Hear();
                Handle(_session.Take(_connection));
                return true;
            case ReceiveStatus.Pong:
                Hear();
                return true;
            case ReceiveStatus.Closed:
                Lose("closed (" + _connection.CloseCode.ToString() + (_connection.CloseReason is { Length: > 0 } reason ? ", " + reason : "") + ").");
                return true;
            default:
                return false;
        }
    }

    /// <summary>Sends a command's result.</summary>
    internal void Answer(string result)
    {
        Command = null;
        try
        {
            if (_connection != null)
            {
                _session.SendResult(_connection, result);
            }
        }
        catch (WebSocketConnectionException e)
        {
            Lose(e.Message);
        }
    }

    /// <summary>Closes the connection in order, if there is one. The next attempt waits as after a loss.</summary>
    internal void Close()
    {
        if (_connection != null)
        {
            _connection.Close();
            Lose("no longer needed.");
        }
    }

    /// <summary>Ends <see cref="Wait"/> now and in future, from any thread. A connection is cut; only an attempt to connect is first brought to its end.</summary>
    internal void Stop()
    {
        lock (_lock)
        {
            _stop.Set();
            _connection?.Dispose();
        }
    }

    /// <summary>A name for a run of numbers that was hardly ever used before.</summary>
    internal static int NewBoot(Random random)
    {
        byte[] bytes = new byte[4];
        random.NextBytes(bytes);
        return (LittleEndian.GetInt(bytes, 0) & 0x7FFFFFFE) + 1;
    }

    // How long to wait before an attempt; 0: it may be made now.
    private int TimeToConnect(long now)
    {
        if (!_board.RaiseNetwork())
        {
            _networkUpSince = -1;
            return NetworkPoll;
        }

        if (_networkUpSince < 0)
        {
            _networkUpSince = now;
        }

        if (now < _nextAttempt)
        {
            return Least(_nextAttempt - now, int.MaxValue);
        }

        // Certificates have dates. SNTP is waited for, but not for ever: a floor may be good enough.
        if (_url.StartsWith("wss:") && _board.SystemTime < _clock.Floor)
        {
            long left = TimeTimeout - (now - _networkUpSince);
            if (left > 0)
            {
                return Least(left, NetworkPoll);
            }

            _clock.RaiseSystemToFloor();
        }

        return 0;
    }

    private static PerMessageDeflateOptions? Deflate(int window)
    {
        if (window == 0)
        {
            return null;
        }

        PerMessageDeflateOptions deflate = new() { MaxSendWindowBits = window, MaxReceiveWindowBits = ReceiveWindow };
        deflate.MemoryLimit = deflate.MemoryBytes(window, ReceiveWindow);
        return deflate;
    }

    private static int Least(long a, int b) => a < b ? (int)a : b;

    private void Connect()
    {
        try
        {
            WebSocketConnection connection = _board.Connect(_url, _options);
            lock (_lock)
            {
                _connection = connection;
                if (IsStopped)
                {
                    connection.Dispose();
                }
            }

            if (connection.Subprotocol != TelemetryMessage.Subprotocol)
            {
                Lose("the gateway does not know the subprotocol " + TelemetryMessage.Subprotocol + ".");
                return;
            }

            long now = _board.Milliseconds;
            _waitingSince = now;
            _backoff.Connected(now);
            _board.ShowConnected(true);
            _session.Begin(connection);
            _board.Log("Connected to " + _url + "; " + _ring.Count.ToString() + " readings to send.");
        }
        catch (Exception e)
        {
            // Whatever keeps it from connecting, the node goes on measuring and trying.
            WebSocketConnectionException? refusal = e as WebSocketConnectionException;
            bool isUnknown = refusal != null && refusal.StatusCode == Unauthorized;
            if (isUnknown)
            {
                _backoff.Refused();
            }

            Lose(isUnknown ? UnknownReason() : e.Message, AskedWait(refusal));
        }
    }

    private string UnknownReason() => "the gateway answered 401: it does not take "
        + (_options.Headers.Length == 0 ? "a sensor without a secret." : "this id with this secret.");

    // RFC 9110 §10.2.3: not before the time that the gateway asks for. A date is passed over.
    private static int AskedWait(WebSocketConnectionException? refusal)
    {
        int seconds = refusal?.RetryAfter == null ? -1 : NodeSettings.ParseNumber(refusal.RetryAfter);
        return seconds < 0 ? 0 : Least(seconds * 1000L, LongestRetryAfter);
    }

    // False where the connection was lost.
    private bool SendAll(WebSocketConnection connection)
    {
        try
        {
            while (_session.HasToSend)
            {
                _session.SendNext(connection);
            }

            return true;
        }
        catch (WebSocketConnectionException e)
        {
            Lose(e.Message);
            return false;
        }
    }

    private void Hear()
    {
        LastHeard = _board.Milliseconds;
        _watchdog.Hear(LastHeard);
    }

    private void Handle(SessionEvent what)
    {
        switch (what)
        {
            case SessionEvent.Greeted:
            case SessionEvent.Acknowledged:
                _waitingSince = LastHeard;
                break;
            case SessionEvent.Commanded:
                Command = _session.Command;
                break;
            case SessionEvent.Mistaken:
                _state.Boot = NewBoot(_random);
                Lose("the gateway has numbers that were never given; they begin anew as boot " + _state.Boot.ToString() + ".");
                break;
            case SessionEvent.Wrong:
                _connection!.Close(1008, "not of the telemetry subprotocol");
                Lose("the gateway broke the telemetry subprotocol.");
                break;
        }
    }

    // The next attempt waits for atLeast milliseconds, and for the backoff besides.
    private void Lose(string why, int atLeast = 0)
    {
        lock (_lock)
        {
            if (_connection != null)
            {
                _connection.Dispose();
                _connection = null;
            }
        }

        Command = null;
        _ring.Rewind();
        if (IsStopped)
        {
            return;
        }

        _board.ShowConnected(false);
        long now = _board.Milliseconds;
        int wait = atLeast + _backoff.Next(now);
        _nextAttempt = now + wait;
        int dropped = _ring.Dropped - _droppedTold;
        _droppedTold = _ring.Dropped;
        _board.Log("No connection: " + why + (why.EndsWith(".") ? "" : ".") + " Next attempt in " + wait.ToString() + " ms; "
            + _ring.Count.ToString() + " readings kept, " + dropped.ToString() + " dropped.");
    }
}
