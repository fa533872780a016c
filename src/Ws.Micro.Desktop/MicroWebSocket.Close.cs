using System;
using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using Ws.Micro.Desktop.Polling;
using Ws.Micro.Framing;

namespace Ws.Micro.Desktop;

public sealed partial class MicroWebSocket
{
    // How long to wait, after both close frames, for the peer to end the connection under them; and how long a peer must have sent nothing
    // before a connection whose sending direction cannot be ended alone is ended whole.
    private const int EndWait = 1000;
    private const int QuietBeforeEnd = 250;

    /// <inheritdoc/>
    /// <remarks>The peer has <see cref="MicroWebSocketOptions.CloseTimeout"/> to answer, then the connection is aborted.</remarks>
    public override async Task CloseAsync(WebSocketCloseStatus closeStatus, string? statusDescription, CancellationToken cancellationToken)
    {
        using CancellationTokenSource deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(_closeTimeout);
        try
        {
            await SendCloseAsync(closeStatus, statusDescription, true, deadline.Token).ConfigureAwait(false);
            await ReceiveCloseAsync(deadline.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            Abort();
            throw new WebSocketException(WebSocketError.ConnectionClosedPrematurely, $"The peer did not answer the close frame within {_closeTimeout} ms.", e);
        }
        catch (Exception e) when (e is not (WebSocketException or ArgumentException or ObjectDisposedException))
        {
            throw Broken(e, cancellationToken);
        }

        await EndAfterCloseAsync().ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public override async Task CloseOutputAsync(WebSocketCloseStatus closeStatus, string? statusDescription, CancellationToken cancellationToken)
    {
        try
        {
            await SendCloseAsync(closeStatus, statusDescription, false, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not (WebSocketException or ArgumentException or ObjectDisposedException))
        {
            throw Broken(e, cancellationToken);
        }

        if (_engine.State == EngineState.Closed)
        {
            await EndAfterCloseAsync().ConfigureAwait(false);
        }
    }

    // mayBeSent: whether our close frame may have been sent before.
    private async Task SendCloseAsync(WebSocketCloseStatus closeStatus, string? statusDescription, bool mayBeSent, CancellationToken cancellationToken)
    {
        // RFC 6455 §7.4.1, §5.5.1; an empty status stands for a close frame without payload.
        int code = (int)closeStatus;
        byte[] reason = Encoding.UTF8.GetBytes(statusDescription ?? "");
        if (code != CloseCode.NoStatusReceived && !CloseCode.IsValidOnWire(code))
        {
            throw new ArgumentException($"Close status {code} must be 1000-1003, 1007-1014, 3000-4999, or Empty.", nameof(closeStatus));
        }

        if (reason.Length > Limits.MaxControlPayload - 2 || (code == CloseCode.NoStatusReceived && reason.Length > 0))
        {
            throw new ArgumentException($"The description has {reason.Length} bytes of UTF-8; at most 123 are allowed, and none with Empty.", nameof(statusDescription));
        }

        ThrowUnless(State is WebSocketState.Open or WebSocketState.CloseReceived || (mayBeSent && State == WebSocketState.CloseSent), "Closing");
        await _sendLock.EnterAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await WriteCloseAsync(code, reason, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            await UnlockSendAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task WriteCloseAsync(int code, byte[] reason, CancellationToken cancellationToken)
    {
        byte[] frame = new byte[MaxControlFrame];
        int size = _engine.WriteClose(frame, 0, code, reason, 0, reason.Length, NextMaskKey());
        if (size > 0)
        {
            await WriteAsync(frame.AsMemory(0, size), cancellationToken).ConfigureAwait(false);
            await _stream.FlushAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    // Reads on to the peer's close frame. A receive that waits may take it; what it does not take is dropped here.
    private async Task ReceiveCloseAsync(CancellationToken cancellationToken)
    {
        byte[] scratch = ArrayPool<byte>.Shared.Rent(_receiveBufferSize);
        try
        {
            while (true)
            {
                await _receiveLock.EnterAsync(cancellationToken).ConfigureAwait(false);
                if (_closeStatus != null)
                {
                    _receiveLock.Exit();
                    return;
                }

                _isDropping = true;
                _filled = 0;
                await ReceiveOnAsync(ReceiveStep.Take, scratch, default, cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(scratch);
        }
    }

    // §7.1.1: the server ends TCP first, and the client waits for that, for a while.
    private async Task EndAfterCloseAsync()
    {
        if (!_isServer || ShutdownSend())
        {
            await DrainAsync(Math.Min(EndWait, _closeTimeout), EndWait).ConfigureAwait(false);
        }

        End();
    }

    // §7.1.7: the peer broke a rule. Everything owed and then our close frame go out, and the peer gets the time to read them: ending the
    // connection with its bytes unread would send a reset, which overtakes ours.
    private async Task<WebSocketException> FailAsync()
    {
        try
        {
            using CancellationTokenSource deadline = new(_closeTimeout);
            await _sendLock.EnterAsync(deadline.Token).ConfigureAwait(false);
            try
            {
                await WriteCloseAsync(_engine.CloseCode, [], deadline.Token).ConfigureAwait(false);
            }
            finally
            {
                _sendLock.Exit();
            }

            await DrainAsync(_closeTimeout, ShutdownSend() ? _closeTimeout : QuietBeforeEnd).ConfigureAwait(false);
        }
        catch (Exception)
        {
            // The peer is gone, or takes nothing: there is nobody to tell.
        }

        _aborted = true;
        End();
        return new WebSocketException(
            WebSocketError.Faulted, $"The peer broke the protocol: {_engine.Error}. The connection was closed with code {_engine.CloseCode}.");
    }

    private bool ShutdownSend()
    {
        try
        {
            (_stream as PolledStream)?.SendBatch();
            _socket?.Shutdown(SocketShutdown.Send);
            return _socket != null;
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return false;
        }
    }

    // Reads and drops until the peer ends its direction, is quiet, or the time is up (both in milliseconds).
    private async Task DrainAsync(int limit, int quiet)
    {
        byte[] scratch = ArrayPool<byte>.Shared.Rent(_receiveBufferSize);
        using CancellationTokenSource deadline = new(limit);
        try
        {
            while (true)
            {
                using CancellationTokenSource silence = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token);
                silence.CancelAfter(quiet);
                if (_pipe != null)
                {
                    ReadResult input = await _pipe.ReadAsync(silence.Token).ConfigureAwait(false);
                    _pipe.AdvanceTo(input.Buffer.End);
                    if (input.IsCompleted || input.IsCanceled)
                    {
                        break;
                    }
                }
                else if (await _stream.ReadAsync(scratch, silence.Token).ConfigureAwait(false) == 0)
                {
                    break;
                }
            }
        }
        catch (Exception)
        {
            // Quiet, late or lost: in each case this is the end.
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(scratch);
        }
    }
}
