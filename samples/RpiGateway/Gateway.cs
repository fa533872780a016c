using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using RpiGateway.Access;
using RpiGateway.Commands;
using RpiGateway.Monitoring;
using RpiGateway.Mqtt;
using RpiGateway.Presence;
using RpiGateway.Readings;
using RpiGateway.Sensors;
using RpiGateway.Settings;
using RpiGateway.Simulation;

namespace RpiGateway;

/// <summary>The running gateway: sensors' endpoint, broker, bridge and, when asked for, simulated sensors and a printer.</summary>
public sealed class Gateway : IAsyncDisposable
{
    // A peer that is silent this long is asked for a sign of life, and given up without one. Only while a read waits for it:
    // a sensor whose reading waits for the broker is not held to be silent.
    private static readonly TimeSpan KeepAliveInterval = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan KeepAliveTimeout = TimeSpan.FromSeconds(20);

    // What a stop may take, within 5 s in all, with the broker's own second: for sensors, for what the broker is to be told, for the rest.
    private static readonly TimeSpan SensorsStopTimeout = TimeSpan.FromSeconds(1.5);
    private static readonly TimeSpan DrainTimeout = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan HostStopTimeout = TimeSpan.FromSeconds(0.7);

    private readonly WebApplication _app;
    private readonly GatewayMetrics _metrics;
    private readonly EmbeddedBroker? _broker;
    private readonly BrokerTarget _target;
    private readonly ReadingLog _log;
    private readonly ReadingPublisher _publisher;
    private readonly SensorEndpoint _sensors;
    private readonly CommandRelay _commands;
    private readonly PresencePublisher _presence;
    private readonly Task _presenceRunning;
    private readonly ServiceManager _serviceManager;
    private readonly List<Task> _running = [];
    private readonly CancellationTokenSource _stopping = new();
    private readonly CancellationTokenSource _sensorsStopping = new();

    private Gateway(
        WebApplication app,
        GatewayMetrics metrics,
        AccessControl access,
        EmbeddedBroker? broker,
        ReadingLog log,
        ReadingPublisher publisher,
        MqttBridge bridge,
        CommandRelay commands,
        PresencePublisher presence,
        SensorEndpoint sensors,
        Uri address,
        BrokerTarget target)
    {
        _app = app;
        _metrics = metrics;
        Access = access;
        _broker = broker;
        _log = log;
        _publisher = publisher;
        _sensors = sensors;
        _commands = commands;
        _presence = presence;
        _serviceManager = ServiceManager.FromEnvironment(app.Logger);
        Address = address;
        Broker = broker is null ? target.Settings.Urls[0] : new Uri(address, MqttEndpoint.Path);
        _target = target;
        _running.Add(publisher.RunAsync(_stopping.Token));
        _running.Add(commands.RunAsync(_stopping.Token));
        _running.Add(bridge.RunAsync(_stopping.Token));
        _presenceRunning = presence.RunAsync(_sensorsStopping.Token);
    }

    /// <summary>Where the gateway can be reached from this machine, for example ws://127.0.0.1:5080/.</summary>
    public Uri Address { get; }

    /// <summary>Where MQTT clients attach: the embedded broker's URL, or the other's first.</summary>
    public Uri Broker { get; }

    /// <summary>Who may come in.</summary>
    internal AccessControl Access { get; }

    /// <summary>Cancelled when the process is asked to stop, by SIGTERM or Ctrl+C.</summary>
    public CancellationToken StopRequested => _app.Lifetime.ApplicationStopping;

