using System;
using System.Collections.Generic;
using System.Linq;
using static Ws.Micro.Conformance.Tests.Frame;
using static Ws.Micro.Conformance.Tests.Step;

namespace Ws.Micro.Conformance.Tests;

/// <summary>Groups 1 to 5: echo of every length form, pings, reserved bits and opcodes, fragmentation.</summary>
internal static class FramingCases
{
    private const string Hello = "Hello, world!";
    private static readonly byte[] NotUtf8 = [0x00, 0xFF, 0xFE, 0xFD, 0xFC, 0xFB, 0x00, 0xFF];

    /// <summary>How the same frames are put on the wire.</summary>
    private static readonly Func<Frame[], Step>[] Writes = [Send, SendFrameWise, frames => SendChopped(1, frames)];

    public static IEnumerable<ConformanceCase> All => Echo().Concat(Pings()).Concat(ReservedBits()).Concat(ReservedOpcodes()).Concat(Fragmentation());

    private static IEnumerable<ConformanceCase> Echo()
    {
        int[] lengths = [0, 125, 126, 127, 128, 65535, 65536];
        for (int i = 0; i < lengths.Length; i++)
        {
            byte[] text = Payloads.Text(lengths[i]), binary = Payloads.Binary(lengths[i]);
            yield return Completes($"1.1.{i + 1}", Send(Text(text)), Expect(PeerEvent.Text(text)));
            yield return Completes($"1.2.{i + 1}", Send(Binary(binary)), Expect(PeerEvent.Binary(binary)));
        }
        byte[] choppedText = Payloads.Text(65536), choppedBinary = Payloads.Binary(65536);
        yield return Completes("1.1.8", SendChopped(997, Text(choppedText)), Expect(PeerEvent.Text(choppedText)));
        yield return Completes("1.2.8", SendChopped(997, Binary(choppedBinary)), Expect(PeerEvent.Binary(choppedBinary)));
    }

    private static IEnumerable<ConformanceCase> Pings()
    {
        byte[] longest = Payloads.Binary(125);
        Frame[] ten = [.. Enumerable.Range(0, 10).Select(i => Ping($"payload-{i}"))];
        Step[] tenPongs = [.. ten.Select(ping => Expect(PeerEvent.Pong(ping.Payload)))];

        yield return Completes("2.1", Send(Ping()), Expect(PeerEvent.Pong("")));
        yield return Completes("2.2", Send(Ping(Hello)), Expect(PeerEvent.Pong(Hello)));
        yield return Completes("2.3", Send(new Frame(PingOpcode, NotUtf8)), Expect(PeerEvent.Pong(NotUtf8)));
        yield return Completes("2.4", Send(new Frame(PingOpcode, longest)), Expect(PeerEvent.Pong(longest)));
        yield return Fails("2.5", Send(new Frame(PingOpcode, Payloads.Binary(126))));
        yield return Completes("2.6", SendChopped(1, new Frame(PingOpcode, longest)), Expect(PeerEvent.Pong(longest)));
        yield return new("2.7", () => [Send(Pong(), Close(1000)), ExpectClose(1000)]);
        yield return new("2.8", () => [Send(Pong("unsolicited"), Close(1000)), ExpectClose(1000)]);
        yield return Completes("2.9", Send(Pong("unsolicited"), Ping(Hello)), Expect(PeerEvent.Pong(Hello)));
        yield return Completes("2.10", [SendFrameWise(ten), .. tenPongs]);
        yield return Completes("2.11", [SendChopped(1, ten), .. tenPongs]);
    }

