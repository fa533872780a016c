using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;

namespace RpiGateway.Commands;

/// <summary>The commands that wait for their sensors, those of one sensor in the order they came. For any thread.</summary>
internal sealed class CommandQueues
{
    /// <summary>The most that wait for one sensor.</summary>
    public const int MaxPerSensor = 16;

    /// <summary>The most that wait in all.</summary>
    public const int MaxWaiting = 10_000;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, LinkedList<Command>> _sensors = [];
    private readonly HashSet<string> _busy = [];
    private int _count;

    /// <summary>The sensors that commands wait for.</summary>
    public List<string> Sensors
    {
        get
        {
            lock (_lock)
            {
                return [.. _sensors.Keys];
            }
        }
    }

    /// <summary>Adds a command. Returns null, or why there is no room.</summary>
    public string? TryAdd(Command command)
    {
        lock (_lock)
        {
            if (_count == MaxWaiting)
            {
                return $"error {MaxWaiting} commands are waiting";
            }

            if (!_sensors.TryGetValue(command.Sensor, out LinkedList<Command>? queue))
            {
                _sensors.Add(command.Sensor, queue = []);
            }

            if (queue.Count == MaxPerSensor)
            {
                return $"error {MaxPerSensor} commands are waiting for the sensor";
            }

            queue.AddLast(command);
            _count++;
            return null;
        }
    }

    /// <summary>Makes the caller the only one that sends to the sensor, until it calls <see cref="Finish"/>; false where there is another.</summary>
    public bool TryStart(string sensor)
    {
        lock (_lock)
        {
            return _busy.Add(sensor);
        }
    }

    /// <summary>The end of <see cref="TryStart"/>.</summary>
    public void Finish(string sensor)
    {
        lock (_lock)
        {
            _busy.Remove(sensor);
        }
    }

    /// <summary>Whether a command waits for the sensor.</summary>
    public bool Has(string sensor)
    {
        lock (_lock)
        {
            return _sensors.ContainsKey(sensor);
        }
    }

    /// <summary>Takes out the sensor's oldest command; null where there is none.</summary>
    public Command? Take(string sensor)
    {
        lock (_lock)
        {
            if (!_sensors.TryGetValue(sensor, out LinkedList<Command>? queue))
            {
                return null;
            }

            Command command = queue.First!.Value;
            queue.RemoveFirst();
            Forget(sensor, queue);
            _count--;
            return command;
        }
    }

    /// <summary>Puts back what was taken: it is the oldest again.</summary>
    public void PutBack(Command command)
    {
        lock (_lock)
        {
            if (!_sensors.TryGetValue(command.Sensor, out LinkedList<Command>? queue))
            {
                _sensors.Add(command.Sensor, queue = []);
            }

            queue.AddFirst(command);
            _count++;
        }
    }

    /// <summary>Takes out all that have expired.</summary>
    public List<Command> TakeExpired(long now)
    {
        List<Command> expired = [];
        lock (_lock)
        {
            expired.AddRange(_sensors.Values.SelectMany(static queue => queue).Where(command => command.Expiry <= now));
            foreach (Command command in expired)
            {
                LinkedList<Command> queue = _sensors[command.Sensor];
                queue.Remove(command);
                Forget(command.Sensor, queue);
            }

            _count -= expired.Count;
        }

        return expired;
    }

    private void Forget(string sensor, LinkedList<Command> queue)
    {
        if (queue.Count == 0)
        {
            _sensors.Remove(sensor);
        }
    }
}
