using System.Threading;

namespace Ws.Micro.Desktop.Polling;

/// <summary>
/// Looks after the pollers, while they run the application: where one has been at the same turn for a whole tick, it gets another leader. It
/// sleeps while there is nothing to do.
/// </summary>
internal static class PollerWatch
{
    // In milliseconds. A turn is too long after one to two of them. Each costs as much as a message or two.
    private const int Tick = 16;

    private static readonly AutoResetEvent Woken = new(false);
    private static bool _isStarted;
    private static int _isAsleep;

    /// <summary>Whether it waits to be woken, so that it costs nothing.</summary>
    public static bool IsAsleep => Volatile.Read(ref _isAsleep) != 0;

    /// <summary>Starts it, if it is not; under the pollers' lock.</summary>
    public static void Start()
    {
        if (!_isStarted)
        {
            new Thread(Run) { IsBackground = true, Name = "Ws.Micro watch" }.UnsafeStart();
            _isStarted = true;
        }
    }

    /// <summary>A turn has begun; a full fence between that and this is the caller's.</summary>
    public static void Wake()
    {
        if (IsAsleep && Interlocked.Exchange(ref _isAsleep, 0) != 0)
        {
            Woken.Set();
        }
    }

    private static void Run()
    {
        while (true)
        {
            if (Poller.CheckAll())
            {
                Thread.Sleep(Tick);
                continue;
            }

            // A turn that began before this shows behind it; one that begins later wakes.
            Interlocked.Exchange(ref _isAsleep, 1);
            if (!Poller.HasAnyMoved() || Interlocked.Exchange(ref _isAsleep, 0) == 0)
            {
                Woken.WaitOne();
            }
        }
    }
}
