using System;
using System.Net.WebSockets;
using System.Threading;
using System.Threading.Tasks;
using Ws.Micro.Desktop.Tests.Support;
using Ws.Micro.Testing;

namespace Ws.Micro.Desktop.Tests;

/// <summary>A pong that cannot go out, because the peer takes nothing, holds up neither a cancellation nor a deadline.</summary>
public sealed class BlockedPongTests
{
    private static readonly byte[] Ping = RawFrame.Bytes(RawFrame.Fin | RawFrame.Ping, "?"u8, isMasked: true);

    [Fact]
    public async Task A_receive_held_up_by_its_pong_can_be_cancelled()
    {
        OneSidedStream stream = new(Ping);
        using MicroWebSocket socket = MicroWebSocket.CreateFromStream(stream, true, new MicroWebSocketOptions { KeepAliveInterval = TimeSpan.Zero });
        using CancellationTokenSource cancellation = new();
        Task receiving = socket.ReceiveAsync(new byte[1].AsMemory(), cancellation.Token).AsTask();
        await stream.WriteWaits.InTime();
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => receiving.InTime());
        Assert.Equal(WebSocketState.Aborted, socket.State);
    }

    // The close frame is stuck; meanwhile a ping comes, whose pong waits behind it.
    [Fact]
    public async Task A_pong_behind_a_close_frame_that_is_stuck_does_not_outlast_the_timeout()
    {
        OneSidedStream stream = new(Ping);
        using MicroWebSocket socket = MicroWebSocket.CreateFromStream(
            stream, true, new MicroWebSocketOptions { KeepAliveInterval = TimeSpan.Zero, CloseTimeout = TimeSpan.FromMilliseconds(200) });
        Task closing = socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, default);
        await stream.WriteWaits.InTime();
        Task receiving = socket.ReceiveAsync(new byte[1].AsMemory(), default).AsTask();
        WebSocketException e = await Assert.ThrowsAsync<WebSocketException>(() => closing.InTime());
        Assert.Contains("200 ms", e.Message);
        await Assert.ThrowsAsync<WebSocketException>(() => receiving.InTime());
        Assert.Equal(WebSocketState.Aborted, socket.State);
    }

    /// <summary>Gives its input and then nothing more; takes nothing. What waits ends by its token, or when the stream is disposed.</summary>
    internal sealed class OneSidedStream(byte[] input) : TestStream
    {
        private readonly TaskCompletionSource _writeWaits = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _disposed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _read;

        public Task WriteWaits => _writeWaits.Task;

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (_read == input.Length)
            {
                await _disposed.Task.WaitAsync(cancellationToken);
            }

            int n = Math.Min(buffer.Length, input.Length - _read);
            input.AsSpan(_read, n).CopyTo(buffer.Span);
            _read += n;
            return n;
        }

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            _writeWaits.TrySetResult();
            await _disposed.Task.WaitAsync(cancellationToken);
        }

        protected override void Dispose(bool disposing) => _disposed.TrySetException(new ObjectDisposedException(nameof(OneSidedStream)));
    }
}
