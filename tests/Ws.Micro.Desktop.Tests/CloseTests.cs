using System;
using System.IO;
using System.Net.WebSockets;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using Ws.Micro.Desktop.Tests.Support;

namespace Ws.Micro.Desktop.Tests;

/// <summary>The closing handshake (RFC 6455 §7) and the ends of a connection without one.</summary>
public sealed class CloseTests
{
    [Theory]
    [InlineData(false, 1000, "")]
    [InlineData(true, 1000, "bye")]
    [InlineData(false, 1014, "bad gateway")]
    [InlineData(true, 4999, "grüße 😀")]
    public async Task The_code_and_the_reason_arrive(bool clientCloses, int code, string reason)
    {
        using Pair pair = await Pair.ConnectAsync();
        (MicroWebSocket ours, MicroWebSocket theirs) = clientCloses ? (pair.Client, pair.Server) : (pair.Server, pair.Client);
        Task closing = ours.CloseAsync((WebSocketCloseStatus)code, reason, Deadline.Token);
        WebSocketReceiveResult result = await theirs.ReceiveAsync(new ArraySegment<byte>(new byte[10]), Deadline.Token);
        Assert.Equal((WebSocketMessageType.Close, 0, true), (result.MessageType, result.Count, result.EndOfMessage));
        Assert.Equal(((WebSocketCloseStatus)code, reason), (result.CloseStatus, result.CloseStatusDescription));
        Assert.Equal(WebSocketState.CloseReceived, theirs.State);
        await theirs.CloseAsync(WebSocketCloseStatus.EndpointUnavailable, "theirs", Deadline.Token);
        await closing;
        Assert.Equal((WebSocketState.Closed, WebSocketState.Closed), (ours.State, theirs.State));
        Assert.Equal((WebSocketCloseStatus.EndpointUnavailable, "theirs"), (ours.CloseStatus, ours.CloseStatusDescription));
    }

    // RFC 6455 §7.1.5: a close frame without a code is 1005, in .NET's words Empty.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Empty_stands_for_a_close_frame_without_payload(bool isServer)
    {
        (MicroWebSocket socket, RawPeer peer) = await RawPeer.ConnectAsync(isServer);
        using (socket)
        using (peer)
        {
            await socket.CloseOutputAsync(WebSocketCloseStatus.Empty, null, Deadline.Token);
            RawFrame? frame = await peer.ReadFrameAsync();
            Assert.Equal((RawFrame.Fin | RawFrame.Close, 0), (frame!.FirstByte, frame.Payload.Length));
            await peer.SendFrameAsync(RawFrame.Fin | RawFrame.Close);
            WebSocketReceiveResult result = await socket.ReceiveAsync(ArraySegment<byte>.Empty, Deadline.Token);
            Assert.Equal((WebSocketCloseStatus.Empty, null), (result.CloseStatus, result.CloseStatusDescription));
        }
    }

    [Theory]
    [InlineData(0, "")]
    [InlineData(999, "")]
    [InlineData(1004, "")]
    [InlineData(1006, "")]
    [InlineData(1015, "")]
    [InlineData(1016, "")]
    [InlineData(2999, "")]
    [InlineData(5000, "")]
    [InlineData(70_000, "")]
    public async Task A_code_that_may_not_be_sent_is_an_argument_error(int code, string reason)
    {
        using Pair pair = await Pair.ConnectAsync();
        ArgumentException e = await Assert.ThrowsAsync<ArgumentException>(() => pair.Client.CloseAsync((WebSocketCloseStatus)code, reason, Deadline.Token));
        Assert.Equal("closeStatus", e.ParamName);
        Assert.Contains($"{code}", e.Message);
        e = await Assert.ThrowsAsync<ArgumentException>(() => pair.Client.CloseOutputAsync((WebSocketCloseStatus)code, reason, Deadline.Token));
        Assert.Equal("closeStatus", e.ParamName);
        await AssertOpenAsync(pair);
    }

