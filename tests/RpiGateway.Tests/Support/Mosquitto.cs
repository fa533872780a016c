using System;
using System.IO;
using System.Linq;
using System.Threading.Tasks;

namespace RpiGateway.Tests;

/// <summary>Mosquitto with a listener, of WebSocket unless told otherwise, on a port of its own, keeping its sessions over a restart.</summary>
internal sealed class Mosquitto(string scheme, string[] configuration) : IAsyncDisposable
{
    private readonly string _program = Tool.Find("mosquitto");
    private readonly string _directory = Directory.CreateTempSubdirectory("mosquitto-").FullName;
    private readonly int _port = Ports.Free();
    private Tool? _tool;

    /// <summary>Where the listener is.</summary>
    public Uri Url => new($"{scheme}://127.0.0.1:{_port}{(scheme is "ws" or "wss" ? "/mqtt" : "")}");

    /// <summary>Starts one, with lines added to its configuration.</summary>
    public static Task<Mosquitto> StartNewAsync(params string[] configuration) => StartNewAsync("ws", configuration);

    /// <summary>Starts one whose URL has that scheme; mqtts and wss need a certificate in the configuration.</summary>
    public static async Task<Mosquitto> StartNewAsync(string scheme, string[] configuration)
    {
        Mosquitto mosquitto = new(scheme, configuration);
        await mosquitto.StartAsync();
        return mosquitto;
    }

    public async Task StartAsync()
    {
        string path = Path.Join(_directory, "mosquitto.conf");
        await File.WriteAllLinesAsync(
            path,
            [
                // Mosquitto 2.0.11 does not start with websockets alone, so it gets a Unix socket beside.
                $"listener 0 {_directory}/mosquitto.sock",
                $"listener {_port} 127.0.0.1",
                $"protocol {(scheme is "ws" or "wss" ? "websockets" : "mqtt")}",
                "socket_domain ipv4",
                .. configuration.Contains("allow_anonymous false") ? Array.Empty<string>() : ["allow_anonymous true"],
                "max_queued_messages 0",
                "persistence true",
                $"persistence_location {_directory}/",
                $"user {Environment.UserName}",
                .. configuration,
            ]);
        _tool = Tool.Start(_program, ["-c", path]);
        await _tool.ErrorLineAsync("running");
    }

    /// <summary>Stops it as a service manager does, so that it saves its sessions.</summary>
    public async Task StopAsync()
    {
        await _tool!.SignalAsync("TERM");
        await _tool.ExitAsync();
    }

    /// <summary>Kills it: it saves nothing.</summary>
    public async Task KillAsync()
    {
        await _tool!.SignalAsync("KILL");
        await _tool.ExitAsync();
    }

    /// <summary>Sends it a signal, by its name.</summary>
    public Task SignalAsync(string signal) => _tool!.SignalAsync(signal);

    /// <summary>Loses all that it has kept, while it is stopped.</summary>
    public void Forget() => File.Delete(Path.Join(_directory, "mosquitto.db"));

    /// <summary>The address of a broker that is away.</summary>
    public static Uri NowhereUrl() => new($"ws://127.0.0.1:{Ports.Free()}/mqtt");

    public async ValueTask DisposeAsync()
    {
        if (_tool is not null)
        {
            await _tool.DisposeAsync();
        }

        Directory.Delete(_directory, recursive: true);
    }
}
