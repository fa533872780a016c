using System;
using System.Collections.Generic;
using System.Linq;
using static Ws.Micro.Conformance.Tests.Frame;
using static Ws.Micro.Conformance.Tests.Step;

namespace Ws.Micro.Conformance.Tests;

/// <summary>
/// Groups 12 and 13: round trips with permessage-deflate (RFC 7692). What a case asks of the stack's end binds the end that it is: server_… or
/// client_… parameters. The peer's end keeps its context and a window of 15 bits.
/// </summary>
internal static class DeflateCases
{
    private const int KiB = 1024;

    /// <summary>A case's messages have so many bytes in all, but there are at least 3 and at most 50.</summary>
    private const int CaseBytes = 256 * KiB;

    /// <summary>The size of a message and of its fragments, those compressed; 0: it is sent whole.</summary>
    private static readonly (int Message, int Fragment)[] Sizes =
    [
        (16, 0), (64, 0), (256, 0), (1 * KiB, 0), (4 * KiB, 0), (8 * KiB, 0), (16 * KiB, 0), (32 * KiB, 0), (64 * KiB, 0), (128 * KiB, 0),
        (8 * KiB, 256), (16 * KiB, 256), (32 * KiB, 256), (64 * KiB, 256), (128 * KiB, 256), (128 * KiB, 1 * KiB), (128 * KiB, 4 * KiB), (128 * KiB, 32 * KiB),
    ];

    private static readonly DeflateTerms Anything = new();

    /// <summary>What is asked for in groups 13.1 to 13.7, the best first.</summary>
    private static readonly DeflateTerms[][] Asked =
    [
        [Anything], [Stack(true)], [Stack(false, 9)], [Stack(false, 15)], [Stack(true, 9)], [Stack(true, 15)], [Stack(true, 9), Stack(true), Anything],
    ];

    public static IEnumerable<ConformanceCase> All =>
        Document.All.SelectMany((document, i) => RoundTrips($"12.{i + 1}", document, [Anything]))
            .Concat(Asked.SelectMany((asked, i) => RoundTrips($"13.{i + 1}", Document.Json, asked)));

    private static IEnumerable<ConformanceCase> RoundTrips(string group, Document document, DeflateTerms[] asked) => Sizes.Select((size, i) =>
    {
        int count = Math.Clamp(CaseBytes / size.Message, 3, 50);
        return new ConformanceCase($"{group}.{i + 1}", () => Exchange(document, count, size.Message, size.Fragment)) { Deflate = asked };
    });

    /// <summary>Sends each message when the one before has come back, then closes.</summary>
    private static IEnumerable<Step> Exchange(Document document, int count, int size, int fragmentSize)
    {
        yield return RoundTripsDeflated(document.IsText, document.Cut(count, size), fragmentSize);
        yield return ExpectRatio(size < KiB ? 1 : document.Ratio);
        yield return Send(Close(1000));
        yield return ExpectClose(1000);
    }

    private static DeflateTerms Stack(bool noTakeover, int? bits = null) => new(new DeflateLimits(noTakeover, bits));
}
