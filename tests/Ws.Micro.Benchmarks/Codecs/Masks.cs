using System;
using BenchmarkDotNet.Attributes;
using Ws.Micro.Framing;

namespace Ws.Micro.Benchmarks.Codecs;

/// <summary>Masking in place.</summary>
public class Masks
{
    private const int Key = 0x5AC3_17E9;
    private byte[] _payload = [];

    /// <summary>Bytes of payload.</summary>
    [Params(16, 125, 1024, 65536)]
    public int Size { get; set; }

    /// <summary>Makes the payload, and compares both.</summary>
    [GlobalSetup]
    public void Setup()
    {
        _payload = new byte[Size];
        new Random(Size).NextBytes(_payload);
        byte[] ours = [.. _payload];
        Masking.Apply(ours, 0, Size, Key);
        DotnetCodecs.ApplyMask(null, _payload, Key, 0);
        Check.That(_payload.AsSpan().SequenceEqual(ours));
    }

    /// <summary>ManagedWebSocket's.</summary>
    [Benchmark(Baseline = true)]
    public int Dotnet() => DotnetCodecs.ApplyMask(null, _payload, Key, 0);

    /// <summary>Masking's.</summary>
    [Benchmark]
    public int Ours() => Masking.Apply(_payload, 0, Size, Key);
}