    [Fact]
    public async Task A_reason_over_123_bytes_or_one_with_Empty_is_an_argument_error()
    {
        using Pair pair = await Pair.ConnectAsync();
        foreach ((WebSocketCloseStatus status, string reason) in new[]
        {
            (WebSocketCloseStatus.NormalClosure, new string('a', 124)),
            (WebSocketCloseStatus.NormalClosure, new string('é', 62)),
            (WebSocketCloseStatus.Empty, "a"),
        })
        {
            ArgumentException e = await Assert.ThrowsAsync<ArgumentException>(() => pair.Client.CloseAsync(status, reason, Deadline.Token));
            Assert.Equal("statusDescription", e.ParamName);
            Assert.Contains($"{Encoding.UTF8.GetByteCount(reason)} bytes", e.Message);
        }

        await AssertOpenAsync(pair);
        Task closing = pair.Client.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, new string('a', 123), Deadline.Token);
        await Echo.ReceiveAsync(pair.Server, 0);
        await closing;
        Assert.Equal(new string('a', 123), pair.Server.CloseStatusDescription);
    }

    [Fact]
    public async Task After_CloseOutputAsync_messages_are_received_on()
    {
        using Pair pair = await Pair.ConnectAsync();
        await pair.Client.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, Deadline.Token);
        Assert.Equal(WebSocketState.CloseSent, pair.Client.State);

        // The server has not read the close frame yet, so it may still send.
        await pair.Server.SendAsync(new byte[100_000].AsMemory(), WebSocketMessageType.Binary, true, Deadline.Token);
        Assert.Equal(100_000, (await Echo.ReceiveAsync(pair.Client, 100_000)).Payload.Length);
        WebSocketException e = await Assert.ThrowsAsync<WebSocketException>(async () =>
            await pair.Client.SendAsync(new byte[1].AsMemory(), WebSocketMessageType.Binary, true, Deadline.Token));
        Assert.Equal(WebSocketError.InvalidState, e.WebSocketErrorCode);

        Assert.Equal(WebSocketMessageType.Close, (await Echo.ReceiveAsync(pair.Server, 0)).Type);
        await pair.Server.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, Deadline.Token);
        Assert.Equal(WebSocketMessageType.Close, (await Echo.ReceiveAsync(pair.Client, 0)).Type);
        Assert.Equal((WebSocketState.Closed, WebSocketState.Closed), (pair.Client.State, pair.Server.State));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task CloseAsync_with_a_receive_that_waits_ends_both(bool clientCloses)
    {
        using Pair pair = await Pair.ConnectAsync();
        (MicroWebSocket ours, MicroWebSocket theirs) = clientCloses ? (pair.Client, pair.Server) : (pair.Server, pair.Client);
        Task<WebSocketReceiveResult> receiving = ours.ReceiveAsync(new ArraySegment<byte>(new byte[10]), Deadline.Token);
        Task serving = Echo.RunAsync(theirs);
        await ours.CloseAsync(WebSocketCloseStatus.NormalClosure, "ours", Deadline.Token);
        WebSocketReceiveResult result = await receiving.InTime();
        Assert.Equal((WebSocketMessageType.Close, WebSocketCloseStatus.NormalClosure), (result.MessageType, result.CloseStatus));
        Assert.Equal(WebSocketState.Closed, ours.State);
        await serving.InTime();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task CloseAsync_from_both_ends_at_once_ends_both(bool receivesWait)
    {
        for (int i = 0; i < 20; i++)
        {
            using Pair pair = await Pair.ConnectAsync();
            Task[] receiving = receivesWait ? [Echo.ReceiveAsync(pair.Client, 0), Echo.ReceiveAsync(pair.Server, 0)] : [];
            await Task.WhenAll([
                Task.Run(() => pair.Client.CloseAsync(WebSocketCloseStatus.NormalClosure, "client", Deadline.Token)),
                Task.Run(() => pair.Server.CloseAsync(WebSocketCloseStatus.NormalClosure, "server", Deadline.Token)),
                .. receiving]).InTime();
            Assert.Equal((WebSocketState.Closed, WebSocketState.Closed), (pair.Client.State, pair.Server.State));
            Assert.Equal(("server", "client"), (pair.Client.CloseStatusDescription, pair.Server.CloseStatusDescription));
        }
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task A_peer_that_never_answers_a_close_frame_is_given_up_after_the_timeout(bool isServer, bool receiveWaits)
    {
        (MicroWebSocket socket, RawPeer peer) = await RawPeer.ConnectAsync(isServer, options => options.CloseTimeout = TimeSpan.FromMilliseconds(200));
        using (socket)
        using (peer)
        {
            Task<WebSocketException> receiving = receiveWaits
                ? Assert.ThrowsAsync<WebSocketException>(() => Echo.ReceiveAsync(socket, 1)) : Task.FromResult(new WebSocketException());
            WebSocketException e = await Assert.ThrowsAsync<WebSocketException>(() => socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, default)).InTime();
            Assert.Equal(WebSocketError.ConnectionClosedPrematurely, e.WebSocketErrorCode);
            Assert.Contains("200 ms", e.Message);
            Assert.Equal(WebSocketState.Aborted, socket.State);
            await receiving.InTime();
            Assert.Equal(RawFrame.Close, (await peer.ReadFrameAsync())!.Opcode);
            Exception? end = await Record.ExceptionAsync(async () => Assert.Null(await peer.ReadFrameAsync()));
            Assert.True(end is null or IOException, $"Not '{end}'.");
        }
    }

    // A peer that answers, but neither reads on nor ends TCP, is waited for no longer than the timeout (§7.1.1).
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_peer_that_closes_but_never_ends_TCP_is_left(bool isServer)
    {
        (MicroWebSocket socket, RawPeer peer) = await RawPeer.ConnectAsync(isServer, options => options.CloseTimeout = TimeSpan.FromMilliseconds(200));
        using (socket)
        using (peer)
        {
            await peer.SendCloseAsync(1000);
            await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, default).InTime();
            Assert.Equal(WebSocketState.Closed, socket.State);
            Assert.Equal(RawFrame.Close, (await peer.ReadFrameAsync())!.Opcode);
            Assert.Null(await peer.ReadFrameAsync());
        }
    }

    // The peer takes nothing, so that even the close frame cannot go out.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task CloseAsync_behind_a_blocked_send_ends_within_the_timeout(bool isServer)
    {
        (MicroWebSocket socket, RawPeer peer) = await RawPeer.ConnectAsync(isServer, options => options.CloseTimeout = TimeSpan.FromMilliseconds(200));
        using (socket)
        using (peer)
        {
            Task sending = socket.SendAsync(new byte[32 * 1024 * 1024].AsMemory(), WebSocketMessageType.Binary, true, default).AsTask();
            await Assert.ThrowsAsync<WebSocketException>(() => socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, default)).InTime();
            Assert.Equal(WebSocketState.Aborted, socket.State);
            await Assert.ThrowsAsync<WebSocketException>(() => sending).InTime();
        }
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task Abort_and_Dispose_end_a_receive_and_a_send_that_wait(bool isServer, bool dispose)
    {
        (MicroWebSocket socket, RawPeer peer) = await RawPeer.ConnectAsync(isServer);
        using (peer)
        {
            Task receiving = Echo.ReceiveAsync(socket, 1);
            Task sending = socket.SendAsync(new byte[32 * 1024 * 1024].AsMemory(), WebSocketMessageType.Binary, true, default).AsTask();
            Task queued = socket.SendAsync(new byte[1].AsMemory(), WebSocketMessageType.Binary, true, default).AsTask();
            if (dispose)
            {
                socket.Dispose();
            }
            else
            {
                socket.Abort();
                Assert.Equal(WebSocketState.Aborted, socket.State);
            }

            foreach (Task task in new[] { receiving, sending, queued })
            {
                Exception? e = await Record.ExceptionAsync(() => task.InTime());
                Assert.True(dispose ? e is ObjectDisposedException or WebSocketException : e is WebSocketException, $"Not '{e}'.");
            }

            await Assert.ThrowsAnyAsync<Exception>(() => Echo.ReceiveAsync(socket, 1));
            socket.Dispose();
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_cancelled_call_aborts_the_connection(bool sends)
    {
        (MicroWebSocket socket, RawPeer peer) = await RawPeer.ConnectAsync(isServer: true);
        using (socket)
        using (peer)
        {
            using CancellationTokenSource cancellation = new();
            Task call = sends
                ? socket.SendAsync(new byte[32 * 1024 * 1024].AsMemory(), WebSocketMessageType.Binary, true, cancellation.Token).AsTask()
                : socket.ReceiveAsync(new byte[1].AsMemory(), cancellation.Token).AsTask();
            Assert.False(call.IsCompleted);
            await cancellation.CancelAsync();
            OperationCanceledException e = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call.InTime());
            Assert.Equal(cancellation.Token, e.CancellationToken);
            Assert.Equal(WebSocketState.Aborted, socket.State);
        }
    }

    [Fact]
    public async Task A_call_cancelled_beforehand_touches_nothing()
    {
        using Pair pair = await Pair.ConnectAsync();
        CancellationToken cancelled = new(true);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await pair.Client.ReceiveAsync(new byte[1].AsMemory(), cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
            await pair.Client.SendAsync(new byte[1].AsMemory(), WebSocketMessageType.Binary, true, cancelled));
        await AssertOpenAsync(pair);
    }

    // Between the peer's close frame and ours nothing can be sent: the peer reads no more.
    [Fact]
    public async Task A_message_may_be_finished_after_the_peers_close_frame_and_before_ours()
    {
        using Pair pair = await Pair.ConnectAsync();
        await pair.Server.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, Deadline.Token);
        Assert.Equal(WebSocketMessageType.Close, (await Echo.ReceiveAsync(pair.Client, 0)).Type);
        await pair.Client.SendAsync(new byte[1].AsMemory(), WebSocketMessageType.Binary, true, Deadline.Token);
        Assert.Equal(1, (await pair.Server.ReceiveAsync(new byte[2].AsMemory(), Deadline.Token)).Count);
        Task closing = pair.Client.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, Deadline.Token);
        Assert.Equal(WebSocketMessageType.Close, (await Echo.ReceiveAsync(pair.Server, 0)).Type);
        pair.Server.Dispose();
        await closing;
        WebSocketException e = await Assert.ThrowsAsync<WebSocketException>(async () =>
            await pair.Client.SendAsync(new byte[1].AsMemory(), WebSocketMessageType.Binary, true, Deadline.Token));
        Assert.Equal(WebSocketError.InvalidState, e.WebSocketErrorCode);
    }

    // A send that waits for its turn has put nothing on the wire, so cancelling it costs nothing.
    [Fact]
    public async Task A_send_cancelled_before_its_turn_leaves_the_connection_open()
    {
        (MicroWebSocket socket, RawPeer peer) = await RawPeer.ConnectAsync(isServer: true);
        using (socket)
        using (peer)
        {
            Task sending = socket.SendAsync(new byte[32 * 1024 * 1024].AsMemory(), WebSocketMessageType.Binary, true, default).AsTask();
            using CancellationTokenSource cancellation = new();
            Task queued = socket.SendAsync("never"u8.ToArray(), WebSocketMessageType.Text, true, cancellation.Token);
            await cancellation.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => queued.InTime());
            Assert.Equal(WebSocketState.Open, socket.State);
            Assert.Equal(32 * 1024 * 1024, (await peer.ReadFrameAsync())!.Payload.Length);
            await sending;
            await socket.SendAsync("next"u8.ToArray(), WebSocketMessageType.Text, true, default);
            Assert.Equal("next", (await peer.ReadFrameAsync())!.PayloadText);
        }
    }

    [Fact]
    public void CreateFromStream_gives_the_subprotocol_and_checks_its_arguments()
    {
        using MicroWebSocket socket = MicroWebSocket.CreateFromStream(Stream.Null, true, new MicroWebSocketOptions(), "chat");
        Assert.Equal("chat", socket.SubProtocol);
        Assert.Throws<ArgumentNullException>(() => MicroWebSocket.CreateFromStream(null!, true, new MicroWebSocketOptions()));
        Assert.Throws<ArgumentNullException>(() => MicroWebSocket.CreateFromStream(Stream.Null, true, null!));
        foreach (MicroWebSocketOptions options in new MicroWebSocketOptions[]
        {
            new() { ReceiveBufferSize = 255 },
            new() { MaxMessageSize = -1 },
            new() { CloseTimeout = TimeSpan.Zero },
            new() { KeepAliveInterval = TimeSpan.FromMilliseconds(-1) },
            new() { KeepAliveTimeout = TimeSpan.Zero },
            new() { KeepAliveTimeout = TimeSpan.MaxValue },
        })
        {
            Assert.Throws<ArgumentOutOfRangeException>(() => MicroWebSocket.CreateFromStream(Stream.Null, true, options));
        }
    }

    private static async Task AssertOpenAsync(Pair pair)
    {
        await pair.Client.SendAsync("open"u8.ToArray(), WebSocketMessageType.Text, true, Deadline.Token);
        Assert.Equal("open"u8.ToArray(), (await Echo.ReceiveAsync(pair.Server, 4)).Payload);
    }
}
