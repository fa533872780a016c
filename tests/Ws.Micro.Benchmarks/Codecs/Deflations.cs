using BenchmarkDotNet.Attributes;
using Ws.Micro.Benchmarks.Deflate;

namespace Ws.Micro.Benchmarks.Codecs;

/// <summary>Deflating one message after the other with context takeover.</summary>
public class Deflations : TakeoverBenchmark
{
    private byte[][] _messages = [];
    private object _dotnets = new();
    private PerMessageDeflate _ours = null!;

    /// <summary>Makes the messages.</summary>
    [GlobalSetup]
    public void Setup()
    {
        _messages = MakeMessages();
        _dotnets = DotnetCodecs.NewDeflater(WindowBits, true);
        _ours = Sockets.Codecs(false, WindowBits, Sockets.OnDotnet);
    }

    /// <summary>WebSocketDeflater, over zlib-ng.</summary>
    [Benchmark(Baseline = true)]
    public int Dotnet()
    {
        int size = DotnetCodecs.Deflate(_dotnets, NextOf(_messages), true).Length;
        DotnetCodecs.ReleaseBuffer(_dotnets);
        return size;
    }

    /// <summary>PerMessageDeflate.</summary>
    [Benchmark]
    public int Ours() => _ours.Encode(NextOf(_messages), Output);
}
