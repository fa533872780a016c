using System;
using System.Buffers;
using System.Net.WebSockets;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Threading;
using System.Threading.Tasks;
using Ws.Micro.Framing;

namespace Ws.Micro.Desktop;

public sealed partial class MicroWebSocket
{
    // A message up to this size goes out in one write, header and payload together; of a longer one, pieces of this size.
    private const int MaxPiece = 16 * 1024;
    private const int MinEncodedPiece = 256;
    private const int MaxControlFrame = Limits.MaxHeaderSize + Limits.MaxControlPayload;

    // A pong that waits because a send is under way. A newer ping's pong takes its place (RFC 6455 §5.5.3).
    private readonly Lock _pongLock = new();
    private byte[]? _pong;
    private int _pongSize;

    internal bool IsSending => _sendLock.CurrentCount == 0;

    /// <inheritdoc/>
    public override Task SendAsync(ArraySegment<byte> buffer, WebSocketMessageType messageType, bool endOfMessage, CancellationToken cancellationToken) =>
        SendAsync(buffer.AsMemory(), messageType, endOfMessage, cancellationToken).AsTask();

    /// <inheritdoc/>
    public override ValueTask SendAsync(
        ReadOnlyMemory<byte> buffer, WebSocketMessageType messageType, bool endOfMessage, CancellationToken cancellationToken) =>
        SendAsync(buffer, messageType, endOfMessage ? WebSocketMessageFlags.EndOfMessage : WebSocketMessageFlags.None, cancellationToken);

