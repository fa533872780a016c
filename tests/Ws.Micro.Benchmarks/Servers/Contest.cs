using System;
using System.Collections.Generic;
using System.Linq;
using Ws.Micro.Benchmarks.Measuring;

namespace Ws.Micro.Benchmarks.Servers;

/// <summary>
/// Servers that stand all the while and are loaded in turns, round by round, so that what slows the machine down for a while slows all of
/// them. Those that wait cost nothing.
/// </summary>
internal sealed class Contest : IDisposable
{
    private readonly List<ServerProcess> _servers = [];
    private readonly List<Load> _loads = [];

    public Contest(Contender[] contenders, Traffic traffic, int connections)
    {
        foreach (Contender contender in contenders)
        {
            _servers.Add(ServerProcess.Start(contender.Settings));
            _loads.Add(Load.Open(_servers[^1].EndPoint, traffic, connections));
        }
    }

    /// <summary>A median and its noise.</summary>
    public static string Cell(Sample cost) => $"{cost.Median:F1} µs (±{cost.Noise * 100:F0} %)";

    /// <summary>Loads each until its code is compiled as it will stay.</summary>
    public void WarmUp(Action<Load> run) => _loads.ForEach(run);

    /// <summary>Loads each in turns.</summary>
    /// <param name="rounds">How many times.</param>
    /// <param name="run">Loads one, with its number, and gives how many messages that were.</param>
    /// <returns>For each, in order, microseconds of the server's processor time for a message.</returns>
    public Sample[] Run(int rounds, Func<int, Load, long> run)
    {
        List<double>[] costs = [.. _servers.Select(_ => new List<double>())];
        for (int round = 0; round < rounds; round++)
        {
            for (int i = 0; i < _servers.Count; i++)
            {
                long before = _servers[i].CpuTime;
                long messages = run(i, _loads[i]);
                costs[i].Add((_servers[i].CpuTime - before) / 1000.0 / messages);
            }
        }

        return [.. costs.Select(list => new Sample(list))];
    }

    public void Dispose()
    {
        _loads.ForEach(load => load.Dispose());
        _servers.ForEach(server => server.Dispose());
    }
}
