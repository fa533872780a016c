using System;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.Extensions.Logging.Abstractions;

namespace RpiGateway.Tests.Simulation;

/// <summary>Simulated sensors.</summary>
public sealed class SimulatorTests
{
    [Fact]
    public async Task StopEndsTheirStart()
    {
        using CancellationTokenSource stopping = new();
        int introduced = 0;
        Simulator simulator = new(
            new Uri("ws://127.0.0.1:9/"), 100,
            _ =>
            {
                if (++introduced == 2)
                {
                    stopping.Cancel();
                }

                return new Introduction("secret", null, null);
            },
            NullLogger.Instance);

        await simulator.RunAsync(stopping.Token).InTime();

        Assert.Equal(2, introduced);
    }
}
