using System.Collections.Generic;

namespace Ws.Micro.DeviceSurface.Tests;

internal static class Findings
{
    /// <summary>Fails with every finding in full, one on a line.</summary>
    public static void AssertNone(IReadOnlyCollection<string> findings) =>
        Assert.True(findings.Count == 0, $"{findings.Count} findings:\n{string.Join("\n", findings)}");
}
