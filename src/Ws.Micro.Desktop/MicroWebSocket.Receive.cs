using System;
using System.Buffers;
using System.IO;
using System.Net.WebSockets;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using Ws.Micro.Framing;

namespace Ws.Micro.Desktop;

public sealed partial class MicroWebSocket
{
    // Input that the engine has not taken: _buffer[_start.._end]. Rented only while there is some.
    private byte[]? _buffer;
    private int _start;
    private int _end;

    // What the engine has given and the application has not taken.
    private int _partOffset;
    private int _partCount;
    private bool _partWaits;
    private bool _closeReported;

    /// <inheritdoc/>
    public override async Task<WebSocketReceiveResult> ReceiveAsync(ArraySegment<byte> buffer, CancellationToken cancellationToken)
    {
        ValueWebSocketReceiveResult result = await ReceiveAsync(buffer.AsMemory(), cancellationToken).ConfigureAwait(false);
        return result.MessageType == WebSocketMessageType.Close
            ? new WebSocketReceiveResult(0, WebSocketMessageType.Close, true, _closeStatus, _closeStatusDescription)
            : new WebSocketReceiveResult(result.Count, result.MessageType, result.EndOfMessage);
    }

    /// <inheritdoc/>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public override async ValueTask<ValueWebSocketReceiveResult> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        ThrowUnless(State is WebSocketState.Open or WebSocketState.CloseSent, "Receiving");
        if (!_receiveLock.Wait(0, CancellationToken.None))
        {
            await _receiveLock.WaitAsync(cancellationToken).ConfigureAwait(false);
        }

        try
        {
            ThrowUnless(!_closeReported, "Receiving");
            return await ReceivePartAsync(buffer, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not WebSocketException)
        {
            throw Broken(e, cancellationToken);
        }
        finally
        {
            if (_ended != 0)
            {
                ReturnBuffer();
            }

            _receiveLock.Release();
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<ValueWebSocketReceiveResult> ReceivePartAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        while (true)
        {
            if (_partWaits)
            {
                int n = Math.Min(_partCount, buffer.Length);
                _engine.Data.AsSpan(_partOffset, n).CopyTo(buffer.Span);
                _partOffset += n;
                _partCount -= n;
                _partWaits = _partCount > 0;
                return Result(n, _engine.IsLast && !_partWaits);
            }

            switch (Parse(_buffer ?? [], ref _start, _end))
            {
                case EngineEvent.Data:
                    _partOffset = _engine.DataOffset;
                    _partCount = _engine.DataCount;
                    _partWaits = true;
                    continue;
                case EngineEvent.Ping:
                    await SendPongAsync(cancellationToken).ConfigureAwait(false);
                    continue;
                case EngineEvent.Pong:
                    continue;
                case EngineEvent.Close:
                    return ReportClose();
                case EngineEvent.Failed:
                    throw await FailAsync().ConfigureAwait(false);
            }

            if (_closeStatus != null)
            {
                // CloseAsync took the peer's close frame while this call waited for its turn.
                return ReportClose();
            }

            ReturnBuffer();
            long remaining = _engine.PayloadRemaining;
            if (remaining >= _receiveBufferSize && buffer.Length >= _receiveBufferSize && MemoryMarshal.TryGetArray(buffer, out ArraySegment<byte> target))
            {
                int size = (int)Math.Min(remaining, buffer.Length);
                int end = target.Offset + await ReadAsync(buffer[..size], cancellationToken).ConfigureAwait(false);
                int start = target.Offset;
                if (Parse(target.Array!, ref start, end) == EngineEvent.Failed)
                {
                    throw await FailAsync().ConfigureAwait(false);
                }

                return Result(_engine.DataCount, _engine.IsLast);
            }

            await FillAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private ValueWebSocketReceiveResult Result(int count, bool endOfMessage) =>
        new(count, _engine.IsText ? WebSocketMessageType.Text : WebSocketMessageType.Binary, endOfMessage);

    private EngineEvent Parse(byte[] input, ref int start, int end)
    {
        EngineEvent found = _engine.Receive(input, start, end - start, Environment.TickCount64);
        start += _engine.Taken;
        if (found == EngineEvent.Close)
        {
            _closeStatus = (WebSocketCloseStatus)_engine.CloseCode;
            int count = _engine.ControlPayloadCount;
            _closeStatusDescription = _closeStatus == WebSocketCloseStatus.Empty ? null
                : count > 2 ? Encoding.UTF8.GetString(_engine.ControlPayload, 2, count - 2) : "";
        }

        return found;
    }

    private ValueWebSocketReceiveResult ReportClose()
    {
        _closeReported = true;
        ReturnBuffer();
        return new ValueWebSocketReceiveResult(0, WebSocketMessageType.Close, true);
    }

    // Waits for input with no buffer in hand, then rents one for it.
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask FillAsync(CancellationToken cancellationToken)
    {
        _keepAlive?.BeginWait();
        await _stream.ReadAsync(Memory<byte>.Empty, cancellationToken).ConfigureAwait(false);
        RentBuffer(_receiveBufferSize);
        _end = await ReadAsync(_buffer, cancellationToken).ConfigureAwait(false);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<int> ReadAsync(Memory<byte> target, CancellationToken cancellationToken)
    {
        _keepAlive?.BeginWait();
        int n = await _stream.ReadAsync(target, cancellationToken).ConfigureAwait(false);
        _keepAlive?.Heard();
        Volatile.Write(ref _bytesReceived, _bytesReceived + n);
        return n > 0 ? n : throw new EndOfStreamException();
    }

    private void RentBuffer(int size)
    {
        _buffer = ArrayPool<byte>.Shared.Rent(size);
        _start = 0;
        _end = 0;
    }

    private void ReturnBuffer()
    {
        if (_buffer != null)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = null;
            _start = 0;
            _end = 0;
            _partWaits = false;
        }
    }

    // What a failed read or write means: the connection is lost, or was given up.
    private Exception Broken(Exception e, CancellationToken cancellationToken)
    {
        bool disposed = _ended != 0 && !_aborted && _engine.State == EngineState.Open;
        Abort();
        if (cancellationToken.IsCancellationRequested)
        {
            return new OperationCanceledException("The call was cancelled, which aborts the connection.", e, cancellationToken);
        }

        if (disposed)
        {
            return new ObjectDisposedException(GetType().FullName);
        }

        return new WebSocketException(
            WebSocketError.ConnectionClosedPrematurely,
            _keepAlive is { GaveUp: true } ? "The peer did not answer a ping within the keep-alive timeout." : "The connection was lost without a close frame.",
            e);
    }
}
