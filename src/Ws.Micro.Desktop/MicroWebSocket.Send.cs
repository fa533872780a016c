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
    // A message up to this size goes out in one write, header and payload together, from a buffer of 16 KB; see MaxWhole. Of a
    // longer one, no piece is so large that keep-alive could take the time it needs for silence.
    private const int MaxPiece = (16 * 1024) - WebSocketEngine.Headroom;
    private const int MaxUncopiedPiece = 64 * 1024;

    // What a server sends behind this much of a longer message is not copied; over its pipe behind MaxPiece.
    private const int FirstPiece = 1024;
    private const int MinEncodedPiece = 256;
    private const int MaxControlFrame = Limits.MaxHeaderSize + Limits.MaxControlPayload;

    // A pong that waits because a send is under way. A newer ping's pong takes its place (RFC 6455 §5.5.3). Whoever uses it locks the engine,
    // which spares each connection an object.
    private byte[]? _pong;
    private int _pongSize;

    // What goes out in one write. Over a server's pipe more, because there each write wakes the server up, which costs more than to copy.
    private int MaxWhole => _pipe == null ? MaxPiece : MaxUncopiedPiece;

    internal bool IsSending => _sendLock.IsTaken;

    /// <inheritdoc/>
    public override Task SendAsync(ArraySegment<byte> buffer, WebSocketMessageType messageType, bool endOfMessage, CancellationToken cancellationToken) =>
        SendAsync(buffer.AsMemory(), messageType, endOfMessage, cancellationToken).AsTask();

    /// <inheritdoc/>
    public override ValueTask SendAsync(
        ReadOnlyMemory<byte> buffer, WebSocketMessageType messageType, bool endOfMessage, CancellationToken cancellationToken) =>
        SendAsync(buffer, messageType, endOfMessage ? WebSocketMessageFlags.EndOfMessage : WebSocketMessageFlags.None, cancellationToken);

    /// <inheritdoc/>
    public override ValueTask SendAsync(
        ReadOnlyMemory<byte> buffer, WebSocketMessageType messageType, WebSocketMessageFlags messageFlags, CancellationToken cancellationToken) =>
        messageType is not (WebSocketMessageType.Text or WebSocketMessageType.Binary)
        || cancellationToken.IsCancellationRequested
        || State is not (WebSocketState.Open or WebSocketState.CloseReceived)
        || !_sendLock.TryEnter()
            ? SendInTurnAsync(buffer, messageType, messageFlags, cancellationToken)
            : SendLocked(buffer, messageType, messageFlags, cancellationToken);

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask SendInTurnAsync(
        ReadOnlyMemory<byte> buffer, WebSocketMessageType messageType, WebSocketMessageFlags messageFlags, CancellationToken cancellationToken)
    {
        if (messageType is not (WebSocketMessageType.Text or WebSocketMessageType.Binary))
        {
            throw new ArgumentException("Only text and binary messages can be sent; CloseAsync sends a close frame.", nameof(messageType));
        }

        cancellationToken.ThrowIfCancellationRequested();
        ThrowUnless(State is WebSocketState.Open or WebSocketState.CloseReceived, "Sending");
        await _sendLock.EnterAsync(cancellationToken).ConfigureAwait(false);
        await SendLocked(buffer, messageType, messageFlags, cancellationToken).ConfigureAwait(false);
    }

    // The common case, a message in one write that is done at once, without an async method. Lets go of the lock.
    private ValueTask SendLocked(
        ReadOnlyMemory<byte> buffer, WebSocketMessageType messageType, WebSocketMessageFlags messageFlags, CancellationToken cancellationToken)
    {
        bool isText = messageType == WebSocketMessageType.Text;
        bool endOfMessage = (messageFlags & WebSocketMessageFlags.EndOfMessage) != 0;
        if (_deflate != null || buffer.Length > MaxWhole)
        {
            return SendPiecesAsync(buffer, isText, endOfMessage, (messageFlags & WebSocketMessageFlags.DisableCompression) == 0, cancellationToken);
        }

        byte[] frame = ArrayPool<byte>.Shared.Rent(WebSocketEngine.Headroom + buffer.Length);
        ValueTask write;
        try
        {
            write = WriteAsync(PrepareFrame(frame, buffer.Span, buffer.Length, isText, endOfMessage), cancellationToken);
            if (write.IsCompletedSuccessfully)
            {
                write.GetAwaiter().GetResult();
                write = new ValueTask(_stream.FlushAsync(cancellationToken));
                if (write.IsCompletedSuccessfully)
                {
                    ArrayPool<byte>.Shared.Return(frame);
                    return UnlockSendAsync(cancellationToken);
                }
            }
        }
        catch (Exception e)
        {
            write = ValueTask.FromException(e);
        }

        return EndWriteAsync(write, frame, cancellationToken);
    }

    // Waits for a write, or for a flush, which is then asked for once more for nothing. Lets go of the lock.
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask EndWriteAsync(ValueTask write, byte[] frame, CancellationToken cancellationToken)
    {
        try
        {
            await write.ConfigureAwait(false);
            await _stream.FlushAsync(cancellationToken).ConfigureAwait(false);
            ThrowIfEnded();
        }
        catch (Exception e) when (e is not WebSocketException)
        {
            throw Broken(e, cancellationToken);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(frame);
            await UnlockSendAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    // Lets go of the lock.
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask SendPiecesAsync(
        ReadOnlyMemory<byte> payload, bool isText, bool endOfMessage, bool mayEncode, CancellationToken cancellationToken)
    {
        try
        {
            if (!_engine.BeginEncode(payload.Length, endOfMessage, mayEncode)
                || !await WriteEncodedAsync(payload, isText, endOfMessage, cancellationToken).ConfigureAwait(false))
            {
                await WriteMessageAsync(payload, isText, endOfMessage, cancellationToken).ConfigureAwait(false);
            }

            await _stream.FlushAsync(cancellationToken).ConfigureAwait(false);
            ThrowIfEnded();
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

    // A pipe that is ended, as under Kestrel, says of bytes that it holds and drops that they were written.
    private void ThrowIfEnded() => ObjectDisposedException.ThrowIf(_ended != 0, this);

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

    // One frame, in pieces that stay in the processor's cache while they are masked. What a server sends behind the first goes as it is.
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask WriteMessageAsync(ReadOnlyMemory<byte> payload, bool isText, bool endOfMessage, CancellationToken cancellationToken)
    {
        int count = payload.Length <= MaxPiece ? payload.Length : _isServer && _pipe == null ? FirstPiece : MaxPiece;
        byte[] frame = ArrayPool<byte>.Shared.Rent(WebSocketEngine.Headroom + count);
        try
        {
            ReadOnlyMemory<byte> piece = PrepareFrame(frame, payload.Span[..count], payload.Length, isText, endOfMessage);
            while (true)
            {
                await WriteAsync(piece, cancellationToken).ConfigureAwait(false);
                payload = payload[count..];
                if (payload.IsEmpty)
                {
                    break;
                }

                count = Math.Min(payload.Length, _isServer ? MaxUncopiedPiece : frame.Length);
                piece = payload[..count];
                if (!_isServer)
                {
                    piece.CopyTo(frame);
                    _engine.Mask(frame, 0, count);
                    piece = frame.AsMemory(0, count);
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(frame);
        }
    }

    // A frame's header, in the headroom before its first payload, which is copied so that masking leaves the caller's bytes alone.
    private ReadOnlyMemory<byte> PrepareFrame(byte[] frame, ReadOnlySpan<byte> payload, int payloadLength, bool isText, bool endOfMessage)
    {
        int header = _engine.BeginFrame(frame, WebSocketEngine.Headroom, payloadLength, isText, endOfMessage, false, NextMaskKey());
        ThrowUnless(header > 0, "Sending");
        payload.CopyTo(frame.AsSpan(WebSocketEngine.Headroom));
        _engine.Mask(frame, WebSocketEngine.Headroom, payload.Length);
        return frame.AsMemory(WebSocketEngine.Headroom - header, header + payload.Length);
    }

    // Answers the ping just received. Where a send is under way its end sends the pong, so that receiving never waits for the application.
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask SendPongAsync(CancellationToken cancellationToken)
    {
        lock (_engine)
        {
            _pong ??= new byte[MaxControlFrame];
            _pongSize = _engine.WritePong(_pong, 0, NextMaskKey());
        }

        if (_sendLock.TryEnter())
        {
            await UnlockSendAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    internal async Task SendPingAsync()
    {
        // A send under way may be all the life the peer shows by taking it; the next round asks again.
        if (!_sendLock.TryEnter())
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

    // Lets the next sender in; before that, sends the pong that waits, if there is one. A pong left behind in between is fetched by whoever
    // sees it.
    private ValueTask UnlockSendAsync(CancellationToken cancellationToken)
    {
        if (Volatile.Read(ref _pongSize) == 0)
        {
            _sendLock.Exit();
            if (!IsPongLeft())
            {
                return default;
            }
        }

        return SendPongsAsync(cancellationToken);
    }

    private bool IsPongLeft() => Volatile.Read(ref _pongSize) > 0 && _ended == 0 && _sendLock.TryEnter();

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask SendPongsAsync(CancellationToken cancellationToken)
    {
        do
        {
            try
            {
                byte[]? frame = null;
                int size = 0;
                lock (_engine)
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

            _sendLock.Exit();
        }
        while (IsPongLeft());
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
