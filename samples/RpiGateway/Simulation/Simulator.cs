using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;
using Esp32Sensor.Node;
using Microsoft.Extensions.Logging;
using RpiGateway.Access;
using Ws.Micro.Net;

namespace RpiGateway.Simulation;

/// <summary>
/// Sensors in this process that run the firmware's own node code and its blocking WebSocket client, each on a thread of its
/// own as on a board, and reach the gateway over real loopback connections.
/// </summary>
/// <param name="gateway">Where it is.</param>
/// <param name="count">How many.</param>
/// <param name="introduce">Gives what a sensor shows to the gateway, by its id.</param>
/// <param name="logger">What sensors say.</param>
internal sealed class Simulator(Uri gateway, int count, Func<string, Introduction> introduce, ILogger logger)
{
    /// <summary>From one reading of a sensor to the next, in milliseconds.</summary>
    public const int Interval = 1000;

    // A node's calls are shallow; thousands of .NET's usual stacks of 1.5 MB would claim gigabytes of address space.
    private const int StackSize = 256 * 1024;

    /// <summary>Runs the sensors sim-1 to sim-N until cancelled.</summary>
    public Task RunAsync(CancellationToken stopping)
    {
        List<Task> sensors = [];
        for (int i = 0; i < count && !stopping.IsCancellationRequested; i++)
        {
            string id = $"sim-{i + 1}";
            Introduction introduction = introduce(id);
            NodeSettings settings = new() { Id = id, Secret = introduction.Secret, Gateway = gateway.AbsoluteUri, Interval = Interval };
            sensors.Add(RunAsync(new SensorNode(settings, new SimulatedBoard(i, introduction, logger), new Random()), settings.Id, stopping));
        }

        return Task.WhenAll(sensors);
    }

    private static async Task RunAsync(SensorNode node, string name, CancellationToken stopping)
    {
        TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Thread thread = new(
            () =>
            {
                node.Run();
                ended.SetResult();
            },
            StackSize)
        { Name = name, IsBackground = true };
        thread.Start();

        await using CancellationTokenRegistration stop = stopping.Register(node.Stop);
        await ended.Task;
    }

    private sealed class SimulatedBoard(int seed, Introduction introduction, ILogger logger) : NodeBoard
    {
        private readonly Random _random = new(seed);
        private int _temperature = 2000;

        public override void Measure(Measurements values)
        {
            _temperature += _random.Next(-10, 11);
            values.Temperature = _temperature;
            values.Humidity = 400 + _random.Next(0, 100);
            values.Pressure = 101_300 + _random.Next(-50, 51);
            values.Battery = 370;
            values.Rssi = -60 - _random.Next(0, 10);
            values.FreeMemory = 64 * 1024;
        }

        public override WebSocketConnection Connect(string url, WebSocketClientOptions options)
        {
            // Without a root the certificate is another's, for other names than this address; but nobody stands between the gateway and itself.
            options.RootCertificate = introduction.Root;
            options.DangerousAcceptAnyCertificate = introduction.Root is null;
            options.ClientCertificate = introduction.Certificate;
            return WebSocketClient.Connect(url, options);
        }

        public override void Log(string line) => logger.LogDebug("{Line}", line);
    }
}
