using System;
using System.Net.Sockets;

namespace Ws.Micro.Benchmarks.Bridge;

/// <summary>A connection of the load that sends readings, for one thread.</summary>
internal interface ILoadSender : IDisposable
{
    /// <summary>What to watch for input.</summary>
    Socket Socket { get; }

    /// <summary>How many readings it has sent that are to be acknowledged yet.</summary>
    long Waiting { get; }

    /// <summary>Sends a reading.</summary>
    void Send(ReadOnlySpan<byte> reading);

    /// <summary>Takes what has arrived: acknowledgements, and pings.</summary>
    void Continue();
}
