using System;
using System.IO.Pipelines;
using System.Threading.Tasks;
using Microsoft.Extensions.Logging;
using MQTTnet.Adapter;
using MQTTnet.Channel;
using MQTTnet.Diagnostics.Logger;
using MQTTnet.Formatter;
using MQTTnet.Server;
using RpiGateway.Access;
using RpiGateway.Monitoring;

namespace RpiGateway.Mqtt;

/// <summary>The MQTT broker inside the gateway. Others attach to it at <see cref="MqttEndpoint"/>, the gateway's own clients through memory.</summary>
internal sealed class EmbeddedBroker : IDisposable
{
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(1);

    private readonly MqttServer _server;
    private readonly GatewayMetrics _metrics;
    private readonly ILogger _logger;
    private readonly Adapter _adapter = new();
    private readonly MqttAuthorization _authorization;
    private readonly RetainedMessages _retained;

    public EmbeddedBroker(string dataDirectory, AccessControl access, GatewayMetrics metrics, ILogger logger)
    {
        _metrics = metrics;
        _logger = logger;
        _server = new MqttServerFactory().CreateMqttServer(BrokerGuards.Options(), [_adapter], MqttNetNullLogger.Instance);
        _authorization = new MqttAuthorization(_server, access);
        SessionState.NoteVersions(_server);
        AnswerGuard.Watch(_server);
        _ = new SubscriptionLimits(_server, access.Refusals);
        _ = new BrokerGuards(_server, access.Refusals);
        _retained = new RetainedMessages(_server, dataDirectory, access.Refusals, metrics, logger);
    }

    /// <summary>Whether clients can attach.</summary>
    public bool IsRunning => _server.IsStarted;

    /// <summary>Begins to serve.</summary>
    public Task StartAsync() => _server.StartAsync();

    /// <summary>Tells all clients, within 1 s.</summary>
    public async Task StopAsync() =>
        await _server.StopAsync(new MqttServerStopOptions()).WaitAsync(StopTimeout).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    /// <summary>Serves one client's connection, from that peer, to its end.</summary>
    public async Task ServeAsync(IMqttChannel channel, MqttPeer peer)
    {
        _metrics.ConnectionOpened(ConnectionKind.Mqtt);
        try
        {
            await RunAsync(channel, peer);
        }
        finally
        {
            _metrics.ConnectionClosed(ConnectionKind.Mqtt);
        }
    }

    /// <summary>A channel for a client inside the gateway; it must be disposed.</summary>
    public MqttChannel CreateChannel(MqttPacketGuard guard, GatheringStream transport)
    {
        Pipe toBroker = new();
        Pipe toClient = new();
        MqttStreamChannel client = new(toClient.Reader.AsStream(), transport.Over(toBroker.Writer.AsStream()), guard, _logger);
        _ = Task.Run(async () =>
        {
            using MqttStreamChannel channel = new(toBroker.Reader.AsStream(), toClient.Writer.AsStream(), new MqttPacketGuard(MqttPacketGuard.Connect), _logger);
            await RunAsync(channel, MqttPeer.Self);
        });
        return client;
    }

    public void Dispose()
    {
        _authorization.Dispose();
        _retained.Dispose();
        _server.Dispose();
    }

    private async Task RunAsync(IMqttChannel channel, MqttPeer peer)
    {
        using MqttChannelAdapter adapter = new(channel, new MqttPacketFormatterAdapter(new MqttBufferWriter(4096, 65535)), MqttNetNullLogger.Instance)
        {
            AllowPacketFragmentation = false,
        };
        if (_adapter.ClientHandler is not { } serve)
        {
            return;
        }

        _authorization.Enter(adapter, peer);
        try
        {
            await serve(adapter);
        }
        finally
        {
            _authorization.Leave(adapter);
        }
    }

    private sealed class Adapter : IMqttServerAdapter
    {
        public Func<IMqttChannelAdapter, Task>? ClientHandler { get; set; }

        public Task StartAsync(MqttServerOptions options, IMqttNetLogger logger) => Task.CompletedTask;

        public Task StopAsync() => Task.CompletedTask;

        public void Dispose()
        {
        }
    }
}
