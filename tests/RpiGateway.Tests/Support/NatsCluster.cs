using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading.Tasks;

namespace RpiGateway.Tests;

/// <summary>NATS servers, as Debian packs them, that keep what is published in JetStream on a majority of them; MQTT over WebSocket.</summary>
internal sealed class NatsCluster : IAsyncDisposable
{
    private const int Size = 3;

    private readonly string _program = Tool.Find("nats-server");
    private readonly TempDirectory _directory = new();
    private readonly int[] _clusterPorts = [.. Enumerable.Range(0, Size).Select(static _ => Ports.Free())];
    private readonly int[] _ports = [.. Enumerable.Range(0, Size).Select(static _ => Ports.Free())];
    private readonly List<Tool> _nodes = [];

    public Uri[] Urls => [.. _ports.Select(static port => new Uri($"ws://127.0.0.1:{port}/mqtt"))];

    public static async Task<NatsCluster> StartAsync()
    {
        NatsCluster cluster = new();
        for (int i = 0; i < Size; i++)
        {
            await cluster.StartNodeAsync(i);
        }

        // It takes clients when the nodes have found each other.
        foreach (int port in cluster._ports)
        {
            await Ports.OpenAsync(port);
        }

        return cluster;
    }

    /// <summary>Kills a node with SIGKILL.</summary>
    public async Task KillAsync(int node)
    {
        await _nodes[node].SignalAsync("KILL");
        await _nodes[node].ExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (Tool node in _nodes)
        {
            await node.DisposeAsync();
        }

        _directory.Dispose();
    }

    private async Task StartNodeAsync(int node)
    {
        string path = Path.Join(_directory.Path, $"node{node}.conf");
        await File.WriteAllTextAsync(
            path,
            $$"""
            server_name: node{{node}}
            listen: "127.0.0.1:{{Ports.Free()}}"
            jetstream { store_dir: "{{_directory.Path}}/node{{node}}" }
            cluster {
              name: test
              listen: "127.0.0.1:{{_clusterPorts[node]}}"
              routes: [{{string.Join(", ", _clusterPorts.Select(static port => $"\"nats://127.0.0.1:{port}\""))}}]
            }
            websocket { listen: "127.0.0.1:{{_ports[node]}}", no_tls: true }
            mqtt { listen: "127.0.0.1:{{Ports.Free()}}" }
            """);
        _nodes.Add(Tool.Start(_program, ["-c", path]));
    }
}
