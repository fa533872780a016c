using System;
using System.Collections.Generic;
using System.Linq;
using static Ws.Micro.Conformance.Tests.Frame;
using static Ws.Micro.Conformance.Tests.Step;

namespace Ws.Micro.Conformance.Tests;

/// <summary>Group 6: text is UTF-8, and fails with 1007 at the first byte that is not (RFC 6455 §8.1).</summary>
internal static class Utf8Cases
{
    /// <summary>"κόσμε": 5 code points, 11 bytes.</summary>
    private const string Kosme = "CEBAE1BDB9CF83CEBCCEB5";
    private const string Edited = "656469746564";

    /// <summary>The stress test's incomplete sequences: each of 1 to 6 bytes without its last byte, lowest and highest.</summary>
    private static readonly string[] LastByteMissing =
        ["C0", "E080", "F08080", "F8808080", "FC80808080", "DF", "EFBF", "F7BFBF", "FBBFBFBF", "FDBFBFBFBF"];

    public static IEnumerable<ConformanceCase> All => Fragmented().Concat(FailFast()).Concat(Vectors());

    private static IEnumerable<ConformanceCase> Fragmented()
    {
        byte[] hello = "Hello-µ@ßöäüàá-UTF-8!!"u8.ToArray(), kosme = Convert.FromHexString(Kosme);
        byte[] surrogate = Convert.FromHexString(Kosme + "EDA080" + Edited);
        int boundary = "Hello-µ@ßöä"u8.Length;

        yield return Valid("6.1.1", [], Text([]));
        yield return Valid("6.1.2", [], Text([], fin: false), Continuation([], fin: false), Continuation([]));
        yield return Valid("6.1.3", hello, Text([], fin: false), Continuation(hello, fin: false), Continuation([]));
        yield return Valid("6.2.1", hello, Text(hello));
        yield return Valid("6.2.2", hello, Text(hello[..boundary], fin: false), Continuation(hello[boundary..]));
        yield return Valid("6.2.3", hello, Fragments(TextOpcode, hello, 1));
        yield return Valid("6.2.4", kosme, Fragments(TextOpcode, kosme, 1));
        yield return Invalid("6.3.1", Send(Text(surrogate)));
        yield return Invalid("6.3.2", Send(Fragments(TextOpcode, surrogate, 1)));
    }

    /// <summary>
    /// The code point 0x110000 after valid text: impossible at its second byte, payload byte 13. What would follow
    /// is never sent, so only a stack that fails at once passes.
    /// </summary>
    private static IEnumerable<ConformanceCase> FailFast()
    {
        byte[] payload = Convert.FromHexString(Kosme + "F4908080" + Edited);
        Frame whole = Text(payload);
        yield return Invalid("6.4.1", Send(Text(payload[..11], fin: false)), ExpectNothing(), Send(Continuation(payload[11..15], fin: false)));
        yield return Invalid("6.4.2", Send(Text(payload[..12], fin: false)), ExpectNothing(), Send(Continuation(payload[12..13], fin: false)));
        yield return Invalid("6.4.3", SendUpTo(whole, 11), ExpectNothing(), SendUpTo(whole, 15));
        yield return Invalid("6.4.4", SendUpTo(whole, 12), ExpectNothing(), SendUpTo(whole, 13));
    }

    private static IEnumerable<ConformanceCase> Vectors()
    {
        string[] prefixes = [.. Enumerable.Range(1, 11).Select(length => Kosme[..(2 * length)])];
        int[] boundaries = [2, 5, 7, 9, 11];
        string nonCharacters = string.Join(' ',
            from lead in new[] { 0xF0, 0xF1, 0xF2, 0xF3, 0xF4 }
            from second in new[] { 0x8F, 0x9F, 0xAF, 0xBF }
            where (lead != 0xF0 || second != 0x8F) && (lead != 0xF4 || second == 0x8F)
            from last in new[] { 0xBE, 0xBF }
            select $"{lead:X}{second:X}BF{last:X}");

        return new[]
        {
            Group(5, $"68656C6C6F24776F726C64 68656C6C6FC2A2776F726C64 68656C6C6FE282AC776F726C64 68656C6C6FF0A4ADA2776F726C64 {Kosme}"),
            prefixes.Select((prefix, i) => Vector($"6.6.{i + 1}", prefix, boundaries.Contains(i + 1))),
            Group(7, "00 C280 E0A080 F0908080"),
            Group(8, "!F888808080 !FC8480808080"),
            Group(9, "7F DFBF EFBFBF F48FBFBF"),
            Group(10, "!F7BFBFBF !FBBFBFBFBF !FDBFBFBFBFBF"),
            Group(11, "ED9FBF EE8080 EFBFBD F48FBFBF !F4908080"),
            Group(12, $"!80 !BF !80BF !80BF80 !80BF80BF !80BF80BF80 !80BF80BF80BF !{Range(0x80, 0xBF, "")}"),
            Group(13, $"!{Range(0xC0, 0xDF, "20")} !{Range(0xE0, 0xEF, "20")} !{Range(0xF0, 0xF7, "20")} !{Range(0xF8, 0xFB, "20")} !{Range(0xFC, 0xFD, "20")}"),
            Group(14, "!" + string.Join(" !", LastByteMissing)),
            Group(15, "!" + string.Concat(LastByteMissing)),
            Group(16, "!FE !FF !FEFEFFFF"),
            Group(17, "!C0AF !E080AF !F08080AF !F8808080AF !FC80808080AF"),
            Group(18, "!C1BF !E09FBF !F08FBFBF !F887BFBFBF !FC83BFBFBFBF"),
            Group(19, "!C080 !E08080 !F0808080 !F880808080 !FC8080808080"),
            Group(20, "!EDA080 !EDADBF !EDAE80 !EDAFBF !EDB080 !EDBE80 !EDBFBF"),
            Group(21, "!EDA080EDB080 !EDA080EDBFBF !EDADBFEDB080 !EDADBFEDBFBF !EDAE80EDB080 !EDAE80EDBFBF !EDAFBFEDB080 !EDAFBFEDBFBF"),
            Group(22, $"EFBFBE EFBFBF {nonCharacters}"),
            Group(23, "EFBFB9 EFBFBA EFBFBB EFBFBC EFBFBD EFBFBE EFBFBF"),
        }.SelectMany(group => group);
    }

    /// <summary>Vectors in hexadecimal, the invalid ones marked with '!'.</summary>
    private static IEnumerable<ConformanceCase> Group(int number, string vectors) =>
        vectors.Split(' ').Select((vector, i) => Vector($"6.{number}.{i + 1}", vector.TrimStart('!'), isValid: vector[0] != '!'));

    private static ConformanceCase Vector(string id, string hex, bool isValid)
    {
        byte[] payload = Convert.FromHexString(hex);
        return isValid ? Valid(id, payload, Text(payload)) : Invalid(id, Send(Text(payload)));
    }

    /// <summary>The bytes from the first up to the one before the last, each followed by the separator.</summary>
    private static string Range(int first, int end, string separator) =>
        string.Concat(Enumerable.Range(first, end - first).Select(value => $"{value:X}{separator}"));

    private static ConformanceCase Valid(string id, byte[] message, params Frame[] frames) =>
        new(id, () => [Send(frames), Expect(PeerEvent.Text(message)), Send(Close(1000)), ExpectClose(1000)]);

    private static ConformanceCase Invalid(string id, params Step[] steps) => new(id, () => [.. steps, ExpectClose(1007)]);
}
