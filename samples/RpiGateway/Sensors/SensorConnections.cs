using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;
using RpiGateway.Monitoring;

namespace RpiGateway.Sensors;

/// <summary>The connections of all sensors, those of one sensor in the order they came. For any thread.</summary>
internal sealed class SensorConnections
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, LinkedList<SensorConnection>> _sensors = [];
    private readonly Dictionary<SensorConnection, LinkedListNode<SensorConnection>> _places = [];
    private readonly TaskCompletionSource _allGone = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private SensorTraffic _past;
    private bool _closed;

    /// <summary>How many there are.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _places.Count;
            }
        }
    }

    /// <summary>What all that there were have carried, and what those that there are take.</summary>
    public SensorTraffic Traffic
    {
        get
        {
            lock (_lock)
            {
                SensorTraffic all = _past;
                foreach (SensorConnection connection in _places.Keys)
                {
                    all += connection.Traffic;
                }

                return all;
            }
        }
    }

    /// <summary>Gives the connection the place behind all others of its sensor. Returns null, or why there is none.</summary>
    public string? TryEnter(SensorConnection connection)
    {
        lock (_lock)
        {
            if (_closed)
            {
                return "the gateway is stopping";
            }

            if (!_sensors.TryGetValue(connection.Id, out LinkedList<SensorConnection>? sensor))
            {
                _sensors.Add(connection.Id, sensor = []);
            }

            _places.Add(connection, sensor.AddLast(connection));
            return null;
        }
    }

    /// <summary>Takes the connection out, wherever it stands: whoever waits for it goes on with the one before it.</summary>
    public void Leave(SensorConnection connection)
    {
        lock (_lock)
        {
            if (_places.Remove(connection, out LinkedListNode<SensorConnection>? place))
            {
                LinkedList<SensorConnection> sensor = place.List!;
                sensor.Remove(place);
                _past += connection.Traffic with { Memory = 0 };
                if (sensor.Count == 0)
                {
                    _sensors.Remove(connection.Id);
                }

                if (_closed && _places.Count == 0)
                {
                    _allGone.TrySetResult();
                }
            }
        }
    }

    /// <summary>The sensor's connection before this one, or null.</summary>
    public SensorConnection? OlderThan(SensorConnection connection)
    {
        lock (_lock)
        {
            return _places[connection].Previous?.Value;
        }
    }

    /// <summary>The sensor's newest connection, or null.</summary>
    public SensorConnection? Newest(string id)
    {
        lock (_lock)
        {
            return _sensors.GetValueOrDefault(id)?.Last!.Value;
        }
    }

    /// <summary>Lets nobody in any more. Done when all have left.</summary>
    public Task CloseAsync()
    {
        lock (_lock)
        {
            _closed = true;
            if (_places.Count == 0)
            {
                _allGone.TrySetResult();
            }
        }

        return _allGone.Task;
    }

    /// <summary>All of them as they are now.</summary>
    public List<SensorConnection> ToList()
    {
        lock (_lock)
        {
            return [.. _places.Keys];
        }
    }
}
