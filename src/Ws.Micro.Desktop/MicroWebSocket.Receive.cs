using System;
using System.Buffers;
using System.IO;
using System.IO.Pipelines;
using System.Net.WebSockets;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using Ws.Micro.Framing;

namespace Ws.Micro.Desktop;

// Input is read into the caller's buffer, unmasked there, and moved to its beginning; what is left over behind a frame is kept in a buffer
// of the pool. So a socket that waits holds none, and a message that comes alone is copied once, by the stream.
public sealed partial class MicroWebSocket
{
    // Into less room than this input is read by way of the pool's buffer, so that many small frames come with one read.
    private const int MinRoom = 256;

    // Input that the engine has not taken: _buffer[_start.._end]. Rented only while there is some.
    private byte[]? _buffer;
    private int _start;
    private int _end;

    // What the engine has given and the application has not taken: in _buffer, or in the extension's output.
    private int _partOffset;
    private int _partCount;
    private bool _partWaits;
    private bool _closeReported;

    // Of the call under way: bytes put into the caller's buffer; whether CloseAsync makes it, for the close frame alone.
    private int _filled;
    private bool _isDropping;

    // When input last came, by Environment.TickCount64.
    private long _heardAt = Environment.TickCount64;

    private enum ReceiveStep
    {
        Take,
        Read,
        Arrive,
        Pong,
        Fail,
        ReturnData,
        ReturnClose,
    }

    /// <inheritdoc/>
    public override async Task<WebSocketReceiveResult> ReceiveAsync(ArraySegment<byte> buffer, CancellationToken cancellationToken)
    {
        ValueWebSocketReceiveResult result = await ReceiveAsync(buffer.AsMemory(), cancellationToken).ConfigureAwait(false);
        return result.MessageType == WebSocketMessageType.Close
            ? new WebSocketReceiveResult(0, WebSocketMessageType.Close, true, _closeStatus, _closeStatusDescription)
            : new WebSocketReceiveResult(result.Count, result.MessageType, result.EndOfMessage);
    }

