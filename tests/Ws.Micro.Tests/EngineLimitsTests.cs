using System;
using System.Collections.Generic;
using System.Linq;
using Ws.Micro.Framing;
using Ws.Micro.Tests.Support;
using static Ws.Micro.Tests.Support.Frame;

namespace Ws.Micro.Tests;

/// <summary>The bounds on what a peer may send (RFC 6455 §10.4), and pitfall F12.</summary>
public sealed class EngineLimitsTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(10)]
    [InlineData(125)]
    [InlineData(126)]
    [InlineData(65536)]
    public void A_message_of_the_limit_arrives_and_one_byte_more_fails(int limit)
    {
        byte[] payload = new byte[limit];
        string whole = "binary " + Recorder.Show(payload, isText: false) + " first last";
        Case limited = new() { MaxMessageSize = limit };
        limited.Reads(new[] { Of(0x82, payload), Of(0x82, payload) }, whole, whole);
        limited.Reads(new[] { Of(0x82, payload), Of(0x82, new byte[limit + 1]) }, whole, "failed MessageTooBig 1009");
    }

    [Fact]
    public void Fragments_count_together()
    {
        Case limited = new() { MaxMessageSize = 5 };
        limited.Reads(new[] { Of(0x01, "ab"), Of(0x00, "cd"), Of(0x80, "e"), Of(0x81, "abcde") }, "text \"abcde\" first last", "text \"abcde\" first last");
        limited.Reads(new[] { Of(0x01, "ab"), Of(0x00, "cd"), Of(0x89), Of(0x80, "ef") }, "text \"abcd\" first", "ping ", "failed MessageTooBig 1009");
        limited.Reads(new[] { Of(0x01, "abcde"), Of(0x89), Of(0x80, ""), Of(0x82, "") }, "text \"abcde\" first", "ping ", "text \"\" last", "binary  first last");
    }

    [Theory]
    [InlineData(11)]
    [InlineData(126)]
    [InlineData(65536)]
    [InlineData(long.MaxValue)]
    public void A_declared_length_over_the_limit_fails_with_its_header(long declared)
    {
        foreach (bool isServer in new[] { true, false })
        {
            byte[] header = Encode(isServer, Of(0x81) with { DeclaredLength = declared });
            Case limited = new() { MaxMessageSize = 10 };
            limited.Reads(isServer, header, "failed MessageTooBig 1009");
            Assert.Equal(header.Length - 1, limited.FailsAt(isServer, header));
        }
    }

    [Fact]
    public void Sizes_that_would_overflow_a_sum_fail()
    {
        Case unlimited = new();
        unlimited.Reads(new[] { Of(0x02, "ab"), Of(0x89), Of(0x80) with { DeclaredLength = long.MaxValue - 1 } }, "binary 61 62 first", "ping ", "failed MessageTooBig 1009");
    }

    [Fact]
    public void Control_frames_do_not_count_as_message()
    {
        new Case { MaxMessageSize = 2 }.Reads(
            new[] { Of(0x01, "a"), Of(0x89, "abc"), Of(0x8A, "abc"), Of(0x80, "b"), Close(1000, "long reason") },
            "text \"a\" first",
            "ping 61 62 63",
            "pong 61 62 63",
            "text \"b\" last",
            "close 1000 \"long reason\"");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(Limits.TinyFragmentSize - 1)]
    public void F12_tiny_fragments_are_bounded(int size)
    {
        byte[] payload = new byte[size];
        IEnumerable<Frame> fragments = Enumerable.Range(0, Limits.MaxTinyFragments).Select(i => Of(i == 0 ? 0x02 : 0x00, payload));
        string whole = "binary " + Recorder.Show(new byte[size * (Limits.MaxTinyFragments + 1)], isText: false) + " first last";

        // The last fragment is not counted: it ends the message.
        Case.Gives(fragments.Append(Of(0x80, payload)).Concat(fragments).Append(Of(0x80, payload)).ToArray(), whole, whole);
        Case.Gives(fragments.Append(Of(0x00, payload)).ToArray(), "failed TooManyFragments 1008");
    }

    [Fact]
    public void Fragments_that_are_not_tiny_are_not_bounded()
    {
        byte[] payload = new byte[Limits.TinyFragmentSize];
        IEnumerable<Frame> fragments = Enumerable.Range(0, 3 * Limits.MaxTinyFragments).Select(i => Of(i == 0 ? 0x02 : 0x00, payload));
        Case.Gives(
            fragments.Append(Of(0x80)).ToArray(),
            "binary " + Recorder.Show(new byte[3 * Limits.MaxTinyFragments * payload.Length], isText: false) + " first last");
    }

    [Theory]
    [InlineData(0x89, 0)]
    [InlineData(0x8A, 0)]
    [InlineData(0x89, 1_000_000)]
    [InlineData(0x89, long.MaxValue - 5000)]
    [InlineData(0x89, long.MinValue)]
    [InlineData(0x89, -5000)]
    public void F12_control_frames_in_a_second_are_bounded(int firstByte, long start)
    {
        foreach (bool isServer in new[] { true, false })
        {
            byte[] one = Encode(isServer, Of(firstByte, "x"));
            WebSocketEngine engine = new(isServer, 0, null);
            Recorder recorder = new(20 * Limits.MaxControlFramesPerSecond, 0xA5);

            // The full number in each of four seconds passes, whatever the clock's origin; one more in the last fails.
            for (int second = 0; second < 4; second++)
            {
                for (int i = 0; i < Limits.MaxControlFramesPerSecond; i++)
                {
                    recorder.FeedPiece(engine, one, 0, one.Length, start + (1000 * second) + i);
                }
            }

            Assert.Equal(4 * Limits.MaxControlFramesPerSecond, recorder.Lines.Count());
            Assert.Equal(EngineState.Open, engine.State);

            recorder.FeedPiece(engine, one, 0, one.Length, start + 3999);
            Assert.Equal("failed TooManyControlFrames 1008", recorder.Lines.Last());
        }
    }

    [Fact]
    public void F12_the_pong_answers_the_newest_ping_alone()
    {
        foreach (bool isServer in new[] { true, false })
        {
            byte[] wire = Encode(isServer, Enumerable.Range(0, 100).Select(i => Of(0x89, new string('p', i))).ToArray());
            WebSocketEngine engine = new(isServer, 0, null);
            int at = 0;
            int pings = 0;
            while (engine.Receive(wire, at, wire.Length - at, 0) == EngineEvent.Ping)
            {
                at += engine.Taken;
                pings++;
            }

            // The last call took no ping, and the one pong there can be is the last ping's.
            byte[] buffer = new byte[131];
            int size = engine.WritePong(buffer, 0, 0x01020304);
            WebSocketEngine peer = new(!isServer, 0, null);
            Assert.Equal(100, pings);
            Assert.Equal(EngineEvent.Pong, peer.Receive(buffer, 0, size, 0));
            Assert.Equal(99, peer.ControlPayloadCount);
        }
    }
}
