using System;

namespace Ws.Micro.Deflate.Tests.Support;

/// <summary>What a piece of work allocates on its thread, in tests that run alone (<see cref="MeasuredAlone"/>).</summary>
internal static class Measured
{
    public const int Attempts = 5;

    /// <summary>
    /// The least of some attempts, after one that sets up what is set up once: a collection that begins meanwhile counts as allocated what is
    /// left of the thread's block, while what the work allocates shows each time.
    /// </summary>
    public static long Allocated(Action work)
    {
        work();
        long least = long.MaxValue;
        for (int i = 0; i < Attempts && least > 0; i++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            work();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        return least;
    }
}
