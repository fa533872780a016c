using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.InteropServices;

namespace Ws.Micro.Benchmarks.Measuring;

/// <summary>Processor time of a thread or a process: what other programs do on the machine does not count, though it disturbs caches and clocks.</summary>
internal static unsafe class CpuTime
{
    // CLOCK_THREAD_CPUTIME_ID of time.h, on Linux.
    private const int ThreadClock = 3;

    // What clock_getcpuclockid makes of a process's id.
    private const int ProcessClock = 2;

    /// <summary>Nanoseconds that this thread has run.</summary>
    public static long Now => Read(ThreadClock);

    /// <summary>Nanoseconds that all threads of a process have run, in it and in the kernel for it.</summary>
    public static long OfProcess(int id) => Read((~id << 3) | ProcessClock);

    /// <summary>
    /// Runs all in turns, round by round, so that what slows the machine down for a while slows all of them; the first rounds, in which code is
    /// still being compiled, do not count.
    /// </summary>
    /// <returns>For each, in order, nanoseconds of a run.</returns>
    public static Sample[] Compare(int warmUp, int rounds, params Action[] runs)
    {
        List<double>[] times = [.. runs.Select(_ => new List<double>())];
        for (int round = -warmUp; round < rounds; round++)
        {
            for (int i = 0; i < runs.Length; i++)
            {
                long before = Now;
                runs[i]();
                if (round >= 0)
                {
                    times[i].Add(Now - before);
                }
            }
        }

        return [.. times.Select(list => new Sample(list))];
    }

    private static long Read(int clock)
    {
        TimeSpec time;
        return clock_gettime(clock, &time) == 0 ? (time.Seconds * 1_000_000_000) + time.Nanoseconds : throw new PlatformNotSupportedException();
    }

    [DllImport("libc")]
    private static extern int clock_gettime(int clock, TimeSpec* time);

    [StructLayout(LayoutKind.Sequential)]
    private struct TimeSpec
    {
        public long Seconds, Nanoseconds;
    }
}
