using System.Collections.Generic;
using System.Threading;

namespace RpiGateway.Access;

/// <summary>How many connections each device has, at the sensors' endpoint and to the embedded broker together. For any thread.</summary>
/// <param name="most">The most of one device.</param>
internal sealed class DeviceConnections(int most)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, int> _counts = [];

    /// <summary>Why a device gets no more.</summary>
    public string Full => $"the device has {most} connections already";

    /// <summary>Counts one more of the device, which must leave; false where it has as many as it may.</summary>
    public bool TryEnter(string device)
    {
        lock (_lock)
        {
            int count = _counts.GetValueOrDefault(device);
            if (count == most)
            {
                return false;
            }

            _counts[device] = count + 1;
            return true;
        }
    }

    /// <summary>One has ended.</summary>
    public void Leave(string device)
    {
        lock (_lock)
        {
            if (--_counts[device] == 0)
            {
                _counts.Remove(device);
            }
        }
    }
}
