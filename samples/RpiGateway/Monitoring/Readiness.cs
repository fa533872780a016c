using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;

namespace RpiGateway.Monitoring;

/// <summary>Whether the gateway can do all that it is there for: each part says what it lacks. For any thread.</summary>
internal sealed class Readiness
{
    private readonly Lock _lock = new();
    private readonly List<Func<string?>> _checks = [];

    /// <summary>Adds a part; the function is quick, and gives one line without secrets, or null where nothing is lacking.</summary>
    public void Add(Func<string?> findFault)
    {
        lock (_lock)
        {
            _checks.Add(findFault);
        }
    }

    /// <summary>All that is lacking.</summary>
    public List<string> FindFaults()
    {
        lock (_lock)
        {
            return [.. _checks.Select(static check => check()).OfType<string>()];
        }
    }
}