    private static IEnumerable<ConformanceCase> ReservedBits()
    {
        yield return Fails("3.1", Send(Text(Hello, rsv: 1)));
        for (int i = 0; i < Writes.Length; i++)
        {
            yield return Fails($"3.{i + 2}", Writes[i]([Text(Hello), Text(Hello, rsv: i + 2), Ping()]), Expect(PeerEvent.Text(Hello)));
        }

        yield return Fails("3.5", Send(Binary(NotUtf8, rsv: 5)));
        yield return Fails("3.6", Send(Binary(NotUtf8, rsv: 6)));
        yield return Fails("3.7", Send(new Frame(CloseOpcode, [], Rsv: 7)));
    }

    private static IEnumerable<ConformanceCase> ReservedOpcodes()
    {
        byte[] payload = Payloads.Text(23);
        foreach ((int group, int first) in new[] { (1, 3), (2, 11) })
        {
            yield return Fails($"4.{group}.1", Send(new Frame(first, [])));
            yield return Fails($"4.{group}.2", Send(new Frame(first + 1, payload)));
            yield return Fails($"4.{group}.3", Send(Text(Hello), new Frame(first + 2, []), Ping()), Expect(PeerEvent.Text(Hello)));
            yield return Fails($"4.{group}.4", Send(Text(Hello), new Frame(first + 3, payload), Ping()), Expect(PeerEvent.Text(Hello)));
            yield return Fails($"4.{group}.5", SendChopped(1, Text(Hello), new Frame(first + 4, payload), Ping()), Expect(PeerEvent.Text(Hello)));
        }
    }

    private static IEnumerable<ConformanceCase> Fragmentation()
    {
        yield return Fails("5.1", Send(Ping("fragment1", fin: false), Continuation("fragment2")));
        yield return Fails("5.2", Send(Pong("fragment1", fin: false), Continuation("fragment2")));

        Frame first = Text("fragment1", fin: false), last = Continuation("fragment2"), hello = Text(Hello);
        PeerEvent whole = PeerEvent.Text("fragment1fragment2");
        for (int i = 0; i < Writes.Length; i++)
        {
            Func<Frame[], Step> write = Writes[i];
            yield return Completes($"5.{3 + i}", write([first, last]), Expect(whole));
            yield return Completes($"5.{6 + i}", write([first, Ping(Hello), last]), Expect(PeerEvent.Pong(Hello)), Expect(whole));
            yield return Fails($"5.{9 + i}", write([Continuation("nothing before"), hello]));
            yield return Fails($"5.{12 + i}", write([Continuation("nothing before", fin: false), hello]));
        }

        yield return Fails("5.15", Send(first, last, Continuation("fragment3", fin: false), Text("fragment4")), Expect(whole));
        foreach ((string id, bool fin) in new[] { ("5.16", false), ("5.17", true) })
        {
            Frame[] round = [Continuation("nothing before", fin), first, last];
            yield return Fails(id, Send([.. round, .. round]));
        }
        yield return Fails("5.18", Send(first, Text("fragment2")));

        foreach ((string id, Func<Frame[], Step> write) in new[] { ("5.19", Writes[0]), ("5.20", Writes[1]) })
        {
            // The pong must come before the rest of the message is sent.
            yield return Completes(id,
                write([first, Continuation("fragment2", fin: false), Ping("pongme 1!")]),
                Expect(PeerEvent.Pong("pongme 1!")),
                write([Continuation("fragment3", fin: false), Continuation("fragment4", fin: false), Ping("pongme 2!"), Continuation("fragment5")]),
                Expect(PeerEvent.Pong("pongme 2!")),
                Expect(PeerEvent.Text("fragment1fragment2fragment3fragment4fragment5")));
        }
    }

    /// <summary>After the steps the suite closes, and the close is answered.</summary>
    private static ConformanceCase Completes(string id, params Step[] steps) =>
        new(id, () => [.. steps, Send(Close(1000)), ExpectClose(1000)]);

    /// <summary>After the steps the stack must fail the connection with 1002 (RFC 6455 §7.4.1).</summary>
    private static ConformanceCase Fails(string id, params Step[] steps) => new(id, () => [.. steps, ExpectClose(1002)]);
}
