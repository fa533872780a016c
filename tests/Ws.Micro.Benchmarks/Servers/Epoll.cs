using System;
using System.Buffers.Binary;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Ws.Micro.Benchmarks.Servers;

/// <summary>Linux's epoll, edge-triggered: one thread waits for thousands of sockets at a cost that does not grow with them.</summary>
internal sealed unsafe class Epoll : IDisposable
{
    // sys/epoll.h.
    private const int Add = 1, Readable = 0x001, Writable = 0x004, Hangup = 0x2000, EdgeTriggered = 1 << 31, MaxEvents = 256;

    // struct epoll_event: 32 bits of events, then 64 of data; packed on x86-64 only.
    private static readonly int DataAt = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 4 : 8;
    private static readonly int EventSize = DataAt + 8;
    private readonly int _descriptor;
    private readonly byte[] _events = new byte[MaxEvents * 16];

    public Epoll()
    {
        _descriptor = epoll_create1(0);
        Check(_descriptor);
    }

    /// <summary>Watches a socket for input and for room for output.</summary>
    /// <param name="socket">Not blocking.</param>
    /// <param name="tag">What <see cref="Tag"/> gives for its events.</param>
    public void Watch(Socket socket, int tag)
    {
        Span<byte> one = stackalloc byte[16];
        BinaryPrimitives.WriteInt32LittleEndian(one, Readable | Writable | Hangup | EdgeTriggered);
        BinaryPrimitives.WriteInt64LittleEndian(one[DataAt..], tag);
        fixed (byte* at = one)
        {
            Check(epoll_ctl(_descriptor, Add, (int)socket.Handle, at));
        }
    }

    /// <summary>Waits for events, at most so many nanoseconds.</summary>
    /// <returns>How many there are; 0 when the time is up.</returns>
    public int Wait(long nanoseconds)
    {
        long* timeout = stackalloc long[2] { nanoseconds / 1_000_000_000, nanoseconds % 1_000_000_000 };
        fixed (byte* at = _events)
        {
            int count = epoll_pwait2(_descriptor, at, MaxEvents, timeout, null);
            return count < 0 && Marshal.GetLastPInvokeError() == 4 /* EINTR */ ? 0 : Check(count);
        }
    }

    /// <summary>Whose the event is, of those that the last wait found.</summary>
    public int Tag(int index) => (int)BinaryPrimitives.ReadInt64LittleEndian(_events.AsSpan((index * EventSize) + DataAt));

    public void Dispose() => Check(close(_descriptor));

    private static int Check(int result) => result >= 0 ? result : throw new PlatformNotSupportedException($"epoll: {Marshal.GetLastPInvokeErrorMessage()}");

    [DllImport("libc", SetLastError = true)]
    private static extern int epoll_create1(int flags);

    [DllImport("libc", SetLastError = true)]
    private static extern int epoll_ctl(int descriptor, int operation, int socket, byte* one);

    [DllImport("libc", SetLastError = true)]
    private static extern int epoll_pwait2(int descriptor, byte* events, int count, long* timeout, void* signals);

    [DllImport("libc", SetLastError = true)]
    private static extern int close(int descriptor);
}
