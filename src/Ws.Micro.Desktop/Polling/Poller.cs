using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Threading;

namespace Ws.Micro.Desktop.Polling;

/// <summary>
/// A thread that waits for many sockets (Linux's epoll, edge-triggered) and runs there what waits for one of them. .NET's own sockets hand each
/// event to the thread pool; at low rates waking that up costs ten times what a message does.
/// </summary>
internal sealed class Poller
{
    // sys/epoll.h, errno.h.
    private const int Add = 1, Readable = 0x001, Writable = 0x004, Failed = 0x008, HungUp = 0x010, PeerEnded = 0x2000, EdgeTriggered = 1 << 31;
    private const int Interrupted = 4, CloseOnExec = 0x80000;
    private const int MaxEvents = 256, MaxThreads = 8;

    // struct epoll_event: 32 bits of events, then 64 of data; packed on x86-64 only.
    private static readonly int DataAt = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 4 : 8;

    private static readonly Lazy<Poller>[] All = CreateAll();
    private static uint _next;

    private readonly int _descriptor;
    private readonly byte[] _events = new byte[MaxEvents * (DataAt + 8)];
    private readonly Queue<PolledStream> _again = new();
    private readonly Lock _growing = new();
    private PolledStream?[] _streams = new PolledStream?[64];

    private Poller()
    {
        _descriptor = epoll_create1(CloseOnExec);
        Check(_descriptor);
        new Thread(Run) { IsBackground = true, Name = "Ws.Micro poller" }.Start();
    }

    /// <summary>Whether this system has what is needed.</summary>
    public static bool IsSupported => OperatingSystem.IsLinux();

    /// <summary>The poller for the next connection. They are started when needed, and never end.</summary>
    public static Poller Next() => All[Interlocked.Increment(ref _next) % (uint)All.Length].Value;

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

    /// <summary>Asks for the stream's turn after all others that are ready; only on the poller's thread.</summary>
    public void Again(PolledStream stream) => _again.Enqueue(stream);

    private static Lazy<Poller>[] CreateAll()
    {
        Lazy<Poller>[] all = new Lazy<Poller>[Math.Clamp(Environment.ProcessorCount / 2, 1, MaxThreads)];
        for (int i = 0; i < all.Length; i++)
        {
            all[i] = new Lazy<Poller>(static () => new Poller());
        }

        return all;
    }

    private static int Check(int result) => result >= 0 ? result : throw new SocketException(Marshal.GetLastPInvokeError(), $"epoll: {Marshal.GetLastPInvokeErrorMessage()}");

    private void Run()
    {
        while (true)
        {
            int again = _again.Count;
            int count = epoll_wait(_descriptor, _events, MaxEvents, again > 0 ? 0 : -1);
            if (count < 0 && Marshal.GetLastPInvokeError() != Interrupted)
            {
                Check(count);
            }

            for (int i = 0; i < count; i++)
            {
                ReadOnlySpan<byte> one = _events.AsSpan(i * (DataAt + 8));
                int ready = BinaryPrimitives.ReadInt32LittleEndian(one);
                int descriptor = (int)BinaryPrimitives.ReadInt64LittleEndian(one[DataAt..]);
                bool ended = (ready & (PeerEnded | HungUp | Failed)) != 0;
                Volatile.Read(ref _streams)[descriptor]?.BecomeReady((ready & Readable) != 0 || ended, (ready & Writable) != 0 || ended, ended);
            }

            for (int i = 0; i < again; i++)
            {
                _again.Dequeue().BecomeReady(true, false, false);
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
