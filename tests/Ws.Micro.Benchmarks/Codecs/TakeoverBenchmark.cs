using System.Linq;
using BenchmarkDotNet.Attributes;
using Ws.Micro.Benchmarks.Deflate;

namespace Ws.Micro.Benchmarks.Codecs;

/// <summary>What deflating and inflating one message after the other, with context takeover, have in common.</summary>
public abstract class TakeoverBenchmark
{
    // More than a window of 32 KB holds.
    private const int Bytes = 48 * 1024;

    private int _next;

    /// <summary>Bytes of a message.</summary>
    [Params(Readings.Size, 16 * 1024)]
    public int Size { get; set; }

    /// <summary>The window, both ways.</summary>
    [Params(9, 15)]
    public int WindowBits { get; set; }

    /// <summary>Room for any message, deflated or not.</summary>
    protected byte[] Output { get; } = new byte[64 * 1024];

    /// <summary>Readings of one device, one or many in a message.</summary>
    protected byte[][] MakeMessages()
    {
        byte[] all = [.. Readings.Make(2 * Bytes / Readings.Size).SelectMany(static reading => reading)];
        return [.. all.Chunk(Size).Take((Bytes + Size - 1) / Size)];
    }

    /// <summary>One after the other, again and again.</summary>
    protected byte[] NextOf(byte[][] messages)
    {
        byte[] message = messages[_next];
        _next = (_next + 1) % messages.Length;
        return message;
    }
}
