using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Threading;
using Microsoft.Win32.SafeHandles;

namespace Ws.Micro.Desktop.Polling;

/// <summary>
/// Waits for many sockets (Linux's epoll, edge-triggered) on a thread of its own, the leader, and runs there what waits for one of them. .NET's own
/// sockets hand each event to the thread pool; at low rates waking that up costs ten times what a message does. What keeps the leader too long
/// keeps nobody else: <see cref="PollerWatch"/> sees it, a new thread takes the lead, with all that is still to do, and the old one ends when it
/// comes back.
/// </summary>
internal sealed class Poller
{
    /// <summary>What its threads are called.</summary>
    public const string ThreadName = "Ws.Micro poller";

    /// <summary>Its threads at most, the leader among them. While the application keeps all the others, the leader hands everything to the thread pool.</summary>
    public const int MaxThreads = 16;

    // sys/epoll.h, errno.h.
    private const int Add = 1, Readable = 0x001, Writable = 0x004, Failed = 0x008, HungUp = 0x010, PeerEnded = 0x2000, EdgeTriggered = 1 << 31;
    private const int Interrupted = 4, CloseOnExec = 0x80000;
    private const int MaxEvents = 256;

    // struct epoll_event: 32 bits of events, then 64 of data; packed on x86-64 only.
    private static readonly int DataAt = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 4 : 8;

    private static readonly Poller?[] All = new Poller?[Environment.ProcessorCount];
    private static uint _nextPoller;

    private readonly SafeFileHandle _handle;
    private readonly int _descriptor;
    private readonly Lock _growing = new();
    private PolledStream?[] _streams = new PolledStream?[64];

    // The leader's: events told and not yet dealt with, _events[_event.._eventEnd], and streams that asked for another turn, of which the first
    // _againLeft have theirs before more events are asked for.
    private readonly byte[] _events = new byte[MaxEvents * (DataAt + 8)];
    private readonly Queue<PolledStream> _again = new();
    private int _event;
    private int _eventEnd;
    private int _againLeft;

    // Even: there is a leader, and it is about its own business. Odd: the application has the leader's thread, or there is no leader yet, and whoever
    // makes it even is the leader. So this number hands over all that is the leader's.
    private long _turn = 1;
    private PolledStream? _running;
    private int _threads;

    // The watch's: the number it saw last, and the one that it last started a successor for.
    private long _seen;
    private long _succeeded = 1;

    private Poller()
    {
        _descriptor = Succeed(epoll_create1(CloseOnExec));
        _handle = new SafeFileHandle(_descriptor, ownsHandle: true);
        StartLeader(_turn);
    }

    /// <summary>Whether this system has what is needed.</summary>
    public static bool IsSupported => OperatingSystem.IsLinux();

    /// <summary>The poller for the next connection. There is one for each processor, started when needed, and they never end.</summary>
    /// <exception cref="SocketException">The system has no room for another.</exception>
    public static Poller Next()
    {
        uint index = Interlocked.Increment(ref _nextPoller) % (uint)All.Length;
        if (Volatile.Read(ref All[index]) is { } poller)
        {
            return poller;
        }

        lock (All)
        {
            PollerWatch.Start();
            return All[index] ??= new Poller();
        }
    }

    /// <summary>The watch's call, once a tick: starts a successor where the application has had the leader since the last one.</summary>
    /// <returns>Whether there is anything to watch.</returns>
    public static bool CheckAll()
    {
        bool busy = false;
        for (int i = 0; i < All.Length; i++)
        {
            busy |= Volatile.Read(ref All[i])?.Check() ?? false;
        }

        return busy;
    }

    /// <summary>The watch's call: whether there is anything new since the last <see cref="CheckAll"/>.</summary>
    public static bool HasAnyMoved() => Array.Exists(All, static poller => poller != null && Volatile.Read(ref poller._turn) != poller._seen);

    /// <summary>Begins to tell a stream what its socket is ready for.</summary>
    /// <exception cref="SocketException">The system has no room for it.</exception>
    public void Watch(PolledStream stream, Socket socket)
    {
        int descriptor = (int)socket.Handle;
        lock (_growing)
        {
            if (descriptor >= _streams.Length)
            {
                PolledStream?[] grown = new PolledStream?[Math.Max(descriptor + 1, _streams.Length * 2)];
                _streams.CopyTo(grown, 0);
                Volatile.Write(ref _streams, grown);
            }

            _streams[descriptor] = stream;
        }

        byte[] one = new byte[DataAt + 8];
        BinaryPrimitives.WriteInt32LittleEndian(one, Readable | Writable | PeerEnded | EdgeTriggered);
        BinaryPrimitives.WriteInt64LittleEndian(one.AsSpan(DataAt), descriptor);
        if (epoll_ctl(_descriptor, Add, descriptor, one) < 0)
        {
            int error = Marshal.GetLastPInvokeError();
            Forget(stream, descriptor);
            throw new SocketException(error);
        }
    }

