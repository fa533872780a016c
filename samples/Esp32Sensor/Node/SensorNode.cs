using System;

namespace Esp32Sensor.Node;

/// <summary>
/// A sensor's main loop: measures at an interval, keeps the readings until the gateway has acknowledged them, does what the gateway commands,
/// stores what must outlast sleep and restarts, and sleeps where it was told to. It owns no thread: <see cref="Run"/> is called by one and
/// uses nothing else. Its memory is fixed: the ring, a few buffers below 1 KB, and the connection.
/// </summary>
/// <remarks>
/// Nothing that was acknowledged is sent again, and nothing is lost while the ring has room; a reading may arrive twice, with the same boot
/// and number. A power cut costs what was measured since the last checkpoint, at most an hour's readings, where there is storage.
/// </remarks>
public sealed class SensorNode
{
    /// <summary>Readings that wait are stored this often, in milliseconds.</summary>
    public const int SaveInterval = 60 * 60 * 1000;

    /// <summary>The node starts anew after this long without its gateway, in milliseconds.</summary>
    public const int LongestSilence = 6 * 60 * 60 * 1000;

    // What a turn of the loop does has deadlines of its own, each well below a minute; and it waits no longer than that.
    private const int LongestTurn = 10 * 60 * 1000;
    private const int LongestWait = 60 * 1000;

    // A shorter sleep would not pay for the start after it.
    private const int ShortestSleep = 2000;

    // Before it sleeps, a node gives its gateway this long to command something.
    private const int CommandTime = 1000;

    // What is stored and was acknowledged since is taken out of the storage after this long.
    private const int StaleTime = 60 * 1000;

    // How many numbers are set aside at a time, so that not each reading has to be stored with its number.
    private const int ReserveAwake = 4096;
    private const int ReserveAsleep = 64;

    private readonly NodeSettings _settings;
    private readonly NodeBoard _board;
    private readonly NodeClock _clock;
    private readonly NodeState _state = new();
    private readonly NodeStore _store;
    private readonly Sampler _sampler;
    private readonly Uplink _uplink;
    private readonly long _started;
    private int _reserved;
    private int _boot;
    private long _lastSave;
    private long _lastEmpty;
    private int _savedSequence;
    private int _savedReadings;
    private bool _isBatchDue;
    private bool _isEnding;

    /// <summary>A node that measures and connects at once when it runs; it goes on with what its board has stored.</summary>
    /// <param name="settings">How it behaves.</param>
    /// <param name="board">What it stands on.</param>
    /// <param name="random">The jitter of its attempts to connect, and its name for a run of numbers; not to be shared with another thread.</param>
    /// <exception cref="ArgumentException">A setting is out of its range.</exception>
    public SensorNode(NodeSettings settings, NodeBoard board, Random random)
    {
        settings.Validate();
        _settings = settings;
        _board = board;
        _clock = new NodeClock(board);
        _store = new NodeStore(board);
        _started = board.Milliseconds;
        Ring = new ReadingRing(settings.Readings);
        bool isKnown = _store.Load(_state, Ring);

        // Where the sleep itself could not be stored, nobody knows what was done between what was stored and the sleep.
        bool hasSlept = isKnown && board.HasSlept && _state.Uptime != 0;
        _clock.Start(_state, hasSlept, board.SystemTimeSource);
        if (!hasSlept)
        {
            Ring.ForgetUptimes(new Reading());
        }

        // After a sleep the numbers go on where they were. Otherwise nobody knows how many of those set aside were given.
        Ring.LastSequence = _state.NextSequence - 1 - (hasSlept ? _state.Reserved : 0);
        _reserved = hasSlept ? _state.NextSequence : 0;
        _state.Boot = _state.Boot != 0 ? _state.Boot : Uplink.NewBoot(random);
        _boot = _state.Boot;
        _state.Dropped = Ring.Dropped;
        _savedSequence = Ring.LastSequence;
        _savedReadings = Ring.Count;
        _lastSave = _started;
        _lastEmpty = _started;
        _isBatchDue = !hasSlept;
        Watchdog = new Watchdog(_started, LongestTurn, LongestSilence);
        _sampler = new Sampler(board, _clock, Ring, _state.Interval != 0 ? _state.Interval : settings.Interval);
        _uplink = new Uplink(settings, board, _clock, Ring, _state, Watchdog, random);
    }

    /// <summary>The readings not acknowledged yet.</summary>
    public ReadingRing Ring { get; }

    /// <summary>Tells whether the node gets anything done; to be asked from outside.</summary>
    public Watchdog Watchdog { get; }

    /// <summary>Whether there is a connection, as far as is known.</summary>
    public bool IsConnected => _uplink.IsConnected;

    /// <summary>From one measurement to the next, in milliseconds.</summary>
    public int Interval => _sampler.Interval;

