using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using Ws.Micro.Handshake;
using Ws.Micro.Tests.Support;
using static Ws.Micro.Tests.Support.Frame;

namespace Ws.Micro.Deflate.Tests;

/// <summary>permessage-deflate through the engine, both roles (RFC 7692 §7.2): what a peer may send, and what two engines make of each other.</summary>
public sealed class PerMessageDeflateTests
{
    private const int TextRsv1 = 0xC1, BinaryRsv1 = 0xC2;

    // RFC 7692 §7.2.3, and what else a decoder must take.
    [Theory]
    [InlineData("f2 48 cd c9 c9 07 00", "Hello")]
    [InlineData("00 05 00 fa ff 48 65 6c 6c 6f 00", "Hello")]
    [InlineData("f3 48 cd c9 c9 07 00 00", "Hello")]
    [InlineData("f2 48 05 00 00 00 ff ff ca c9 c9 07 00", "Hello")]
    [InlineData("00", "")]
    public void What_is_valid_is_delivered_and_the_next_message_too(string message, string expected)
    {
        byte[] payload = Bytes(message);
        string[] lines = [$"text \"{expected}\" first last", "text \"Hello\" first last", "text \"plain\" first last"];
        foreach (bool isServer in new[] { true, false })
        {
            byte[] wire = Frame.Encode(isServer, Of(TextRsv1, payload), Of(TextRsv1, Bytes("f2 48 cd c9 c9 07 00")), Of(0x81, "plain"));
            AssertAtEverySplit(isServer, wire, lines, takeover: false);
        }
    }

    [Theory]
    [InlineData("06")]
    [InlineData("00 05 00 fa fe 48 65 6c 6c 6f 00")]
    [InlineData("f2 48 cd c9")]
    [InlineData("4a 04 12 00 00")]
    public void What_is_not_valid_fails_with_1007(string message)
    {
        byte[] payload = Bytes(message);
        foreach (bool isServer in new[] { true, false })
        {
            byte[] wire = Frame.Encode(isServer, Of(BinaryRsv1, payload), Of(0x81, "never"));
            AssertAtEverySplit(isServer, wire, ["failed UndecodableMessage 1007"], takeover: true);
        }
    }

    [Fact]
    public void With_takeover_a_message_refers_to_those_before_plain_ones_between_do_not_count_and_a_ping_does_no_harm()
    {
        // RFC 7692 §7.2.3.2: "Hello" again is five bytes, by reference to the first.
        byte[] first = Bytes("f2 48 cd c9 c9 07 00"), again = Bytes("f2 00 11 00 00");
        foreach (bool isServer in new[] { true, false })
        {
            byte[] wire = Frame.Encode(
                isServer, Of(TextRsv1, first), Of(0x81, "plain"), Of(0x41, again[..2]), Of(0x89, "?"), Of(0x80, again[2..]));
            AssertAtEverySplit(
                isServer, wire, ["text \"Hello\" first last", "text \"plain\" first last", "text \"H\" first", "ping 3F", "text \"ello\" last"], takeover: true);
            AssertAtEverySplit(
                isServer, wire, ["text \"Hello\" first last", "text \"plain\" first last", "text \"H\" first", "ping 3F", "failed UndecodableMessage 1007"], takeover: false);
        }
    }

    [Fact]
    public void A_bomb_is_stopped_at_the_message_limit()
    {
        byte[] bomb;
        using (MemoryStream stream = new())
        {
            using (System.IO.Compression.DeflateStream deflate = new(stream, System.IO.Compression.CompressionLevel.SmallestSize, leaveOpen: true))
            {
                deflate.Write(new byte[1 << 20]);
            }

            bomb = [.. stream.ToArray(), 0];
        }

        foreach (bool isServer in new[] { true, false })
        {
            byte[] wire = Frame.Encode(isServer, Of(BinaryRsv1 & 0x7F, bomb[..100]), Of(0x80, bomb[100..]));
            foreach ((long limit, string end) in new[] { ((1L << 20) - 1, "failed MessageTooBig 1009"), (1L << 20, "last") })
            {
                WebSocketEngine engine = new(isServer, limit, Extension(isServer, 15, 15, takeover: true));
                Recorder recorder = new(1 << 20, 0xA5);
                recorder.Feed(engine, wire, 64);
                Assert.EndsWith(end, recorder.Lines.Last());
            }
        }
    }

    [Fact]
    public void Engines_understand_each_other_at_every_pair_of_windows()
    {
        byte[][] messages = [.. Messages()];
        for (int ours = 8; ours <= 15; ours++)
        {
            for (int theirs = 8; theirs <= 15; theirs++)
            {
                foreach (bool takeover in new[] { true, false })
                {
                    foreach (bool fromClient in new[] { true, false })
                    {
                        WebSocketEngine sender = new(!fromClient, 1 << 20, Extension(!fromClient, ours, theirs, takeover));
                        WebSocketEngine receiver = new(fromClient, 1 << 20, Extension(fromClient, ours, theirs, takeover));
                        Recorder recorder = new(1 << 20, 0x5A);
                        byte[] wire = [.. messages.SelectMany(message => sender.Encode(message))];
                        recorder.Feed(receiver, wire, 1 + ((ours * 8) + theirs));
                        Assert.Equal(messages.Select(message => $"binary {Recorder.Show(message, false)} first last"), recorder.Lines);
                    }
                }
            }
        }
    }

    private static IEnumerable<byte[]> Messages()
    {
        yield return [];
        yield return [7];
        Random random = new(7692);
        byte[] noise = new byte[3000];
        random.NextBytes(noise);
        yield return noise;
        for (int i = 0; i < 20; i++)
        {
            yield return Encoding.ASCII.GetBytes($$"""{"id":"attic-{{i % 3}}","seq":{{i}},"temperature":{{20 + random.NextDouble():F2}},"humidity":{{45 + random.Next(9)}}.0}""");
        }

        yield return [.. Enumerable.Repeat((byte)'z', 40_000)];
        yield return [.. Enumerable.Range(0, 70_000).Select(i => (byte)(i % 257))];
    }

    private static void AssertAtEverySplit(bool isServer, byte[] wire, string[] expected, bool takeover)
    {
        for (int piece = 1; piece <= wire.Length; piece++)
        {
            foreach (int lookupBits in new[] { 0, 9 })
            {
                WebSocketEngine engine = new(isServer, 1000, Extension(isServer, 15, 15, takeover, lookupBits));
                Recorder recorder = new(1000, 0xA5);
                recorder.Feed(engine, wire, piece);
                Assert.Equal(expected, recorder.Lines);
            }
        }
    }

    private static PerMessageDeflate Extension(bool isServer, int serverBits, int clientBits, bool takeover, int lookupBits = 0)
    {
        byte[] response = Encoding.ASCII.GetBytes($"permessage-deflate; server_max_window_bits={serverBits}; client_max_window_bits={clientBits}"
            + (takeover ? "" : "; server_no_context_takeover; client_no_context_takeover"));
        DeflateParameters agreed = DeflateNegotiation.CheckResponse(response, 0, response.Length, new DeflateOptions())!;
        return new PerMessageDeflate(
            isServer, agreed, new PerMessageDeflateOptions { MemoryLimit = int.MaxValue, DynamicCodes = serverBits % 2 == 0, LookupBits = lookupBits });
    }

    private static byte[] Bytes(string hex) => Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal));
}
