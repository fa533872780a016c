using System;
using System.Threading;
using System.Threading.Tasks;

namespace Ws.Micro.Desktop.Tests.Support;

/// <summary>How long a test waits for what has to happen. It is reached only by a fault.</summary>
internal static class Deadline
{
    internal static readonly TimeSpan Time = TimeSpan.FromSeconds(60);

    internal static CancellationToken Token => CancellationTokenSource.CreateLinkedTokenSource(
        TestContext.Current.CancellationToken, new CancellationTokenSource(Time).Token).Token;

    internal static Task InTime(this Task task) => task.WaitAsync(Time);

    internal static Task<T> InTime<T>(this Task<T> task) => task.WaitAsync(Time);

    internal static Task InTime(this ValueTask task) => task.AsTask().WaitAsync(Time);

    internal static Task<T> InTime<T>(this ValueTask<T> task) => task.AsTask().WaitAsync(Time);
}
