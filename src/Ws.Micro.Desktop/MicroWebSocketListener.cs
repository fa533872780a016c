using System;
using System.Buffers;
using System.IO;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Text;
using System.Threading;
using System.Threading.Channels;
using System.Threading.Tasks;
using Ws.Micro.Desktop.Polling;
using Ws.Micro.Handshake;

namespace Ws.Micro.Desktop;

/// <summary>
/// Accepts connections as a server. Opening handshakes run side by side, each within its time, so that a slow client holds up nobody.
/// Safe for use by several threads.
/// <para>
/// On Linux, threads of the library's own wait for the connections' sockets, one for each processor, and themselves run what waits for them: the
/// application's code behind an await of a receive or a send. At a few thousand messages a second that takes a tenth of the processor time,
/// because no thread has to be woken and none spins. Messages that the code sends go out together when it next waits for something, or at 16 KB.
/// Code may block there, or compute: where it keeps a thread for 16 to 32 ms, another takes over the other connections and what was sent goes out,
/// and the next events of that connection are for the thread pool. Where 15 such threads are kept for one processor, all its events are.
/// </para>
/// </summary>
public sealed class MicroWebSocketListener : IAsyncDisposable
{
    private const int HeadLimit = 8 * 1024;
    private readonly MicroWebSocketListenerOptions _options;
    private readonly string[] _subProtocols;
    private readonly string[] _allowedOrigins;
    private readonly DeflateOptions? _deflate;
    private readonly Socket _socket;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Channel<MicroWebSocket> _accepted = Channel.CreateUnbounded<MicroWebSocket>();
    private int _pending;
    private Task _accepting = Task.CompletedTask;