    /// <summary>Starts listening, and what is simulated writes what it hears to <paramref name="output"/>.</summary>
    /// <exception cref="IOException">An address of <see cref="GatewaySettings.Urls"/> cannot be listened on, or another gateway uses the data directory.</exception>
    public static async Task<Gateway> StartAsync(GatewaySettings settings, TextWriter output)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(
            new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        if (settings.Framework is not null)
        {
            builder.Configuration.AddConfiguration(settings.Framework);
        }

        // Where to listen is ours to say, and Kestrel would complain of two who do.
        builder.Configuration[WebHostDefaults.ServerUrlsKey] = null;
        MqttTcp? mqttTcp = null;
        builder.WebHost.ConfigureKestrel(kestrel => new Listener(
            settings.ListenUrls, kestrel.ApplicationServices.GetRequiredService<AccessControl>(),
            settings.Broker.Tcp ? next => connection => mqttTcp!.ServeAsync(connection, next) : null).Configure(kestrel));

        builder.WebHost.UseMicroSockets();
        builder.Services.Configure<HostOptions>(static options => options.ShutdownTimeout = HostStopTimeout);

        // Readings go to standard output, so the log goes to standard error.
        builder.Logging.AddConsole();
        builder.Services.Configure<ConsoleLoggerOptions>(options =>
        {
            options.LogToStandardErrorThreshold = LogLevel.Trace;
            options.FormatterName = builder.Configuration[GatewaySettings.LogFormat] ?? ConsoleFormatterNames.Simple;
        });
        builder.Services.Configure<SimpleConsoleFormatterOptions>(static options =>
        {
            options.SingleLine = true;
            options.TimestampFormat = "yyyy-MM-dd'T'HH:mm:ss'Z' ";
            options.UseUtcTimestamp = true;
        });
        builder.Logging.AddFilter("Microsoft", LogLevel.Warning);
        builder.Logging.AddFilter("Microsoft.Extensions.Hosting", LogLevel.None);

        GatewayMetrics metrics = new();
        Liveness liveness = new();
        Readiness readiness = new();
        builder.Services.AddMonitoring(metrics);
        builder.Services.AddSingleton(services => AccessControl.Create(settings, metrics, services.GetRequiredService<ILoggerFactory>().CreateLogger(nameof(RpiGateway))));
        WebApplication app = builder.Build();
        ILogger logger = app.Logger;
        AccessControl access = app.Services.GetRequiredService<AccessControl>();
        EmbeddedBroker? broker = null;
        ReadingLog? log = null;
        try
        {
            log = new ReadingLog(settings.DataDirectory, settings.Log, metrics, logger, liveness);
            app.Use((context, next) =>
            {
                access.Gate.Admit(context.Features.Get<PendingConnection>());
                return next(context);
            });
            app.UseMicroWebSockets(new WebSocketOptions { KeepAliveInterval = KeepAliveInterval, KeepAliveTimeout = KeepAliveTimeout });

            BrokerTarget target;
            if (settings.Broker.IsEmbedded)
            {
                broker = new EmbeddedBroker(settings.DataDirectory, access, metrics, logger);
                await broker.StartAsync();
                mqttTcp = new MqttTcp(broker, access, logger);
                target = BrokerTarget.Inside(broker, settings.DataDirectory);
                app.Map(MqttEndpoint.Path, new MqttEndpoint(broker, access, logger).RunAsync);
            }
            else
            {
                target = BrokerTarget.AtUrls(settings.Broker, settings.DataDirectory, logger);
                app.Map(MqttEndpoint.Path, context => access.Refusals.SendAsync(
                    context, StatusCodes.Status404NotFound, $"the broker is not here but at {target.Addresses[0]}"));
            }

            // The address is known once the gateway listens.
            TaskCompletionSource<SensorEndpoint> started = new();
            app.Map(SensorEndpoint.Path, async context => await (await started.Task).RunAsync(context));
            app.MapMonitoring(liveness, readiness, access);
            readiness.Add(() => started.Task.IsCompleted ? null : "the gateway is starting");
            await ListenAsync(app, settings.Urls);

            Uri address = LoopbackAddress(app);
            MqttBridge bridge = new(target, logger);
            ReadingPublisher publisher = new(target, log, settings.Log, metrics, logger);
            SensorEndpoint sensors = new(log, metrics, access, logger);
            access.Registry.Revoked += sensors.Disconnect;
            metrics.ObserveBroker(() => publisher.IsAttached);
            metrics.ObserveLog(() => log.Levels);
            metrics.ObserveSensors(() => sensors.Traffic);
            readiness.Add(() => publisher.IsAttached ? null : "the broker is not attached");
            readiness.Add(() => log.Trouble is { } trouble ? $"the log of readings cannot be written: {trouble}" : null);
            CommandRelay commands = new(sensors, bridge, new CommandJournal(settings.DataDirectory, metrics, logger), settings.Commands, metrics, logger);
            PresencePublisher presence = new(sensors, bridge, settings.Presence, logger);
            started.SetResult(sensors);

            Gateway gateway = new(app, metrics, access, broker, log, publisher, bridge, commands, presence, sensors, address, target);
            gateway.Announce(settings, output, logger);
            gateway._running.Add(gateway._serviceManager.FeedWatchdogAsync(liveness, gateway._stopping.Token));
            gateway._serviceManager.TellReady();
            return gateway;
        }
        catch
        {
            log?.Dispose();
            broker?.Dispose();
            await app.DisposeAsync();
            metrics.Dispose();
            throw;
        }
    }

