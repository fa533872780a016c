using System;
using System.Net.WebSockets;
using System.Threading.Tasks;
using Ws.Micro.Desktop.Tests.Support;
using Ws.Micro.Framing;

namespace Ws.Micro.Desktop.Tests;

/// <summary>Peers that vanish, and peers that break a rule (RFC 6455 §7.1.7).</summary>
public sealed class FailureTests
{
    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task A_connection_lost_is_said_to_be_lost(bool isServer, bool byReset)
    {
        (MicroWebSocket socket, RawPeer peer) = await RawPeer.ConnectAsync(isServer);
        using (socket)
        {
            await peer.SendFrameAsync(RawFrame.Text, "unfinished"u8.ToArray());
            ValueWebSocketReceiveResult part = await socket.ReceiveAsync(new byte[100].AsMemory(), Deadline.Token);
            Assert.False(part.EndOfMessage);
            Task receiving = socket.ReceiveAsync(new byte[100].AsMemory(), Deadline.Token).AsTask();
            if (byReset)
            {
                peer.Reset();
            }
            else
            {
                peer.Dispose();
            }

            WebSocketException e = await Assert.ThrowsAsync<WebSocketException>(() => receiving);
            Assert.Equal(WebSocketError.ConnectionClosedPrematurely, e.WebSocketErrorCode);
            Assert.Contains("without a close frame", e.Message);
            Assert.Equal(WebSocketState.Aborted, socket.State);
            e = await Assert.ThrowsAsync<WebSocketException>(async () => await socket.SendAsync(new byte[1].AsMemory(), WebSocketMessageType.Text, true, default));
            Assert.Equal(WebSocketError.InvalidState, e.WebSocketErrorCode);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_send_to_a_peer_that_is_gone_fails(bool isServer)
    {
        (MicroWebSocket socket, RawPeer peer) = await RawPeer.ConnectAsync(isServer);
        using (socket)
        {
            Task sending = socket.SendAsync(new byte[32 * 1024 * 1024].AsMemory(), WebSocketMessageType.Binary, true, default).AsTask();
            peer.Reset();
            WebSocketException e = await Assert.ThrowsAsync<WebSocketException>(() => sending.InTime());
            Assert.Equal(WebSocketError.ConnectionClosedPrematurely, e.WebSocketErrorCode);
            Assert.Equal(WebSocketState.Aborted, socket.State);
        }
    }

    public static TheoryData<bool, ProtocolError, int> Rules
    {
        get
        {
            TheoryData<bool, ProtocolError, int> rules = [];
            foreach (bool isServer in new[] { false, true })
            {
                rules.Add(isServer, ProtocolError.ReservedBit, 1002);
                rules.Add(isServer, ProtocolError.ReservedOpcode, 1002);
                rules.Add(isServer, ProtocolError.FragmentedControlFrame, 1002);
                rules.Add(isServer, ProtocolError.ControlFrameTooLong, 1002);
                rules.Add(isServer, ProtocolError.NothingToContinue, 1002);
                rules.Add(isServer, ProtocolError.MessageUnfinished, 1002);
                rules.Add(isServer, ProtocolError.InvalidUtf8, 1007);
                rules.Add(isServer, ProtocolError.InvalidCloseCode, 1002);
                rules.Add(isServer, ProtocolError.ClosePayloadTooShort, 1002);
                rules.Add(isServer, isServer ? ProtocolError.MaskMissing : ProtocolError.MaskForbidden, 1002);
            }

            return rules;
        }
    }

    // The peer reads only after it has sent more behind its fault: a reset, which unread bytes would cause, could overtake echo and close frame.
    [Theory]
    [MemberData(nameof(Rules))]
    public async Task The_echo_owed_and_the_close_frame_arrive_before_TCP_ends(bool isServer, ProtocolError rule, int code)
    {
        (MicroWebSocket socket, RawPeer peer) = await RawPeer.ConnectAsync(isServer);
        using (socket)
        using (peer)
        {
            Task echoing = Echo.RunAsync(socket);
            await peer.SendAsync((byte[])[.. peer.Frame(RawFrame.Fin | RawFrame.Text, "owed"u8.ToArray()), .. Breaking(peer, rule, isServer), .. new byte[50_000]]);
            RawFrame? echo = await peer.ReadFrameAsync();
            Assert.Equal("owed", echo!.PayloadText);
            RawFrame? close = await peer.ReadFrameAsync();
            if (rule == ProtocolError.MessageUnfinished)
            {
                // The first fragment was a part that is owed too.
                close = await peer.ReadFrameAsync();
            }

            Assert.Equal((RawFrame.Close, code), (close!.Opcode, close.CloseCode));
            await peer.SendAsync(new byte[1000]);
            Assert.Null(await peer.ReadFrameAsync());
            peer.Dispose();
            WebSocketException e = await Assert.ThrowsAsync<WebSocketException>(() => echoing.InTime());
            Assert.Equal(WebSocketError.Faulted, e.WebSocketErrorCode);
            Assert.Contains(rule.ToString(), e.Message);
            Assert.Contains($"{code}", e.Message);
            Assert.Equal((rule, WebSocketState.Aborted), (socket.ProtocolError, socket.State));
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_peer_that_breaks_a_rule_and_never_ends_TCP_is_gone_within_the_timeout(bool isServer)
    {
        (MicroWebSocket socket, RawPeer peer) = await RawPeer.ConnectAsync(isServer, options => options.CloseTimeout = TimeSpan.FromMilliseconds(200));
        using (socket)
        using (peer)
        {
            await peer.SendFrameAsync(RawFrame.Fin | 3);
            WebSocketException e = await Assert.ThrowsAsync<WebSocketException>(() => Echo.ReceiveAsync(socket, 1).InTime());
            Assert.Contains("ReservedOpcode", e.Message);
            Assert.Equal(1002, (await peer.ReadFrameAsync())!.CloseCode);
            Assert.Null(await peer.ReadFrameAsync());
        }
    }

    // It breaks a rule, reads nothing, and goes on sending, so that our close frame is stuck behind the message under way.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_peer_that_breaks_a_rule_and_reads_nothing_is_gone_within_the_timeout(bool isServer)
    {
        (MicroWebSocket socket, RawPeer peer) = await RawPeer.ConnectAsync(isServer, options => options.CloseTimeout = TimeSpan.FromMilliseconds(200));
        using (socket)
        using (peer)
        {
            Task sending = socket.SendAsync(new byte[32 * 1024 * 1024].AsMemory(), WebSocketMessageType.Binary, true, default).AsTask();
            await peer.SendFrameAsync(RawFrame.Fin | 3);
            WebSocketException e = await Assert.ThrowsAsync<WebSocketException>(() => Echo.ReceiveAsync(socket, 1).InTime());
            Assert.Contains("ReservedOpcode", e.Message);
            await Assert.ThrowsAsync<WebSocketException>(() => sending.InTime());
            Assert.Equal(WebSocketState.Aborted, socket.State);
        }
    }

    // RFC 6455 §5.5.1: what comes behind a close frame is not processed.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Bytes_behind_a_close_frame_are_ignored(bool isServer)
    {
        (MicroWebSocket socket, RawPeer peer) = await RawPeer.ConnectAsync(isServer);
        using (socket)
        using (peer)
        {
            byte[] close = peer.Frame(RawFrame.Fin | RawFrame.Close, RawFrame.ClosePayload(1000, "end"));
            await peer.SendAsync((byte[])[.. close, .. peer.Frame(RawFrame.Fin | RawFrame.Text, "late"u8.ToArray()), 0xFF, 0xFF, .. new byte[20_000]]);
            peer.EndSending();
            await Echo.RunAsync(socket).InTime();
            RawFrame? frame = await peer.ReadFrameAsync();
            Assert.Equal((RawFrame.Close, 1000), (frame!.Opcode, frame.CloseCode));
            Assert.Null(await peer.ReadFrameAsync());
            Assert.Equal(WebSocketState.Closed, socket.State);
        }
    }

    private static byte[] Breaking(RawPeer peer, ProtocolError rule, bool isServer) => rule switch
    {
        ProtocolError.ReservedBit => peer.Frame(0xC2, 1),
        ProtocolError.ReservedOpcode => peer.Frame(0x83, 1),
        ProtocolError.FragmentedControlFrame => peer.Frame(RawFrame.Ping, 1),
        ProtocolError.ControlFrameTooLong => peer.Frame(RawFrame.Fin | RawFrame.Ping, new byte[126]),
        ProtocolError.NothingToContinue => peer.Frame(RawFrame.Fin | RawFrame.Continuation, 1),
        ProtocolError.MessageUnfinished => [.. peer.Frame(RawFrame.Text, (byte)'a'), .. peer.Frame(RawFrame.Fin | RawFrame.Text, (byte)'b')],
        ProtocolError.InvalidUtf8 => peer.Frame(RawFrame.Fin | RawFrame.Text, 0xC0, 0x80),
        ProtocolError.InvalidCloseCode => peer.Frame(RawFrame.Fin | RawFrame.Close, 0x03, 0xED),
        ProtocolError.ClosePayloadTooShort => peer.Frame(RawFrame.Fin | RawFrame.Close, 3),
        ProtocolError.MaskMissing or ProtocolError.MaskForbidden => RawFrame.Bytes(RawFrame.Fin | RawFrame.Binary, [1], isMasked: !isServer),
        _ => throw new ArgumentOutOfRangeException(nameof(rule)),
    };
}
