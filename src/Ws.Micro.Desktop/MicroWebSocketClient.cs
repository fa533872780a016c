using System;
using System.Buffers;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Threading;
using System.Threading.Tasks;
using Ws.Micro.Desktop.Polling;
using Ws.Micro.Handshake;
using Ws.Micro.Tls;

namespace Ws.Micro.Desktop;

/// <summary>
/// Makes connections as a client. Safe for use by several threads. On Linux their sockets wait, and the application's code behind an await of a receive
/// or a send runs, on threads of the library's own: the same ones as <see cref="MicroWebSocketListener"/>'s, in the same way.
/// </summary>
public static class MicroWebSocketClient
{
    private const int HeadLimit = 16 * 1024;

    /// <summary>Connects to a ws or wss URI: TCP, perhaps a proxy's tunnel, perhaps TLS, then the opening handshake (RFC 6455 §4.1).</summary>
    /// <exception cref="ArgumentException">The URI or a setting is not of its form; nothing was sent.</exception>
    /// <exception cref="WebSocketConnectionException">No connection could be made; it says at which step and why.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public static async Task<MicroWebSocket> ConnectAsync(Uri uri, MicroWebSocketClientOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(uri);
        options ??= new MicroWebSocketClientOptions();
        options.Validate();
        if (!uri.IsAbsoluteUri || uri.Scheme is not ("ws" or "wss") || uri.Fragment.Length > 0 || uri.UserInfo.Length > 0)
        {
            throw new ArgumentException($"'{uri}' is not a WebSocket URI: it must begin with ws:// or wss:// and have no user information and no fragment (RFC 6455 §3).", nameof(uri));
        }

        byte[] buffer = ArrayPool<byte>.Shared.Rent(HeadLimit);
        ConnectionStep step = ConnectionStep.Connect;
        Socket? socket = null;
        PolledStream? polled = null;
        Stream? stream = null;
        using CancellationTokenSource deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(options.ConnectTimeout);
        try
        {
            // The request is written before anything is sent, so that a bad argument costs no connection.
            ClientHandshake handshake = new(buffer, RandomNumberGenerator.GetBytes(ClientHandshake.NonceSize), [.. options.SubProtocols], options.Deflate?.Fit());
            int request = WriteRequest(handshake, buffer, uri, options);

            Uri? proxy = ProxyFor(uri, options.Proxy);
            Uri first = proxy ?? uri;
            DnsEndPoint host = new(first.IdnHost, first.Port);
            if (options.ConnectCallback is { } connect)
            {
                stream = await connect(host, deadline.Token).ConfigureAwait(false);
            }
            else
            {
                stream = await ConnectAsync(host, options.UsesPollers, deadline.Token).ConfigureAwait(false);
                polled = stream as PolledStream;
                socket = polled?.Socket ?? ((NetworkStream)stream).Socket;
            }

            if (proxy != null)
            {
                step = ConnectionStep.Proxy;
                await HttpProxyTunnel.OpenAsync(stream, uri, proxy, options.Proxy!, deadline.Token).ConfigureAwait(false);
            }

            if (uri.Scheme == "wss")
            {
                step = ConnectionStep.Tls;
                stream = await AuthenticateAsync(stream, uri.IdnHost, options, deadline.Token).ConfigureAwait(false);
            }

            step = ConnectionStep.Handshake;
            await stream.WriteAsync(buffer.AsMemory(0, request), deadline.Token).ConfigureAwait(false);
            await stream.FlushAsync(deadline.Token).ConfigureAwait(false);
            await ReadResponseAsync(stream, handshake, deadline.Token).ConfigureAwait(false);
            HttpHead head = handshake.Head;
            MicroWebSocket client = new(stream, socket, false, options, handshake.Subprotocol, handshake.Deflate, head.Buffer.AsSpan(head.Length..head.Count));
            if (polled != null)
            {
                // Not before: TLS's opening computes for milliseconds.
                polled.IsInline = true;
                polled.Batches = stream == polled;
            }

            return client;
        }
        catch (Exception e)
        {
            stream?.Dispose();
            if (e is ArgumentException or WebSocketConnectionException)
            {
                throw;
            }

            cancellationToken.ThrowIfCancellationRequested();
            if (step == ConnectionStep.Connect && e is SocketException { SocketErrorCode: SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain })
            {
                step = ConnectionStep.Resolve;
            }

            string why = e is OperationCanceledException
                ? string.Create(CultureInfo.InvariantCulture, $"not done within {options.ConnectTimeout.TotalSeconds} s")
                : e.Message;
            throw new WebSocketConnectionException(step, $"{step} failed for {uri}: {why}", e);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>
    /// Connects by TCP, as <see cref="ConnectAsync(Uri, MicroWebSocketClientOptions?, CancellationToken)"/> does: for a
    /// <see cref="MicroWebSocketClientOptions.ConnectCallback"/> that puts something around it, or for another protocol.
    /// What waits for the stream goes on on the library's own threads, as said above. A host's addresses are tried one after the other.
    /// </summary>
    /// <returns>A stream that owns the connection. Reads, and writes, one at a time; only asynchronous ones.</returns>
    /// <exception cref="SocketException">No address answered, or there is none.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public static async ValueTask<Stream> ConnectTransportAsync(DnsEndPoint host, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(host);
        Stream stream = await ConnectAsync(host, Poller.IsSupported, cancellationToken).ConfigureAwait(false);
        if (stream is PolledStream polled)
        {
            polled.IsInline = true;
        }

        return stream;
    }

