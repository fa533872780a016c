using System;
using System.Collections.Generic;
using System.Threading;

namespace RpiGateway.Readings;

/// <summary>
/// Up to which number each sensor's readings have come in, for its last few boots. Sensors not heard for longest are forgotten first. For any
/// thread.
/// </summary>
internal sealed class ReceivedReadings
{
    /// <summary>The most sensors remembered.</summary>
    public const int MaxSensors = 10_000;

    /// <summary>The most boots remembered of each.</summary>
    public const int MaxBoots = 4;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, LinkedListNode<Sensor>> _sensors = [];
    private readonly LinkedList<Sensor> _byUse = [];

    /// <summary>The largest number; 0 where there is none.</summary>
    public long Last(string sensor, long boot)
    {
        lock (_lock)
        {
            return _sensors.TryGetValue(sensor, out LinkedListNode<Sensor>? known) ? known.Value.Find(boot)?.Last ?? 0 : 0;
        }
    }

    /// <summary>That number has come in, and with it all below.</summary>
    public void Add(string sensor, long boot, long sequence)
    {
        lock (_lock)
        {
            if (_sensors.TryGetValue(sensor, out LinkedListNode<Sensor>? known))
            {
                _byUse.Remove(known);
            }
            else
            {
                if (_sensors.Count == MaxSensors)
                {
                    _sensors.Remove(_byUse.First!.Value.Id);
                    _byUse.RemoveFirst();
                }

                known = new LinkedListNode<Sensor>(new Sensor(sensor));
                _sensors.Add(sensor, known);
            }

            _byUse.AddLast(known);
            Run run = known.Value.FindOrAdd(boot);
            run.Last = Math.Max(run.Last, sequence);
        }
    }

    private sealed class Run(long boot)
    {
        public long Boot => boot;

        public long Last { get; set; }
    }

    private sealed class Sensor(string id)
    {
        private readonly List<Run> _runs = new(1);

        public string Id => id;

        public Run? Find(long boot) => _runs.Find(run => run.Boot == boot);

        public Run FindOrAdd(long boot)
        {
            Run? run = Find(boot);
            if (run is null)
            {
                if (_runs.Count == MaxBoots)
                {
                    _runs.RemoveAt(0);
                }

                _runs.Add(run = new Run(boot));
            }

            return run;
        }
    }
}
