using System;

namespace Ws.Micro.Benchmarks.Servers;

/// <summary>A row of a table.</summary>
/// <param name="Name">What it is called.</param>
/// <param name="Settings">How it is started.</param>
/// <param name="Goal">What its ratio to the peer may be at most, below 0 at least the opposite of; 0: no goal.</param>
internal sealed record Contender(string Name, EchoServerSettings Settings, double Goal)
{
    /// <summary>The last cells of the row: ratio, goal and whether it is reached.</summary>
    public string[] Verdict(double ratio) => Goal switch
    {
        0 => [$"{ratio:F2}", "", ""],
        > 0 => [$"{ratio:F2}", $"at most {Goal:F2}", Report.Reached(ratio <= Goal)],
        _ => [$"{ratio:F2}", $"at least {-Goal:F1}", Report.Reached(ratio >= -Goal)],
    };
}
