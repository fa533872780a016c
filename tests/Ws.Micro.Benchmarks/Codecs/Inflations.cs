using System;
using System.Linq;
using BenchmarkDotNet.Attributes;
using Ws.Micro.Benchmarks.Deflate;

namespace Ws.Micro.Benchmarks.Codecs;

/// <summary>
/// Inflating one message after the other with context takeover, as .NET deflated them. Readings repeat after more than a window, so that what a message
/// refers to is the same each time.
/// </summary>
public class Inflations
{
    private readonly byte[] _output = new byte[64 * 1024];
    private byte[][] _messages = [];
    private byte[][] _deflated = [];
    private object _dotnets = new();
    private PerMessageDeflate _ours = null!;
    private int _next;

    /// <summary>Bytes of a message.</summary>
    [Params(Readings.Size, 16 * 1024)]
    public int Size { get; set; }

    /// <summary>The window, both ways.</summary>
    [Params(9, 15)]
    public int WindowBits { get; set; }

    /// <summary>Deflates all twice, and inflates the first of each.</summary>
    [GlobalSetup]
    public void Setup()
    {
        _messages = Deflations.MessagesOf(Size);
        object deflater = DotnetCodecs.NewDeflater(WindowBits, true);
        byte[][] first = [.. _messages.Select(Deflate)];
        _deflated = [.. _messages.Select(Deflate)];
        _dotnets = DotnetCodecs.NewInflater(WindowBits, true);
        _ours = Sockets.Codecs(true, WindowBits, Sockets.OnDotnet);
        for (int i = 0; i < first.Length; i++)
        {
            Check.That(Dotnets(first[i]) == Size && _output.AsSpan(0, Size).SequenceEqual(_messages[i]));
            _output.AsSpan().Clear();
            Check.That(Ours(first[i]) == Size && _output.AsSpan(0, Size).SequenceEqual(_messages[i]));
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
    public int Dotnet() => Dotnets(Next());

    /// <summary>PerMessageDeflate, copied to where the peer's goes.</summary>
    [Benchmark]
    public int Ours() => Ours(Next());

    private byte[] Next()
    {
        byte[] deflated = _deflated[_next];
        _next = (_next + 1) % _deflated.Length;
        return deflated;
    }

    private int Dotnets(byte[] deflated)
    {
        DotnetCodecs.Prepare(_dotnets, deflated.Length, _output.Length);
        deflated.CopyTo(DotnetCodecs.GetSpan(_dotnets));
        DotnetCodecs.AddBytes(_dotnets, deflated.Length, true);
        int count = 0;
        bool isDone;
        do
        {
            isDone = DotnetCodecs.Inflate(_dotnets, _output.AsSpan(count), out int written);
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
            _ours.Decoded.AsSpan(_ours.DecodedOffset, _ours.DecodedCount).CopyTo(_output.AsSpan(count));
            count += _ours.DecodedCount;
        }
        while (!_ours.DecodeDone);
        return count;
    }
}