    /// <summary>Binds to <paramref name="endPoint"/>; port 0 takes a free one.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A setting is not in its range; the message says what is allowed.</exception>
    /// <exception cref="SocketException">The address is not to be had.</exception>
    public MicroWebSocketListener(IPEndPoint endPoint, MicroWebSocketListenerOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(endPoint);
        _options = options ?? new MicroWebSocketListenerOptions();
        _options.Validate();
        _subProtocols = [.. _options.SubProtocols];
        _allowedOrigins = [.. _options.AllowedOrigins];
        _deflate = _options.Deflate?.Fit();
        _socket = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            _socket.Bind(endPoint);
        }
        catch
        {
            _socket.Dispose();
            throw;
        }
    }

    /// <summary>Where it listens.</summary>
    public IPEndPoint LocalEndPoint => (IPEndPoint)_socket.LocalEndPoint!;

    /// <summary>Begins to listen. To be called once.</summary>
    public void Start()
    {
        _socket.Listen();
        _accepting = AcceptClientsAsync();
    }

    /// <summary>Waits for the next connection whose opening handshake is done.</summary>
    /// <exception cref="ObjectDisposedException">The listener was disposed.</exception>
    public async ValueTask<MicroWebSocket> AcceptAsync(CancellationToken cancellationToken = default)
    {
        try
        {
            MicroWebSocket socket = await _accepted.Reader.ReadAsync(cancellationToken).ConfigureAwait(false);
            Interlocked.Decrement(ref _pending);
            return socket;
        }
        catch (ChannelClosedException)
        {
            throw new ObjectDisposedException(GetType().FullName);
        }
    }

    /// <summary>Stops listening and drops the clients that were not accepted. Connections accepted go on.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        _socket.Dispose();
        await _accepting.ConfigureAwait(false);
        _accepted.Writer.TryComplete();
        while (_accepted.Reader.TryRead(out MicroWebSocket? socket))
        {
            socket.Dispose();
        }
    }

    private async Task AcceptClientsAsync()
    {
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                Socket client = await _socket.AcceptAsync(_stopping.Token).ConfigureAwait(false);
                if (Interlocked.Increment(ref _pending) > _options.MaxPending)
                {
                    Interlocked.Decrement(ref _pending);
                    client.Dispose();
                }
                else
                {
                    _ = ServeAsync(client);
                }
            }
            catch (SocketException) when (!_stopping.IsCancellationRequested)
            {
                // A client that went before it was accepted, or no handle left: go on, but not in a tight loop.
                await Task.Delay(10).ConfigureAwait(false);
            }
            catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException or SocketException)
            {
                return;
            }
        }
    }

    private async Task ServeAsync(Socket client)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(HeadLimit);
        Stream? stream = null;
        MicroWebSocket? socket = null;
        try
        {
            // Off the thread that accepts: TLS computes, and the application decides about the request as slowly as it likes.
            await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
            using CancellationTokenSource deadline = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
            deadline.CancelAfter(_options.HandshakeTimeout);
            client.NoDelay = true;
            PolledStream? polled = _options.UsesPollers ? new PolledStream(client, Poller.Next()) : null;
            stream = (Stream?)polled ?? new NetworkStream(client, ownsSocket: false);
            if (_options.Tls != null)
            {
                SslStream tls = new(stream);
                stream = tls;
                await tls.AuthenticateAsServerAsync(_options.Tls, deadline.Token).ConfigureAwait(false);
            }

            ServerHandshake handshake = new(buffer);
            int status = await ReadRequestAsync(stream, handshake, client, deadline.Token).ConfigureAwait(false);
            socket = await AnswerAsync(stream, handshake, status, client, deadline.Token).ConfigureAwait(false);
            if (polled != null)
            {
                // Not before: TLS's opening computes for milliseconds.
                polled.IsInline = true;
                polled.Batches = stream == polled;
            }
        }
        catch (Exception)
        {
            // The client is gone, late, or not speaking TLS: there is nobody to tell.
        }

        ArrayPool<byte>.Shared.Return(buffer);
        if (socket == null || !_accepted.Writer.TryWrite(socket))
        {
            socket?.Dispose();
            stream?.Dispose();
            client.Dispose();
            Interlocked.Decrement(ref _pending);
        }
    }

    // Reads the request and decides about it. Returns the HTTP status of the answer.
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<int> ReadRequestAsync(Stream stream, ServerHandshake handshake, Socket client, CancellationToken cancellationToken)
    {
        HttpHead head = handshake.Head;
        HandshakeStatus status = HandshakeStatus.NeedMore;
        try
        {
            while (status == HandshakeStatus.NeedMore)
            {
                int n = await stream.ReadAsync(head.Buffer.AsMemory(head.Count), cancellationToken).ConfigureAwait(false);
                status = n > 0 ? handshake.Read(n) : throw new EndOfStreamException();
            }
        }
        catch (OperationCanceledException) when (!_stopping.IsCancellationRequested && head.Count > 0)
        {
            return 408;
        }

        if (status == HandshakeStatus.Refused || !handshake.CheckOrigin(_allowedOrigins))
        {
            return ServerHandshake.StatusOf(handshake.Error);
        }

        try
        {
            int answer = _options.OnRequest?.Invoke(new MicroWebSocketRequest(head, handshake.GetPath(), client.RemoteEndPoint)) ?? 101;
            return answer is 101 or (>= 300 and <= 599) ? answer : 500;
        }
        catch (Exception)
        {
            // The application's fault, which only it can tell more about.
            return 500;
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<MicroWebSocket?> AnswerAsync(Stream stream, ServerHandshake handshake, int status, Socket client, CancellationToken cancellationToken)
    {
        string? subProtocol = status == 101 ? handshake.SelectSubprotocol(_subProtocols) : null;
        DeflateParameters? deflate = status == 101 && _deflate != null ? handshake.SelectDeflate(_deflate) : null;
        byte[] response = ArrayPool<byte>.Shared.Rent(1024 + (subProtocol?.Length ?? 0));
        int size = status == 101
            ? handshake.WriteAccept(response, subProtocol, deflate == null ? null : DeflateNegotiation.WriteResponse(deflate))
            : ServerHandshake.WriteRefusal(response, status, ((HttpStatusCode)status).ToString());
        await stream.WriteAsync(response.AsMemory(0, size), status == 408 ? _stopping.Token : cancellationToken).ConfigureAwait(false);
        await stream.FlushAsync(CancellationToken.None).ConfigureAwait(false);
        ArrayPool<byte>.Shared.Return(response);
        HttpHead head = handshake.Head;
        if (status == 101)
        {
            return new MicroWebSocket(stream, client, true, _options, subProtocol, deflate, head.Buffer.AsSpan(head.Length..head.Count));
        }

        // Bytes not read would turn the end into a reset, which could overtake the answer.
        client.Shutdown(SocketShutdown.Send);
        while (await stream.ReadAsync(head.Buffer, cancellationToken).ConfigureAwait(false) > 0)
        {
        }

        return null;
    }
}
