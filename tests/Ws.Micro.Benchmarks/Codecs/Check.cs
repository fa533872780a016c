using System;

namespace Ws.Micro.Benchmarks.Codecs;

/// <summary>What is measured must also be right.</summary>
internal static class Check
{
    /// <exception cref="InvalidOperationException">It is not.</exception>
    public static void That(bool holds)
    {
        if (!holds)
        {
            throw new InvalidOperationException("Both do not give the same.");
        }
    }
}
