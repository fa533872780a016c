using System;

namespace Ws.Micro.Fuzz;

internal static class Allocation
{
    /// <summary>
    /// Prepares and works, and throws where the work allocates. A type's first use sets its statics up, so what allocates is tried once more.
    /// </summary>
    public static void MustBeNone<T>(Func<T> prepare, Action<T> work)
    {
        if (Measure(prepare, work) != 0)
        {
            Violation.UnlessEqual(0, Measure(prepare, work), "bytes allocated");
        }
    }

    private static long Measure<T>(Func<T> prepare, Action<T> work)
    {
        T subject = prepare();
        long before = GC.GetAllocatedBytesForCurrentThread();
        work(subject);
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }
}