    /// <inheritdoc/>
    /// <remarks>
    /// A frame that has begun to arrive is waited for until its end or until the buffer is full. Bytes of the buffer behind those received may
    /// change too.
    /// </remarks>
    public override ValueTask<ValueWebSocketReceiveResult> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken) =>
        cancellationToken.IsCancellationRequested || !CanReceive || !_receiveLock.TryEnter()
            ? ReceiveInTurnAsync(buffer, cancellationToken)
            : ReceiveLocked(buffer, cancellationToken);

    private bool CanReceive => !_closeReported && State is WebSocketState.Open or WebSocketState.CloseSent;

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<ValueWebSocketReceiveResult> ReceiveInTurnAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        ThrowUnless(State is WebSocketState.Open or WebSocketState.CloseSent, "Receiving");
        await _receiveLock.EnterAsync(cancellationToken).ConfigureAwait(false);
        return await ReceiveLocked(buffer, cancellationToken).ConfigureAwait(false);
    }

    // The common case, that a whole frame is there, without an async method. Lets go of the lock.
    private ValueTask<ValueWebSocketReceiveResult> ReceiveLocked(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        ValueTask<int> read = default;
        ReceiveStep step;
        try
        {
            _filled = 0;
            ThrowUnless(!_closeReported, "Receiving");
            bool mayHaveMore = _start < _end || _partWaits || _deflate != null || _closeStatus != null;
            step = mayHaveMore ? Take(buffer.Span) : ReceiveStep.Read;
            if (step == ReceiveStep.Read && !_readsEmptyFirst && TryGetRoom(buffer, out ArraySegment<byte> room))
            {
                if (_pipe == null)
                {
                    read = BeginRead(room, cancellationToken);
                    step = read.IsCompletedSuccessfully ? Arrive(buffer.Span, room, read.Result) : ReceiveStep.Arrive;
                }
                else if (_pipe.TryRead(out ReadResult input))
                {
                    step = Arrive(buffer.Span, room, TakeFromPipe(input, room));
                }
            }

            if (step == ReceiveStep.ReturnData)
            {
                ValueWebSocketReceiveResult result = Result();
                ExitReceive();
                return new ValueTask<ValueWebSocketReceiveResult>(result);
            }
        }
        catch (Exception e)
        {
            step = ReceiveStep.Arrive;
            read = ValueTask.FromException<int>(e);
        }

        return ReceiveOnAsync(step, buffer, read, cancellationToken);
    }

    // From any step on to a part of a message or the close frame. Lets go of the lock.
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<ValueWebSocketReceiveResult> ReceiveOnAsync(
        ReceiveStep step, Memory<byte> buffer, ValueTask<int> read, CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                switch (step)
                {
                    case ReceiveStep.Take:
                        step = Take(buffer.Span);
                        break;
                    case ReceiveStep.Read when _pipe != null:
                        _keepAlive?.BeginWait(Environment.TickCount64);
                        ReadResult input = await _pipe.ReadAsync(cancellationToken).ConfigureAwait(false);
                        ArraySegment<byte> room = GetRoom(buffer);
                        step = Arrive(buffer.Span, room, TakeFromPipe(input, room));
                        break;
                    case ReceiveStep.Read:
                        // With no buffer in hand, rents one only when there is something for it.
                        if (_readsEmptyFirst || !TryGetRoom(buffer, out _))
                        {
                            await BeginRead(Memory<byte>.Empty, cancellationToken).ConfigureAwait(false);
                        }

                        read = BeginRead(GetRoom(buffer), cancellationToken);
                        step = ReceiveStep.Arrive;
                        break;
                    case ReceiveStep.Arrive:
                        int count = await read.ConfigureAwait(false);
                        step = Arrive(buffer.Span, GetRoom(buffer), count);
                        break;
                    case ReceiveStep.Pong:
                        await SendPongAsync(cancellationToken).ConfigureAwait(false);
                        step = ReceiveStep.Take;
                        break;
                    case ReceiveStep.Fail:
                        throw await FailAsync().ConfigureAwait(false);
                    case ReceiveStep.ReturnData:
                        return Result();
                    case ReceiveStep.ReturnClose:
                        _closeReported |= !_isDropping;
                        ReturnBuffer();
                        return new ValueWebSocketReceiveResult(0, WebSocketMessageType.Close, true);
                }
            }
        }
        catch (Exception e) when (e is not WebSocketException)
        {
            throw Broken(e, cancellationToken);
        }
        finally
        {
            ExitReceive();
        }
    }

    private void ExitReceive()
    {
        _isDropping = false;
        if (_ended != 0)
        {
            ReturnBuffer();
        }

        _receiveLock.Exit();
    }

    private ValueWebSocketReceiveResult Result() =>
        new(_filled, _engine.IsText ? WebSocketMessageType.Text : WebSocketMessageType.Binary, _engine.IsLast && !_partWaits);

    // Goes on with what is at hand in the pool's buffer and in the engine.
    private ReceiveStep Take(Span<byte> buffer)
    {
        while (!_partWaits)
        {
            ReceiveStep step = After(Parse(_buffer ?? [], ref _start, _end));
            if (step != ReceiveStep.Take)
            {
                return step;
            }
        }

        int n = Math.Min(_partCount, buffer.Length - _filled);
        _engine.Data.AsSpan(_partOffset, n).CopyTo(buffer[_filled..]);
        _filled += n;
        _partOffset += n;
        _partCount -= n;
        _partWaits = _partCount > 0;
        return AfterData(buffer.Length);
    }

    // Takes input that was read into the pool's buffer, or into the caller's. There, what is behind the first frame goes into the pool's.
    private ReceiveStep Arrive(Span<byte> buffer, ArraySegment<byte> room, int count)
    {
        Heard(count);
        if (room.Array == _buffer)
        {
            _end = count;
            return Take(buffer);
        }

        int start = room.Offset;
        int end = start + count;
        EngineEvent found = Parse(room.Array!, ref start, end);
        Keep(room.Array.AsSpan(start, end - start));
        if (found != EngineEvent.Data || _engine.Data != room.Array)
        {
            ReceiveStep step = After(found);
            return step == ReceiveStep.Take && _partWaits ? Take(buffer) : step;
        }

        int n = _engine.DataCount;
        if (_engine.DataOffset != room.Offset)
        {
            room.Array.AsSpan(_engine.DataOffset, n).CopyTo(room.Array.AsSpan(room.Offset));
        }

        _filled += n;
        return AfterData(buffer.Length);
    }

    // What an event asks for; a part of a message is noted, to be taken.
    private ReceiveStep After(EngineEvent found)
    {
        switch (found)
        {
            case EngineEvent.Data:
                _partOffset = _engine.DataOffset;
                _partCount = _engine.DataCount;
                _partWaits = true;
                return ReceiveStep.Take;
            case EngineEvent.Ping:
                return ReceiveStep.Pong;
            case EngineEvent.Pong:
                return ReceiveStep.Take;
            case EngineEvent.Close:
                return ReceiveStep.ReturnClose;
            case EngineEvent.Failed:
                return ReceiveStep.Fail;
            default:
                // CloseAsync may have taken the peer's close frame while this call waited for its turn.
                ReturnBuffer();
                return _closeStatus != null ? ReceiveStep.ReturnClose : ReceiveStep.Read;
        }
    }

    // A frame that has begun fills the buffer up.
    private ReceiveStep AfterData(int bufferSize)
    {
        if (_partWaits || _start < _end)
        {
            return ReceiveStep.ReturnData;
        }

        ReturnBuffer();
        return _filled > 0 && _filled < bufferSize && _engine.PayloadRemaining > 0 ? ReceiveStep.Read : ReceiveStep.ReturnData;
    }

    private EngineEvent Parse(byte[] input, ref int start, int end)
    {
        EngineEvent found = _engine.Receive(input, start, end - start, _heardAt);
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

    // Where in the caller's buffer input can be read to: the rest of a frame's payload to its place, or else as much as the pool's would take.
    private bool TryGetRoom(Memory<byte> buffer, out ArraySegment<byte> room)
    {
        int free = buffer.Length - _filled;
        long payload = _engine.PayloadRemaining;
        if ((free < MinRoom && (payload == 0 || free == 0)) || !MemoryMarshal.TryGetArray(buffer, out room))
        {
            room = default;
            return false;
        }

        room = room.Slice(_filled, (int)Math.Min(free, Math.Max(payload, _receiveBufferSize)));
        return true;
    }

    // That, or where there is none, the pool's buffer.
    private ArraySegment<byte> GetRoom(Memory<byte> buffer)
    {
        if (!TryGetRoom(buffer, out ArraySegment<byte> room))
        {
            if (_buffer == null)
            {
                RentBuffer(_receiveBufferSize);
            }

            room = _buffer!;
        }

        return room;
    }

    // What fits.
    private int TakeFromPipe(ReadResult input, Span<byte> room)
    {
        ReadOnlySequence<byte> available = input.Buffer;
        int count = (int)Math.Min(available.Length, room.Length);
        available = available.Slice(0, count);
        available.CopyTo(room);
        _pipe!.AdvanceTo(available.End);
        return input.IsCanceled ? throw new OperationCanceledException("The server stops.") : count;
    }

    private ValueTask<int> BeginRead(Memory<byte> target, CancellationToken cancellationToken)
    {
        ValueTask<int> read = _stream.ReadAsync(target, cancellationToken);
        if (!read.IsCompleted)
        {
            _keepAlive?.BeginWait(Environment.TickCount64);
        }

        return read;
    }

    private void Heard(int count)
    {
        _heardAt = Environment.TickCount64;
        _keepAlive?.Heard(_heardAt);
        Volatile.Write(ref _bytesReceived, _bytesReceived + count);
        if (count == 0)
        {
            throw new EndOfStreamException();
        }
    }

    private void Keep(ReadOnlySpan<byte> input)
    {
        if (!input.IsEmpty)
        {
            RentBuffer(input.Length);
            input.CopyTo(_buffer);
            _end = input.Length;
        }
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
            _keepAlive?.Verdict ?? "The connection was lost without a close frame.",
            e);
    }
}
