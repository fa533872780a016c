using System;
using System.Threading;
using Ws.Micro.Net;

namespace Esp32Sensor.Node;

/// <summary>
/// A sensor's main loop: measures at an interval, keeps the readings in a ring, and sends them, oldest first, over one connection that it
/// makes anew whenever it is lost. It owns no thread: <see cref="Run"/> is called by one and uses nothing else. Its memory is fixed: the
/// ring, a buffer of one reading, and the connection.
/// </summary>
/// <remarks>
/// A reading leaves the ring when the connection has taken it. One that was on its way when the connection broke may so be lost, or sent
/// twice; never out of order.
/// </remarks>
public sealed class SensorNode
{
    private readonly NodeBoard _board;
    private readonly string _url;
    private readonly int _interval;
    private readonly ReadingWriter _writer;
    private readonly Backoff _backoff;
    private readonly Measurements _values = new();
    private readonly byte[] _reading = new byte[ReadingWriter.MaxSize];
    private readonly object _lock = new();
    private readonly ManualResetEvent _stop = new(false);
    private WebSocketConnection? _connection;
    private int _sequence;
    private int _droppedSeen;
    private long _nextMeasurement;
    private long _nextAttempt;

    /// <summary>A node that measures and connects at once when it runs.</summary>
    /// <param name="settings">How it behaves.</param>
    /// <param name="board">What it stands on.</param>
    /// <param name="random">The jitter of its attempts to connect; not to be shared with another thread.</param>
    /// <exception cref="ArgumentException">A setting is out of its range.</exception>
    public SensorNode(NodeSettings settings, NodeBoard board, Random random)
    {
        settings.Validate();
        _board = board;
        _url = settings.Url;
        _interval = settings.Interval;
        _writer = new ReadingWriter(settings.Id);
        _backoff = new Backoff(settings.MinBackoff, settings.MaxBackoff, settings.StableTime, random);
        Ring = new ReadingRing(settings.RingSize);
        _nextMeasurement = board.Milliseconds;
        _nextAttempt = _nextMeasurement;
    }

    /// <summary>The readings not sent yet.</summary>
    public ReadingRing Ring { get; }

    /// <summary>Whether there is a connection, as far as is known.</summary>
    public bool IsConnected => _connection != null;

    private bool IsStopped => _stop.WaitOne(0, false);

    /// <summary>Runs until <see cref="Stop"/>.</summary>
    public void Run()
    {
        while (!IsStopped)
        {
            Wait(Work());
        }
    }

    /// <summary>Ends <see cref="Run"/>, from any thread. A connection is cut; only an attempt to connect is first brought to its end.</summary>
    public void Stop()
    {
        lock (_lock)
        {
            _stop.Set();
            if (_connection != null)
            {
                _connection.Dispose();
            }
        }
    }

    /// <summary>Does what is due, at most one reading's worth, and returns how many milliseconds <see cref="Wait"/> may take.</summary>
    public int Work()
    {
        if (_board.Milliseconds >= _nextMeasurement)
        {
            Measure();
        }

        if (_connection == null && _board.Milliseconds >= _nextAttempt)
        {
            // Before anything is sent, the gateway is heard: one that turns the node away says why.
            Connect();
            return 0;
        }

        if (_connection != null && Ring.Count > 0)
        {
            SendOldest(_connection);
        }

        long due = _nextMeasurement;
        if (_connection == null)
        {
            due = _nextAttempt < due ? _nextAttempt : due;
        }
        else if (Ring.Count > 0)
        {
            return 0;
        }

        long left = due - _board.Milliseconds;
        return left > 0 ? (int)left : 0;
    }

    /// <summary>Waits for that long, or less where something happens; hears what the gateway says meanwhile.</summary>
    public void Wait(int milliseconds)
    {
        if (_connection == null)
        {
            _stop.WaitOne(milliseconds, false);
        }
        else if (_connection.Receive(milliseconds) == ReceiveStatus.Closed)
        {
            Lose("closed with code " + _connection.CloseCode.ToString());
        }
    }

    private void Measure()
    {
        _values.Clear();
        _board.Measure(_values);
        int count = _writer.Write(_reading, ++_sequence, _board.UnixTime, _values);
        Ring.Add(_reading, count);

        // A node held up for longer than an interval does not make up for what it missed.
        long now = _board.Milliseconds;
        _nextMeasurement += _interval;
        if (_nextMeasurement <= now)
        {
            _nextMeasurement = now + _interval;
        }
    }

    private void Connect()
    {
        try
        {
            WebSocketConnection connection = _board.Connect(_url);
            lock (_lock)
            {
                _connection = connection;
                if (IsStopped)
                {
                    connection.Dispose();
                }
            }

            _backoff.Connected(_board.Milliseconds);
            _board.Log("Connected to " + _url + "; " + Ring.Count.ToString() + " readings to send.");
        }
        catch (Exception e)
        {
            // Whatever keeps it from connecting, the node goes on measuring and trying.
            Lose(e.Message);
        }
    }

    private void SendOldest(WebSocketConnection connection)
    {
        int count = Ring.Peek(_reading);
        try
        {
            connection.Send(_reading, 0, count, true);
            Ring.RemoveOldest();
            _board.Progress();
        }
        catch (WebSocketConnectionException e)
        {
            Lose(e.Message);
        }
    }

    private void Lose(string why)
    {
        lock (_lock)
        {
            if (_connection != null)
            {
                _connection.Dispose();
                _connection = null;
            }
        }

        if (IsStopped)
        {
            return;
        }

        long now = _board.Milliseconds;
        int wait = _backoff.Next(now);
        _nextAttempt = now + wait;
        int dropped = Ring.Dropped - _droppedSeen;
        _droppedSeen = Ring.Dropped;
        _board.Log("No connection: " + why + " Next attempt in " + wait.ToString() + " ms; "
            + Ring.Count.ToString() + " readings kept, " + dropped.ToString() + " dropped.");
    }
}
