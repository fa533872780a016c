namespace Esp32Sensor.Node;

/// <summary>
/// The node's time: milliseconds that only go forward, and what they are since 1970 once that is known: from SNTP, else from the gateway's
/// greeting. Until then there is a floor, a time that has surely passed. Used by one thread.
/// </summary>
public sealed class NodeClock
{
    /// <summary>This was written after that moment (2026-01-01); a clock that shows less has never been set.</summary>
    public const long Earliest = 1767225600000;

    // A system clock that moves against the uptime by more than this within a turn of the node's loop was set by somebody.
    private const int Step = 1000;

    private readonly NodeBoard _board;
    private long _uptimeBase;
    private long _floor = Earliest;
    private long _offset;

    // Where the system clock stands against the uptime, once it shows anything.
    private bool _isSystemKnown;
    private long _systemOffset;

    /// <summary>A clock that knows no time yet.</summary>
    public NodeClock(NodeBoard board) => _board = board;

    /// <summary>How the time is known.</summary>
    public TimeSource Source { get; private set; }

    /// <summary>Milliseconds since the node began; they go on over a deep sleep.</summary>
    public long Uptime => _board.Milliseconds + _uptimeBase;

    /// <summary>Milliseconds since 1970 (UTC); 0 while not known.</summary>
    public long UnixTime => Source == TimeSource.None ? 0 : Uptime + _offset;

    /// <summary>Milliseconds since 1970 that have surely passed.</summary>
    public long Floor => UnixTime > _floor ? UnixTime : _floor;

    /// <summary>What <see cref="UnixTime"/> was at a moment of <see cref="Uptime"/>; only where it is known now.</summary>
    public long ToUnixTime(long uptime) => uptime + _offset;

    /// <summary>Goes on from what was stored.</summary>
    /// <param name="state">What was stored, or a new one.</param>
    /// <param name="hasSlept">Whether the node has been asleep since then, so that uptime goes on.</param>
    /// <param name="untold">How the time is known that the system clock shows, where nothing was stored about it.</param>
    public void Start(NodeState state, bool hasSlept, TimeSource untold)
    {
        _uptimeBase = hasSlept ? state.Uptime - _board.Milliseconds : 0;
        _floor = state.Floor > Earliest ? state.Floor : Earliest;
        long system = _board.SystemTime;
        if (system >= _floor)
        {
            _isSystemKnown = true;
            _systemOffset = system - Uptime;
            _offset = _systemOffset;
            Source = state.Boot != 0 ? state.Source : untold;
        }
    }

    /// <summary>Looks at the system clock: whether SNTP has set it. To be called often.</summary>
    public void Observe()
    {
        long system = _board.SystemTime;
        if (system < _floor)
        {
            return;
        }

        long offset = system - Uptime;
        long step = offset - _systemOffset;
        if (!_isSystemKnown || step > Step || step < -Step)
        {
            _isSystemKnown = true;
            Source = TimeSource.Sntp;
        }

        _systemOffset = offset;
        if (Source == TimeSource.Sntp)
        {
            _offset = offset;
        }
    }

    /// <summary>The gateway says what time it is. SNTP knows better; and a time before the floor is wrong.</summary>
    public void Greet(long unixTime)
    {
        if (Source != TimeSource.Sntp && unixTime >= _floor)
        {
            Source = TimeSource.Gateway;
            _offset = unixTime - Uptime;
            SetSystem(unixTime);
        }
    }

    /// <summary>Sets a system clock that shows less than <see cref="Floor"/> to that, so that certificates which are valid by now can be used.</summary>
    public void RaiseSystemToFloor()
    {
        if (_board.SystemTime < Floor)
        {
            SetSystem(Floor);
        }
    }

    private void SetSystem(long unixTime)
    {
        _board.SetSystemTime(unixTime);
        _isSystemKnown = true;
        _systemOffset = unixTime - Uptime;
    }
}
