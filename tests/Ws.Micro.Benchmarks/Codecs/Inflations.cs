using System;
using System.Linq;
using BenchmarkDotNet.Attributes;
using Ws.Micro.Benchmarks.Deflate;

namespace Ws.Micro.Benchmarks.Codecs;

/// <summary>
/// Inflating one message after the other with context takeover, as .NET deflated them. Readings repeat after more than a window, so that what a message
/// refers to is the same each time.
/// </summary>
public class Inflations : TakeoverBenchmark
{
    private byte[][] _deflated = [];
    private object _dotnets = new();
    private PerMessageDeflate _ours = null!;

    /// <summary>Deflates all twice, and inflates the first of each.</summary>
    [GlobalSetup]
    public void Setup()
    {
        byte[][] messages = MakeMessages();
        object deflater = DotnetCodecs.NewDeflater(WindowBits, true);
        byte[][] first = [.. messages.Select(Deflate)];
        _deflated = [.. messages.Select(Deflate)];
        _dotnets = DotnetCodecs.NewInflater(WindowBits, true);
        _ours = Sockets.Codecs(true, WindowBits, Sockets.OnDotnet);
        for (int i = 0; i < first.Length; i++)
        {
            Check.That(Dotnets(first[i]) == Size && Output.AsSpan(0, Size).SequenceEqual(messages[i]));
            Output.AsSpan().Clear();
            Check.That(Ours(first[i]) == Size && Output.AsSpan(0, Size).SequenceEqual(messages[i]));
        }

        byte[] Deflate(byte[] message)
        {
            byte[] deflated = DotnetCodecs.Deflate(deflater, message, true).ToArray();
            DotnetCodecs.ReleaseBuffer(deflater);
            return deflated;
        }
    }

    /// <summary>WebSocketInflater, over zlib-ng.</summary>
    [Benchmark(Baseline = true)]
    public int Dotnet() => Dotnets(NextOf(_deflated));

    /// <summary>PerMessageDeflate, copied to where the peer's goes.</summary>
    [Benchmark]
    public int Ours() => Ours(NextOf(_deflated));

    private int Dotnets(byte[] deflated)
    {
        DotnetCodecs.Prepare(_dotnets, deflated.Length, Output.Length);
        deflated.CopyTo(DotnetCodecs.GetSpan(_dotnets));
        DotnetCodecs.AddBytes(_dotnets, deflated.Length, true);
        int count = 0;
        bool isDone;
        do
        {
            isDone = DotnetCodecs.Inflate(_dotnets, Output.AsSpan(count), out int written);
            count += written;
        }
        while (!isDone);
        return count;
    }

    private int Ours(byte[] deflated)
    {
        _ours.BeginDecode();
        int at = 0;
        int count = 0;
        do
        {
            Check.That(_ours.Decode(deflated, at, deflated.Length - at, true));
            at += _ours.DecodeTaken;
            _ours.Decoded.AsSpan(_ours.DecodedOffset, _ours.DecodedCount).CopyTo(Output.AsSpan(count));
            count += _ours.DecodedCount;
        }
        while (!_ours.DecodeDone);
        return count;
    }
}