    /// <summary>Forgets a stream, before its socket is closed. The system forgets the socket when it is. An event on its way may reach whoever gets
    /// the same descriptor next, and is then for nothing.</summary>
    public void Forget(PolledStream stream, int descriptor)
    {
        lock (_growing)
        {
            if (_streams[descriptor] == stream)
            {
                _streams[descriptor] = null;
            }
        }
    }

    /// <summary>Asks for another turn of the stream, after all others that are ready; only in its turn.</summary>
    public void Again(PolledStream stream) => _again.Enqueue(stream);

    private static int Succeed(int result) => result >= 0 ? result : throw new SocketException(Marshal.GetLastPInvokeError(), $"epoll: {Marshal.GetLastPInvokeErrorMessage()}");

    private bool Check()
    {
        long turn = Volatile.Read(ref _turn);
        bool moves = turn != _seen, isRunning = turn % 2 != 0;
        _seen = turn;
        if (!moves && isRunning && turn != _succeeded)
        {
            try
            {
                StartLeader(turn);
                _succeeded = turn;
            }
            catch (OutOfMemoryException)
            {
                // The system gives no thread: the next call tries again.
            }
        }

        return moves || isRunning;
    }

    // Without the context of whoever happens to be here.
    private void StartLeader(long turn) => new Thread(() => Lead(turn)) { IsBackground = true, Name = ThreadName }.UnsafeStart();

    private void Lead(long turn)
    {
        Interlocked.Increment(ref _threads);
        if (Interlocked.CompareExchange(ref _turn, turn + 1, turn) == turn)
        {
            _running?.BreakTurn();
            ExecutionContext context = ExecutionContext.Capture()!;
            while (Run(NextReady(), context))
            {
            }
        }

        Interlocked.Decrement(ref _threads);
    }

    // False where meanwhile another has taken the lead.
    private bool Run(PolledStream stream, ExecutionContext context)
    {
        if (Volatile.Read(ref _threads) >= MaxThreads || !stream.TryBeginTurn())
        {
            ThreadPool.UnsafeQueueUserWorkItem(stream, preferLocal: false);
            return true;
        }

        _running = stream;
        long turn = _turn + 1;
        Interlocked.Exchange(ref _turn, turn);
        PollerWatch.Wake();

        // What the application leaves behind in the thread's context goes no further.
        ExecutionContext.Run(context, static stream => ((PolledStream)stream!).Run(), stream);
        if (Interlocked.CompareExchange(ref _turn, turn + 1, turn) != turn)
        {
            return false;
        }

        stream.EndTurn();
        return true;
    }

    // Waits for the next stream that has something to do.
    private PolledStream NextReady()
    {
        while (true)
        {
            while (_event < _eventEnd)
            {
                ReadOnlySpan<byte> one = _events.AsSpan(_event++ * (DataAt + 8));
                int ready = BinaryPrimitives.ReadInt32LittleEndian(one);
                int descriptor = (int)BinaryPrimitives.ReadInt64LittleEndian(one[DataAt..]);
                PolledStream? stream = Volatile.Read(ref _streams)[descriptor];
                if (stream?.BecomeReady((ready & Readable) != 0, (ready & Writable) != 0, (ready & PeerEnded) != 0, (ready & (HungUp | Failed)) != 0) == true)
                {
                    return stream;
                }
            }

            if (_againLeft > 0)
            {
                _againLeft--;
                return _again.Dequeue();
            }

            _againLeft = _again.Count;
            _event = 0;
            _eventEnd = epoll_wait(_descriptor, _events, MaxEvents, _againLeft > 0 ? 0 : -1);
            if (_eventEnd < 0 && Marshal.GetLastPInvokeError() != Interrupted)
            {
                Succeed(_eventEnd);
            }
        }
    }

    [DllImport("libc", SetLastError = true)]
    private static extern int epoll_create1(int flags);

    [DllImport("libc", SetLastError = true)]
    private static extern int epoll_ctl(int descriptor, int operation, int socket, byte[] one);

    [DllImport("libc", SetLastError = true)]
    private static extern int epoll_wait(int descriptor, byte[] events, int count, int timeout);
}