    private static async ValueTask<Stream> ConnectAsync(DnsEndPoint host, bool usesPollers, CancellationToken cancellationToken)
    {
        if (usesPollers)
        {
            return await PolledStream.ConnectAsync(host, cancellationToken).ConfigureAwait(false);
        }

        Socket socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(host, cancellationToken).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static int WriteRequest(ClientHandshake handshake, byte[] buffer, Uri uri, MicroWebSocketClientOptions options)
    {
        string host = uri.IsDefaultPort ? uri.IdnHost : $"{uri.IdnHost}:{uri.Port}";
        if (uri.HostNameType == UriHostNameType.IPv6)
        {
            host = uri.Authority;
        }

        string[] headers = [.. options.Headers.Select(header => $"{header.Key}: {header.Value}")];
        int size = handshake.WriteRequest(buffer, host, uri.PathAndQuery, headers);
        return size <= buffer.Length ? size : throw new ArgumentException($"The request has {size} bytes; at most {buffer.Length} are allowed.");
    }

    // IWebProxy knows http and https only; a tunnel to ws or wss is one to the same host and port.
    private static Uri? ProxyFor(Uri uri, IWebProxy? proxy)
    {
        Uri target = new UriBuilder(uri) { Scheme = uri.Scheme == "ws" ? "http" : "https", Port = uri.Port }.Uri;
        if (proxy == null || proxy.IsBypassed(target) || proxy.GetProxy(target) is not { } address || address == target)
        {
            return null;
        }

        return address.Scheme == "http" ? address : throw new ArgumentException($"The proxy '{address}' must begin with http://.");
    }

    private static async Task<Stream> AuthenticateAsync(Stream inner, string host, MicroWebSocketClientOptions options, CancellationToken cancellationToken)
    {
        string? fault = null;
        SslClientAuthenticationOptions tls = new()
        {
            TargetHost = host,
            ClientCertificates = options.ClientCertificates,
            RemoteCertificateValidationCallback = options.RemoteCertificateValidationCallback
                ?? ((_, certificate, chain, errors) => (fault = CertificateFault.Describe(certificate, chain, errors)) == null),
        };
        if (options.RootCertificates.Count > 0)
        {
            tls.CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            tls.CertificateChainPolicy.CustomTrustStore.AddRange(options.RootCertificates);
        }

        SslStream stream = new(inner);
        try
        {
            await stream.AuthenticateAsClientAsync(tls, cancellationToken).ConfigureAwait(false);
            return stream;
        }
        catch (AuthenticationException e) when (fault != null)
        {
            throw new AuthenticationException(fault, e);
        }
    }

    private static async Task ReadResponseAsync(Stream stream, ClientHandshake handshake, CancellationToken cancellationToken)
    {
        HttpHead head = handshake.Head;
        HandshakeStatus status = HandshakeStatus.NeedMore;
        while (status == HandshakeStatus.NeedMore)
        {
            int n = await stream.ReadAsync(head.Buffer.AsMemory(head.Count), cancellationToken).ConfigureAwait(false);
            status = n > 0 ? handshake.Read(n) : throw new EndOfStreamException("The server ended the connection before its response was whole.");
        }

        if (status == HandshakeStatus.Refused)
        {
            bool answered = handshake.Error == HandshakeError.UnexpectedStatus;
            throw new WebSocketConnectionException(
                ConnectionStep.Handshake,
                answered ? $"The server answered with HTTP status {handshake.StatusCode} instead of 101." : $"The server's response is not valid: {handshake.Error}.",
                handshake.StatusCode,
                handshake.Error,
                answered ? head.GetHeader("Retry-After") : null);
        }
    }
}
