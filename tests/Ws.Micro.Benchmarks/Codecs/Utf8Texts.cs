using BenchmarkDotNet.Attributes;
using Ws.Micro.Benchmarks.InMemory;
using Ws.Micro.Framing;

namespace Ws.Micro.Benchmarks.Codecs;

/// <summary>Checking the UTF-8 of a whole message.</summary>
public class Utf8Texts
{
    private readonly object _state = DotnetCodecs.NewUtf8State();
    private byte[] _text = [];

    /// <summary>Bytes of text.</summary>
    [Params(16, 125, 1024, 65536)]
    public int Size { get; set; }

    /// <summary>Whether all is ASCII, or some code points have two, three and four bytes.</summary>
    [Params(true, false)]
    public bool IsAscii { get; set; }

    /// <summary>Makes the text.</summary>
    [GlobalSetup]
    public void Setup()
    {
        _text = SocketCase.TextOf(Size);
        for (int i = 0; IsAscii && i < Size; i++)
        {
            _text[i] &= 0x7F;
        }

        Check.That(Dotnet() && Ours());
    }

    /// <summary>ManagedWebSocket's.</summary>
    [Benchmark(Baseline = true)]
    public bool Dotnet() => DotnetCodecs.TryValidateUtf8(null, _text, true, _state);

    /// <summary>Utf8Validator's.</summary>
    [Benchmark]
    public bool Ours() => Utf8Validator.Validate(_text, 0, Size, Utf8Validator.Complete) == Utf8Validator.Complete;
}
