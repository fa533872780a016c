using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;

namespace Ws.Micro.Fuzz.Tests;

/// <summary>The fuzz targets without a fuzzer: the committed corpus, and mutations of it from a fixed seed.</summary>
public sealed class ReplayTests
{
    private const int Mutations = 4000;

    public static readonly TheoryData<string> AllTargets = new(Targets.Names);

    public static readonly MatrixTheoryData<string, string> FaultsInTargets =
        new(Targets.Names, Enum.GetNames<Fault>().Where(name => name != nameof(Fault.None)));

    [Theory]
    [MemberData(nameof(AllTargets))]
    public void The_corpus_holds_the_seeds(string target)
    {
        Dictionary<string, byte[]> corpus = Corpus(target);
        foreach (KeyValuePair<string, byte[]> seed in Seeds.Of(target))
        {
            Assert.True(corpus.TryGetValue(seed.Key, out byte[]? committed), $"corpus/{target}/{seed.Key} is missing: run the command seeds");
            Assert.Equal(seed.Value, committed);
        }
    }

    [Theory]
    [MemberData(nameof(AllTargets))]
    public void Every_input_of_the_corpus_keeps_the_invariants(string target)
    {
        Dictionary<string, byte[]> corpus = Corpus(target);
        Assert.NotEmpty(corpus);
        foreach (KeyValuePair<string, byte[]> input in corpus)
        {
            Run(target, input.Value, input.Key);
        }
    }

    [Theory]
    [MemberData(nameof(AllTargets))]
    public void Mutations_keep_the_invariants(string target)
    {
        byte[][] corpus = Corpus(target).OrderBy(input => input.Key, StringComparer.Ordinal).Select(input => input.Value).ToArray();
        Random random = new(6455);
        for (int i = 0; i < Mutations; i++)
        {
            byte[] input = Mutate(random, corpus);
            Run(target, input, $"mutation {i}: {Convert.ToHexString(input)}");
        }
    }

    [Theory]
    [MemberData(nameof(FaultsInTargets))]
    public void A_planted_fault_is_found(string target, string fault)
    {
        // One message, or a line of a head, in pieces of one byte.
        byte[] wire = target.EndsWith("handshake", StringComparison.Ordinal) ? "GET / HTTP/1.1\r\nB: B\r\n"u8.ToArray()
            : target == "inflater" ? [0x01, 0x03, 0x00, 0xFC, 0xFF, .. "aBc"u8]
            : target == "engine-server" ? [0x82, 0x83, 0, 0, 0, 0, .. "aBc"u8]
            : [0x82, 0x03, .. "aBc"u8];
        byte[] input = [0, 255, 0, 0, 0, 0, 0, 0, .. wire];
        Targets.Run(target, input);
        Planted.Fault = Enum.Parse<Fault>(fault);
        try
        {
            Exception? found = Record.Exception(() => Targets.Run(target, input));
            Assert.IsType(Planted.Fault == Fault.Throws ? typeof(InvalidOperationException) : typeof(Violation), found);
        }
        finally
        {
            Planted.Fault = Fault.None;
        }
    }

    private static Dictionary<string, byte[]> Corpus(string target) =>
        Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "corpus", target)).ToDictionary(file => Path.GetFileName(file), File.ReadAllBytes);

    private static void Run(string target, byte[] input, string label)
    {
        Exception? exception = Record.Exception(() => Targets.Run(target, input));
        Assert.True(exception == null, $"{label}\n{exception}");
    }

    // A few changes to an input of the corpus: bits, bytes, a part cut out or repeated, the end of another input.
    private static byte[] Mutate(Random random, byte[][] corpus)
    {
        List<byte> bytes = [.. corpus[random.Next(corpus.Length)]];
        for (int i = random.Next(1, 6); i > 0 && bytes.Count > 0; i--)
        {
            int at = random.Next(bytes.Count);
            int count = Math.Min(random.Next(1, 20), bytes.Count - at);
            switch (random.Next(6))
            {
                case 0:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 2:
                    bytes.RemoveRange(at, count);
                    break;
                case 3:
                    bytes.InsertRange(at, bytes.GetRange(at, count));
                    break;
                case 4:
                    bytes.Insert(at, (byte)random.Next(256));
                    break;
                default:
                    byte[] other = corpus[random.Next(corpus.Length)];
                    bytes.RemoveRange(at, bytes.Count - at);
                    bytes.AddRange(other[random.Next(other.Length)..]);
                    break;
            }
        }

        return bytes.ToArray();
    }
}
