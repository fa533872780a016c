using System;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;

namespace Ws.Micro.Benchmarks.Measuring;

/// <summary>What many instances of a thing take of the process, divided by their number.</summary>
/// <param name="Managed">Bytes of .NET's heap.</param>
/// <param name="Native">Bytes allocated with malloc.</param>
/// <param name="Resident">Bytes by which resident memory has grown: what was touched, of both.</param>
internal readonly record struct NativeMemory(long Managed, long Native, long Resident)
{
    /// <summary>Makes instances, which should use what they allocate, and measures while all are held.</summary>
    public static NativeMemory Each(int count, Func<object> make)
    {
        // The first ones also pay for code and pools.
        object[] held = new object[count + 1];
        held[count] = make();
        NativeMemory before = Now();
        for (int i = 0; i < count; i++)
        {
            held[i] = make();
        }

        NativeMemory after = Now();
        foreach (IDisposable disposable in held.OfType<IDisposable>())
        {
            disposable.Dispose();
        }

        return new NativeMemory(
            (after.Managed - before.Managed) / count, (after.Native - before.Native) / count, (after.Resident - before.Resident) / count);
    }

    private static NativeMemory Now()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        long managed = GC.GetTotalMemory(forceFullCollection: true);
        MallInfo malloc = mallinfo2();
        string pages = File.ReadAllText("/proc/self/statm").Split(' ')[1];
        return new NativeMemory(managed, (long)(malloc.InUse + malloc.Mapped), long.Parse(pages) * Environment.SystemPageSize);
    }

    [DllImport("libc")]
    private static extern MallInfo mallinfo2();

    // struct mallinfo2 of malloc.h: hblkhd are the bytes of blocks that have a mapping of their own, uordblks those in use of all others.
    [StructLayout(LayoutKind.Sequential)]
    private struct MallInfo
    {
        public nuint Arena, FreeBlocks, FastBlocks, MappedBlocks, Mapped, Unused, FastFree, InUse, Free, KeepCost;
    }
}
