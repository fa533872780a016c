using System;
using System.Text;
using Ws.Micro.Framing;
using Ws.Micro.Tests.Support;
using static Ws.Micro.Tests.Support.Frame;

namespace Ws.Micro.Tests;

/// <summary>The engine's states, how one leads to another, and what may be written in each (RFC 6455 §5.5.1, §7.1).</summary>
public sealed class EngineStateTests
{
    private static readonly byte[] NoBytes = Array.Empty<byte>();

    [Theory]
    [InlineData("", EngineState.Open)]
    [InlineData("message", EngineState.Open)]
    [InlineData("ping", EngineState.Open)]
    [InlineData("we close", EngineState.ClosedByUs)]
    [InlineData("we close, message, ping", EngineState.ClosedByUs)]
    [InlineData("we close, peer closes", EngineState.Closed)]
    [InlineData("we close, rubbish", EngineState.Closed)]
    [InlineData("peer closes", EngineState.ClosedByPeer)]
    [InlineData("peer closes, message, rubbish", EngineState.ClosedByPeer)]
    [InlineData("peer closes, we close", EngineState.Closed)]
    [InlineData("rubbish", EngineState.Failed)]
    [InlineData("rubbish, message, peer closes", EngineState.Failed)]
    [InlineData("rubbish, we close", EngineState.Closed)]
    public void What_happens_leads_to_the_state(string steps, EngineState expected)
    {
        foreach (bool isServer in new[] { true, false })
        {
            Assert.Equal(expected, After(isServer, steps).State);
        }
    }

    [Theory]
    [InlineData("", true, true, true, true)]
    [InlineData("we close", false, false, true, false)]
    [InlineData("peer closes", true, true, false, true)]
    [InlineData("rubbish", false, false, false, true)]
    [InlineData("we close, peer closes", false, false, false, false)]
    [InlineData("we close, rubbish", false, false, false, false)]
    [InlineData("peer closes, we close", false, false, false, false)]
    [InlineData("rubbish, we close", false, false, false, false)]
    public void What_may_be_written_in_each_state(string steps, bool data, bool ping, bool pong, bool close)
    {
        foreach (bool isServer in new[] { true, false })
        {
            byte[] buffer = new byte[200];
            WebSocketEngine engine = After(isServer, steps);
            Assert.Equal(data, engine.CanSend);
            Assert.Equal(data, engine.BeginFrame(buffer, 20, 3, isText: true, isLast: true, encoded: false, maskKey: 1) > 0);
            Assert.Equal(ping, engine.WritePing(buffer, 0, NoBytes, 0, 0, 1) > 0);
            Assert.Equal(pong, engine.WritePong(buffer, 0, 1) > 0);
            bool refused = !data && !ping && !pong && !close;
            Assert.Equal(close, engine.WriteClose(buffer, 0, 1000, NoBytes, 0, 0, 1) > 0);
            Assert.Equal(0, engine.WriteClose(buffer, 0, 1000, NoBytes, 0, 0, 1));
            Assert.True(!refused || Array.TrueForAll(buffer, b => b == 0), "what is refused writes nothing");
        }
    }

    [Fact]
    public void After_our_close_frame_the_peers_messages_still_arrive()
    {
        foreach (bool isServer in new[] { true, false })
        {
            WebSocketEngine engine = After(isServer, "we close");
            byte[] wire = Encode(isServer, Of(0x01, "a"), Of(0x89, "\x01"), Of(0x80, "b"), Close(1000), Of(0x81, "late"));
            Recorder recorder = new(wire.Length, 0xA5);
            recorder.Feed(engine, wire, 1);
            Assert.Equal(new[] { "text \"a\" first", "ping 01", "text \"b\" last", "close 1000 \"\"" }, recorder.Lines);
        }
    }

    [Theory]
    [InlineData("peer closes")]
    [InlineData("rubbish")]
    [InlineData("we close, peer closes")]
    public void After_the_end_all_input_is_taken_and_nothing_reported(string steps)
    {
        foreach (bool isServer in new[] { true, false })
        {
            WebSocketEngine engine = After(isServer, steps);
            int code = engine.CloseCode;
            byte[] wire = Encode(isServer, Of(0x81, "late"), Close(4000), Of(0xF1));
            Assert.Equal(EngineEvent.None, engine.Receive(wire, 0, wire.Length, 0));
            Assert.Equal(wire.Length, engine.Taken);
            Assert.Equal(code, engine.CloseCode);
        }
    }

    [Fact]
    public void The_close_frame_after_a_failure_carries_its_code()
    {
        foreach (bool isServer in new[] { true, false })
        {
            WebSocketEngine engine = new(isServer, 10, null);
            byte[] wire = Encode(isServer, Of(0x81, "\xFF"));
            Assert.Equal(EngineEvent.Failed, engine.Receive(wire, 0, wire.Length, 0));
            byte[] buffer = new byte[131];
            int size = engine.WriteClose(buffer, 0, engine.CloseCode, NoBytes, 0, 0, 0x55AA55AA);

            WebSocketEngine peer = new(!isServer, 10, null);
            Assert.Equal(EngineEvent.Close, peer.Receive(buffer, 0, size, 0));
            Assert.Equal(1007, peer.CloseCode);
            Assert.Equal(EngineState.Closed, engine.State);
        }
    }

    [Fact]
    public void Close_code_and_error_are_empty_before_the_end()
    {
        WebSocketEngine engine = After(isServer: true, "message, ping");
        Assert.Equal(0, engine.CloseCode);
        Assert.Equal(ProtocolError.None, engine.Error);
        Assert.Null(engine.Extension);
    }

    [Fact]
    public void A_negative_message_limit_is_refused() =>
        Assert.Throws<ArgumentOutOfRangeException>("maxMessageSize", () => new WebSocketEngine(true, -1, null));

    private static WebSocketEngine After(bool isServer, string steps)
    {
        WebSocketEngine engine = new(isServer, 1000, null);
        foreach (string step in steps.Split(", ", StringSplitOptions.RemoveEmptyEntries))
        {
            if (step == "we close")
            {
                byte[] reason = Encoding.ASCII.GetBytes("bye");
                Assert.NotEqual(0, engine.WriteClose(new byte[131], 0, 1000, reason, 0, reason.Length, 1));
                continue;
            }

            byte[] wire = Encode(isServer, step switch
            {
                "message" => Of(0x81, "hello"),
                "ping" => Of(0x89, "are you there"),
                "peer closes" => Close(1001, "going"),
                "rubbish" => Of(0xF1, "rubbish"),
                _ => throw new ArgumentException(step),
            });
            new Recorder(wire.Length, 0xA5).Feed(engine, wire, 3);
        }

        return engine;
    }
}