    /// <inheritdoc/>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public override async ValueTask SendAsync(
        ReadOnlyMemory<byte> buffer, WebSocketMessageType messageType, WebSocketMessageFlags messageFlags, CancellationToken cancellationToken)
    {
        if (messageType is not (WebSocketMessageType.Text or WebSocketMessageType.Binary))
        {
            throw new ArgumentException("Only text and binary messages can be sent; CloseAsync sends a close frame.", nameof(messageType));
        }

        cancellationToken.ThrowIfCancellationRequested();
        ThrowUnless(State is WebSocketState.Open or WebSocketState.CloseReceived, "Sending");
        await LockSendAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            bool isText = messageType == WebSocketMessageType.Text;
            bool endOfMessage = (messageFlags & WebSocketMessageFlags.EndOfMessage) != 0;
            if (!_engine.BeginEncode(buffer.Length, endOfMessage, (messageFlags & WebSocketMessageFlags.DisableCompression) == 0)
                || !await WriteEncodedAsync(buffer, isText, endOfMessage, cancellationToken).ConfigureAwait(false))
            {
                await WriteMessageAsync(buffer, isText, endOfMessage, cancellationToken).ConfigureAwait(false);
            }

            await _stream.FlushAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not WebSocketException)
        {
            throw Broken(e, cancellationToken);
        }
        finally
        {
            await UnlockSendAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    // Frames of the encoded message, one for each buffer. False where it is better sent as it is: nothing was sent yet.
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<bool> WriteEncodedAsync(ReadOnlyMemory<byte> payload, bool isText, bool endOfMessage, CancellationToken cancellationToken)
    {
        byte[]? copy = null;
        if (!MemoryMarshal.TryGetArray(payload, out ArraySegment<byte> data))
        {
            copy = ArrayPool<byte>.Shared.Rent(payload.Length);
            payload.CopyTo(copy);
            data = new ArraySegment<byte>(copy, 0, payload.Length);
        }

        byte[] frame = ArrayPool<byte>.Shared.Rent(WebSocketEngine.Headroom + Math.Clamp(data.Count, MinEncodedPiece, MaxPiece));
        try
        {
            bool done = false;
            while (!done)
            {
                int size = _engine.WriteEncoded(data.Array!, data.Offset, data.Count, isText, endOfMessage, frame, NextMaskKey());
                if (size == 0)
                {
                    return false;
                }

                done = _engine.EncodeDone;
                data = data[_engine.EncodeTaken..];
                await WriteAsync(frame.AsMemory(_engine.EncodedFrameOffset, size), cancellationToken).ConfigureAwait(false);
            }

            return true;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(frame);
            if (copy != null)
            {
                ArrayPool<byte>.Shared.Return(copy);
            }
        }
    }

    // One frame: its header in the headroom before the first piece of payload, which is copied so that masking leaves the caller's bytes alone.
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask WriteMessageAsync(ReadOnlyMemory<byte> payload, bool isText, bool endOfMessage, CancellationToken cancellationToken)
    {
        int piece = Math.Min(payload.Length, MaxPiece);
        byte[] frame = ArrayPool<byte>.Shared.Rent(WebSocketEngine.Headroom + piece);
        try
        {
            int header = _engine.BeginFrame(frame, WebSocketEngine.Headroom, payload.Length, isText, endOfMessage, false, NextMaskKey());
            ThrowUnless(header > 0, "Sending");

            int start = WebSocketEngine.Headroom - header;
            int at = WebSocketEngine.Headroom;
            do
            {
                piece = Math.Min(payload.Length, frame.Length - at);
                payload.Span[..piece].CopyTo(frame.AsSpan(at));
                _engine.Mask(frame, at, piece);
                await WriteAsync(frame.AsMemory(start, at - start + piece), cancellationToken).ConfigureAwait(false);
                payload = payload[piece..];
                start = 0;
                at = 0;
            }
            while (!payload.IsEmpty);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(frame);
        }
    }

    // Answers the ping just received. Where a send is under way its end sends the pong, so that receiving never waits for the application.
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask SendPongAsync(CancellationToken cancellationToken)
    {
        lock (_pongLock)
        {
            _pong ??= new byte[MaxControlFrame];
            _pongSize = _engine.WritePong(_pong, 0, NextMaskKey());
        }

        if (_sendLock.Wait(0, CancellationToken.None))
        {
            await UnlockSendAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    internal async Task SendPingAsync()
    {
        // A send under way may be all the life the peer shows by taking it; the next round asks again.
        if (!_sendLock.Wait(0, CancellationToken.None))
        {
            return;
        }

        byte[] frame = ArrayPool<byte>.Shared.Rent(MaxControlFrame);
        try
        {
            await WriteControlAsync(frame, _engine.WritePing(frame, 0, [], 0, 0, NextMaskKey()), CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception)
        {
            // A connection lost shows in the receive that waits.
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(frame);
            await UnlockSendAsync(CancellationToken.None).ConfigureAwait(false);
        }
    }

    private ValueTask LockSendAsync(CancellationToken cancellationToken) =>
        _sendLock.Wait(0, CancellationToken.None) ? default : new ValueTask(_sendLock.WaitAsync(cancellationToken));

    // Sends the pong that waits, if there is one, and lets the next sender in. A pong left behind in between is fetched by whoever sees it.
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask UnlockSendAsync(CancellationToken cancellationToken)
    {
        do
        {
            try
            {
                byte[]? frame = null;
                int size = 0;
                lock (_pongLock)
                {
                    if (_pongSize > 0)
                    {
                        frame = ArrayPool<byte>.Shared.Rent(MaxControlFrame);
                        size = _pongSize;
                        _pong.AsSpan(0, size).CopyTo(frame);
                        _pongSize = 0;
                    }
                }

                if (frame != null)
                {
                    await WriteControlAsync(frame, size, cancellationToken).ConfigureAwait(false);
                    ArrayPool<byte>.Shared.Return(frame);
                }
            }
            catch (OperationCanceledException)
            {
                // A frame may be half written.
                Abort();
            }
            catch (Exception)
            {
                // A connection lost shows in the next call of the application.
            }

            _sendLock.Release();
        }
        while (Volatile.Read(ref _pongSize) > 0 && _ended == 0 && _sendLock.Wait(0, CancellationToken.None));
    }

    private async ValueTask WriteControlAsync(byte[] frame, int size, CancellationToken cancellationToken)
    {
        if (size > 0)
        {
            await WriteAsync(frame.AsMemory(0, size), cancellationToken).ConfigureAwait(false);
            await _stream.FlushAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    // One write at a time: whoever writes holds the lock.
    private ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        Volatile.Write(ref _bytesSent, _bytesSent + bytes.Length);
        return _stream.WriteAsync(bytes, cancellationToken);
    }
}
