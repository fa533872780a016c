using System;
using System.IO;
using System.Threading.Tasks;

namespace RpiGateway.Tests;

/// <summary>RabbitMQ with its Web MQTT plugin, as Debian packs it, with a port mapper of its own; it takes a while to start.</summary>
public sealed class RabbitMq : IAsyncLifetime
{
    // What Debian calls rabbitmq-server on the path is a wrapper that runs the system's instance.
    private const string Server = "/usr/lib/rabbitmq/bin/rabbitmq-server";

    private readonly TempDirectory _directory = new();
    private readonly int _port = Ports.Free();
    private readonly int _mapperPort = Ports.Free();
    private Tool? _mapper;
    private Tool? _server;

    public Uri Url => new($"ws://127.0.0.1:{_port}/ws");

    /// <summary>Skips the test where it is not installed.</summary>
    public static void Require() => Tool.Find("rabbitmq-server");

    public async ValueTask InitializeAsync()
    {
        if (!File.Exists(Server))
        {
            return;
        }

        string directory = _directory.Path;
        string configuration = Path.Join(directory, "rabbitmq.conf");
        string plugins = Path.Join(directory, "enabled_plugins");
        await File.WriteAllLinesAsync(
            configuration,
            ["listeners.tcp = none", "mqtt.listeners.tcp = none", "web_mqtt.tcp.ip = 127.0.0.1", $"web_mqtt.tcp.port = {_port}", "mqtt.allow_anonymous = false"]);
        await File.WriteAllTextAsync(plugins, "[rabbitmq_web_mqtt].");

        _mapper = Tool.Start("epmd", ["-address", "127.0.0.1", "-port", $"{_mapperPort}"]);
        await Ports.OpenAsync(_mapperPort);
        _server = Tool.Start(
            "env",
            [
                $"HOME={directory}", $"RABBITMQ_BASE={directory}", $"RABBITMQ_MNESIA_BASE={directory}/mnesia", $"RABBITMQ_LOG_BASE={directory}/log",
                $"RABBITMQ_CONFIG_FILE={configuration}", $"RABBITMQ_ENABLED_PLUGINS_FILE={plugins}", $"RABBITMQ_PID_FILE={directory}/pid",
                "RABBITMQ_CONF_ENV_FILE=/dev/null", $"RABBITMQ_NODENAME=gateway{_port}@localhost", $"RABBITMQ_DIST_PORT={Ports.Free()}",
                "ERL_EPMD_ADDRESS=127.0.0.1", $"ERL_EPMD_PORT={_mapperPort}", "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS=-kernel inet_dist_use_interface {127,0,0,1}",
                Server,
            ]);
        await Ports.OpenAsync(_port);
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }

        if (_mapper is not null)
        {
            await _mapper.DisposeAsync();
        }

        _directory.Dispose();
    }
}