    /// <summary>Runs until <see cref="Stop"/>, or until the board sleeps or restarts.</summary>
    public void Run()
    {
        while (!_uplink.IsStopped)
        {
            Wait(Work());
        }
    }

    /// <summary>Ends <see cref="Run"/>, from any thread. A connection is cut; only an attempt to connect is first brought to its end.</summary>
    public void Stop() => _uplink.Stop();

    /// <summary>Does what is due, and returns how many milliseconds <see cref="Wait"/> may take.</summary>
    public int Work()
    {
        if (_isEnding)
        {
            return 0;
        }

        long now = _board.Milliseconds;
        Watchdog.Turn(now);
        _clock.Observe();
        if (now >= _sampler.Due)
        {
            Measure();
        }

        SaveIfDue(now);
        if (Watchdog.IsSilent(now))
        {
            _state.Restarts++;
            Restart("The gateway was not heard for " + (LongestSilence / 3600000).ToString() + " hours.");
            return 0;
        }

        if (_settings.Sleep && IsDone(now) && _sampler.Due - now >= ShortestSleep)
        {
            Sleep();
            return 0;
        }

        int wait = !_settings.Sleep || _isBatchDue ? _uplink.Work() : LongestWait;
        int longest = _settings.Sleep && _isBatchDue ? CommandTime : LongestWait;
        wait = wait < longest ? wait : longest;
        long left = _sampler.Due - _board.Milliseconds;
        return left <= 0 ? 0 : left < wait ? (int)left : wait;
    }

    /// <summary>
    /// Waits for that long, or less where something happens; does what the gateway commands meanwhile. True where the gateway said something.
    /// </summary>
    public bool Wait(int milliseconds)
    {
        bool isHeard = _uplink.Wait(milliseconds);
        if (_uplink.Command is { } command)
        {
            Obey(new NodeCommand(command));
        }

        return isHeard;
    }

    private void Measure()
    {
        // A number is set aside before it is given: should the power go, it is not given again.
        if (Ring.LastSequence + 1 >= _reserved)
        {
            Save();
        }

        _sampler.Measure();
        _state.Dropped = Ring.Dropped;
        _state.Unsent++;
        if (_state.Unsent >= _settings.Batch)
        {
            _isBatchDue = true;
        }
    }

    private void SaveIfDue(long now)
    {
        _lastEmpty = Ring.Count == 0 ? now : _lastEmpty;
        bool hasNew = Ring.LastSequence != _savedSequence && now - _lastEmpty >= SaveInterval && now - _lastSave >= SaveInterval;
        bool isStale = _savedReadings > 0 && Ring.Count == 0 && now - _lastSave >= StaleTime;
        if (hasNew || isStale || _boot != _state.Boot)
        {
            Save();
        }
    }

    // uptime: where the node is going to sleep, what it will be at the end.
    private void Save(long uptime = 0)
    {
        int reserve = _settings.Sleep ? ReserveAsleep : ReserveAwake;
        _lastSave = _board.Milliseconds;
        _boot = _state.Boot;
        _state.NextSequence = Ring.LastSequence + 1 + reserve;
        _state.Reserved = reserve;
        _state.Uptime = uptime;
        _state.Floor = _clock.Floor;
        _state.Source = _clock.Source;

        // Where nothing can be stored, there is no use in trying for each reading.
        _reserved = _state.NextSequence;
        if (_store.Save(_state, Ring))
        {
            _savedSequence = Ring.LastSequence;
            _savedReadings = Ring.Count;
        }
    }

    // Whether a node that sleeps may do so again: it has measured, and sent what it had to, or tried for long enough.
    private bool IsDone(long now) =>
        !_isBatchDue || (_uplink.IsGreeted && Ring.Count == 0 && now - _uplink.LastHeard >= CommandTime) || now - _started >= _settings.AwakeTime;

    private void Sleep()
    {
        if (_isBatchDue)
        {
            _state.Unsent = 0;
        }

        _uplink.Close();
        long left = _sampler.Due - _board.Milliseconds;
        int time = left > 1 ? (int)left : 1;
        Save(_clock.Uptime + time);
        End();
        _board.Sleep(time);
    }

    private void Restart(string why)
    {
        _board.Log(why + " Starting anew.");
        Save();
        _uplink.Close();
        End();
        _board.Restart();
    }

    private void End()
    {
        _isEnding = true;
        _uplink.Stop();
    }

    private void Obey(NodeCommand command)
    {
        _uplink.Answer(command.Kind == CommandKind.None ? "error " + command.Error : "ok");
        switch (command.Kind)
        {
            case CommandKind.Interval:
                _sampler.Interval = command.Interval != 0 ? command.Interval : _settings.Interval;
                _state.Interval = command.Interval;
                Save();
                break;
            case CommandKind.Identify:
                _board.Identify();
                break;
            case CommandKind.Reboot:
                Restart("The gateway commands it.");
                break;
        }
    }
}
