using System;
using System.Linq;
using BenchmarkDotNet.Attributes;
using Ws.Micro.Benchmarks.Deflate;

namespace Ws.Micro.Benchmarks.Codecs;

/// <summary>Deflating one message after the other with context takeover.</summary>
public class Deflations
{
    // More than a window of 32 KB holds.
    private const int Bytes = 48 * 1024;

    private readonly byte[] _output = new byte[64 * 1024];
    private byte[][] _messages = [];
    private object _dotnets = new();
    private PerMessageDeflate _ours = null!;
    private int _next;

    /// <summary>Bytes of a message.</summary>
    [Params(Readings.Size, 16 * 1024)]
    public int Size { get; set; }

    /// <summary>The window, both ways.</summary>
    [Params(9, 15)]
    public int WindowBits { get; set; }

    /// <summary>Readings of one device, one or many in a message.</summary>
    internal static byte[][] MessagesOf(int size)
    {
        byte[] all = [.. Readings.Make(2 * Bytes / Readings.Size).SelectMany(static reading => reading)];
        return [.. all.Chunk(size).Take((Bytes + size - 1) / size)];
    }

    /// <summary>Makes the messages.</summary>
    [GlobalSetup]
    public void Setup()
    {
        _messages = MessagesOf(Size);
        _dotnets = DotnetCodecs.NewDeflater(WindowBits, true);
        _ours = Sockets.Codecs(false, WindowBits, Sockets.OnDotnet);
    }

    /// <summary>WebSocketDeflater, over zlib-ng.</summary>
    [Benchmark(Baseline = true)]
    public int Dotnet()
    {
        int size = DotnetCodecs.Deflate(_dotnets, Next(), true).Length;
        DotnetCodecs.ReleaseBuffer(_dotnets);
        return size;
    }

    /// <summary>PerMessageDeflate.</summary>
    [Benchmark]
    public int Ours() => _ours.Encode(Next(), _output);

    private byte[] Next()
    {
        byte[] message = _messages[_next];
        _next = (_next + 1) % _messages.Length;
        return message;
    }
}
