using System;
using System.Threading.Tasks;

namespace Ws.Micro.Testing;

/// <summary>What a test waits for must come within this time; it is a bound on hanging, not a measure.</summary>
internal static class Deadline
{
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    public static Task InTime(this Task task) => task.WaitAsync(Limit);

    public static Task<T> InTime<T>(this Task<T> task) => task.WaitAsync(Limit);
}
