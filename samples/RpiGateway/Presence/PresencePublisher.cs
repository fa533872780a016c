using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.Extensions.Logging;
using MQTTnet;
using RpiGateway.Mqtt;
using RpiGateway.Sensors;

namespace RpiGateway.Presence;

/// <summary>
/// Publishes, retained, who is there: each sensor to <c>sensors/{id}/status</c>, and the gateway itself to <c>gateways/{name}/status</c>, where the
/// broker says offline when the gateway does not. What is published is always what is so at that moment; a change that another overtakes is
/// left out. After a gateway's crash the sensors that it left online are corrected once it is back, unless another gateway has them.
/// </summary>
internal sealed class PresencePublisher
{
    /// <summary>The statuses heard: those that this gateway has left at the broker, and other gateways'.</summary>
    public const string TopicFilter = "sensors/+/status";

    private const int MaxAtATime = 32;

    // How long a status may keep others waiting. One that the broker refuses is tried again in the next round.
    private static readonly TimeSpan PublishTimeout = TimeSpan.FromSeconds(10);

    private readonly MqttBridge _bridge;
    private readonly PresenceSettings _settings;
    private readonly ILogger _logger;
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Sensor> _sensors = [];
    private readonly HashSet<string> _changed = [];
    private readonly HashSet<string> _unpublished = [];
    private readonly SemaphoreSlim _signal = new(0);
    private readonly long _started = SensorConnection.Now();
    private bool _gatewayChanged;
    private bool _gatewayUnpublished;

    public PresencePublisher(SensorEndpoint sensors, MqttBridge bridge, PresenceSettings settings, ILogger logger)
    {
        _bridge = bridge;
        _settings = settings;
        _logger = logger;
        bridge.Will = GatewayStatus(0, "the connection to the broker was lost");
        bridge.Hear(TopicFilter, Hear);
        bridge.Attached += PublishAll;
        sensors.Connected += Connect;
        sensors.Greeted += Change;
        sensors.Gone += Disconnect;
    }