    /// <summary>Closes sensors with 1001, lets their readings reach the disk and the broker, and stops all; within 5 s.</summary>
    public async Task StopAsync()
    {
        _serviceManager.TellStopping();
        using CancellationTokenSource sensorsDeadline = new(SensorsStopTimeout);
        Task sensorsGone = _sensors.StopAsync(sensorsDeadline.Token);
        await _sensorsStopping.CancelAsync();
        await sensorsGone;
        await _presenceRunning;
        using CancellationTokenSource deadline = new(DrainTimeout);
        await Task.WhenAll(_publisher.DrainAsync(deadline.Token), _commands.DrainAsync(deadline.Token), _presence.SayGoodbyeAsync(deadline.Token));
        await _stopping.CancelAsync();
        await Task.WhenAll(_running);
        if (_broker is not null)
        {
            await _broker.StopAsync();
        }

        await _app.StopAsync();
    }

    public async ValueTask DisposeAsync()
    {
        _log.Dispose();
        _broker?.Dispose();
        await _app.DisposeAsync();
        _commands.Dispose();
        _metrics.Dispose();
        _stopping.Dispose();
        _sensorsStopping.Dispose();
    }

    private static async Task ListenAsync(WebApplication app, string urls)
    {
        try
        {
            await app.StartAsync();
        }
        catch (Exception error) when (error is IOException or System.Net.Sockets.SocketException)
        {
            throw new IOException($"urls is '{urls}': cannot listen there: {LogText.Printable(error.GetBaseException().Message)}", error);
        }
    }

    private static Uri LoopbackAddress(WebApplication app)
    {
        string bound = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        UriBuilder address = new(bound);
        address.Scheme = address.Scheme == "https" ? "wss" : "ws";
        if (address.Host is "0.0.0.0" or "[::]")
        {
            address.Host = "127.0.0.1";
        }

        return address.Uri;
    }

    private void Announce(GatewaySettings settings, TextWriter output, ILogger logger)
    {
        output.WriteLine($"Sensors connect to {Address}sensors/{{id}}");
        output.WriteLine($"Attach to {Broker}, subprotocol mqtt, topic {ReadingPrinter.TopicFilter}");
        if (Access.Tls?.RootPath is { } root)
        {
            output.WriteLine($"Sensors and MQTT clients trust the gateway by the root certificate {root}");
        }

        if (settings.Simulate == 0)
        {
            return;
        }

        output.WriteLine($"{settings.Simulate} simulated sensors; what arrives through MQTT:");
        _running.Add(new ReadingPrinter(_target, output, logger).RunAsync(_stopping.Token));

        // Thousands of threads take their time to start, and a stop must not wait for it.
        Simulator simulator = new(Address, settings.Simulate, Access.Introduce, logger);
        _running.Add(Task.Run(() => simulator.RunAsync(_sensorsStopping.Token)));
    }
}