    /// <summary>Publishes until cancelled.</summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        try
        {
            long nextRound = Environment.TickCount64 + (long)_settings.Interval.TotalMilliseconds;
            while (true)
            {
                int wait = (int)Math.Clamp(nextRound - Environment.TickCount64, 0, int.MaxValue);
                if (!await _signal.WaitAsync(wait, stopping))
                {
                    nextRound = Environment.TickCount64 + (long)_settings.Interval.TotalMilliseconds;
                    ChangeHeard();
                    TryAgain();
                }

                await PublishChangesAsync(stopping);
            }
        }
        catch (OperationCanceledException)
        {
            // The gateway is stopping.
        }
    }

    /// <summary>Says that all are offline, the gateway too, where the broker is attached; once <see cref="RunAsync"/> is over.</summary>
    public async Task SayGoodbyeAsync(CancellationToken deadline)
    {
        lock (_lock)
        {
            foreach (Sensor sensor in _sensors.Values.Where(static sensor => sensor.Connection is not null))
            {
                sensor.Leave("the gateway is stopping");
                _changed.Add(sensor.Id);
            }
        }

        try
        {
            if (_bridge.IsAttached)
            {
                await PublishChangesAsync(deadline);
                await _bridge.PublishAsync(GatewayStatus(SensorConnection.Now(), "the gateway has stopped"), deadline);
            }
        }
        catch (OperationCanceledException)
        {
            _logger.LogWarning("Stopped without telling the broker of all sensors that they are offline");
        }
    }

    private void Connect(SensorConnection connection)
    {
        lock (_lock)
        {
            if (!_sensors.TryGetValue(connection.Id, out Sensor? sensor))
            {
                _sensors.Add(connection.Id, sensor = new Sensor(connection.Id));
            }

            sensor.Enter(connection);
            Signal(connection.Id);
        }
    }

    // It has said more about itself.
    private void Change(string id)
    {
        lock (_lock)
        {
            Signal(id);
        }
    }

    private void Disconnect(SensorConnection connection, string reason)
    {
        lock (_lock)
        {
            if (_sensors.TryGetValue(connection.Id, out Sensor? sensor) && sensor.Connection == connection)
            {
                sensor.Leave(reason);
                Signal(connection.Id);
            }
        }
    }

    // The broker may have forgotten all, or may have told all that the gateway is offline.
    private void PublishAll()
    {
        lock (_lock)
        {
            _gatewayChanged = true;
            foreach (string id in _sensors.Keys)
            {
                Signal(id);
            }

            _signal.Release();
        }
    }

    private void ChangeHeard()
    {
        lock (_lock)
        {
            foreach (Sensor sensor in _sensors.Values.Where(static sensor => sensor.Connection is { } open && open.LastSeen != sensor.PublishedLastSeen))
            {
                Signal(sensor.Id);
            }
        }
    }

    private void TryAgain()
    {
        lock (_lock)
        {
            _gatewayChanged |= _gatewayUnpublished;
            foreach (string id in _unpublished)
            {
                Signal(id);
            }

            _unpublished.Clear();
        }
    }

    private void Hear(MqttApplicationMessage message)
    {
        if (SensorStatus.Parse(message.Payload) is not { } status)
        {
            return;
        }

        string id = message.Topic.Split('/')[1];
        lock (_lock)
        {
            _sensors.TryGetValue(id, out Sensor? sensor);
            if (status.Gateway != _settings.Name)
            {
                // It went to another gateway, which knows better from now on. What that said of a connection before ours, or of the end of one, is
                // put right.
                bool isOurs = sensor?.Connection is { } open && (!status.IsOnline || status.Since < open.Since);
                if (isOurs)
                {
                    sensor!.IsElsewhere = false;
                    Signal(id);
                }
                else if (sensor is not null && status.IsOnline)
                {
                    sensor.IsElsewhere = true;
                }
            }
            else if (status.IsOnline && message.Retain && sensor is null)
            {
                _sensors.Add(id, new Sensor(id, status));
                Signal(id);
            }
        }
    }

    private void Signal(string id)
    {
        if (_changed.Add(id))
        {
            _signal.Release();
        }
    }

    private async Task PublishChangesAsync(CancellationToken givingUp)
    {
        List<string> changed;
        bool gateway;
        lock (_lock)
        {
            changed = [.. _changed];
            _changed.Clear();
            gateway = _gatewayChanged;
            _gatewayChanged = false;
        }

        try
        {
            if (gateway)
            {
                bool isPublished = await TryPublishAsync(GatewayStatus(_started, null), givingUp);
                lock (_lock)
                {
                    _gatewayUnpublished = !isPublished;
                }
            }

            await Parallel.ForEachAsync(
                changed, new ParallelOptions { MaxDegreeOfParallelism = MaxAtATime, CancellationToken = givingUp }, (id, cancellation) => PublishAsync(id, cancellation));
        }
        catch (OperationCanceledException)
        {
            lock (_lock)
            {
                _changed.UnionWith(changed);
            }

            throw;
        }
    }

    private async ValueTask PublishAsync(string id, CancellationToken givingUp)
    {
        SensorStatus? status;
        lock (_lock)
        {
            status = _sensors.GetValueOrDefault(id)?.ToStatus(_settings.Name);
        }

        bool isPublished = status is null || await TryPublishAsync(new Publication($"sensors/{id}/status", status.ToJson()) { Retain = true }, givingUp);
        lock (_lock)
        {
            if (!isPublished)
            {
                _unpublished.Add(id);
            }

            // Of those that are gone nothing is kept.
            else if (!_changed.Contains(id) && _sensors.TryGetValue(id, out Sensor? sensor) && sensor.Connection is null)
            {
                _sensors.Remove(id);
            }
        }
    }

    // False where the broker did not take it in time.
    private async Task<bool> TryPublishAsync(Publication status, CancellationToken givingUp)
    {
        using CancellationTokenSource deadline = CancellationTokenSource.CreateLinkedTokenSource(givingUp);
        deadline.CancelAfter(PublishTimeout);
        try
        {
            await _bridge.PublishAsync(status, deadline.Token);
            return true;
        }
        catch (OperationCanceledException) when (!givingUp.IsCancellationRequested)
        {
            return false;
        }
    }

    private Publication GatewayStatus(long since, string? offline)
    {
        SensorStatus status = new() { IsOnline = offline is null, Gateway = _settings.Name, Since = since, Reason = offline };
        return new Publication($"gateways/{_settings.Name}/status", status.ToGatewayJson()) { Retain = true };
    }

    // A sensor that is connected, or whose end is to be published.
    private sealed class Sensor(string id)
    {
        private SensorStatus? _last;

        /// <summary>One that was left online by a gateway that ended too suddenly.</summary>
        public Sensor(string id, SensorStatus left)
            : this(id) => _last = left with { IsOnline = false, Since = SensorConnection.Now(), Reason = "the gateway stopped without telling" };

        public string Id => id;

        public SensorConnection? Connection { get; private set; }

        public long PublishedLastSeen { get; private set; }

        /// <summary>Whether another gateway has it, so that there is nothing to publish.</summary>
        public bool IsElsewhere { get; set; }

        public void Enter(SensorConnection connection)
        {
            Connection = connection;
            IsElsewhere = false;
        }

        public void Leave(string reason)
        {
            _last = Online("") with { IsOnline = false, Since = SensorConnection.Now(), Reason = reason };
            Connection = null;
        }

        public SensorStatus? ToStatus(string gateway) =>
            IsElsewhere ? null : Connection is null ? _last! with { Gateway = gateway } : Online(gateway);

        private SensorStatus Online(string gateway)
        {
            PublishedLastSeen = Connection!.LastSeen;
            return new SensorStatus
            {
                IsOnline = true,
                Gateway = gateway,
                Since = Connection.Since,
                LastSeen = PublishedLastSeen,
                Address = Connection.Address?.ToString(),
                Firmware = Connection.Said("firmware"),
                Clock = Connection.Said("clock"),
            };
        }
    }
}
