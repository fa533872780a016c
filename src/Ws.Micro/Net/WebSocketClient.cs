using System;
using System.Net;
using System.Net.Sockets;
using System.Threading;
using Ws.Micro.Handshake;

namespace Ws.Micro.Net;

/// <summary>Makes connections as a client. Safe for use by several threads.</summary>
public static partial class WebSocketClient
{
    /// <summary>Connects to <paramref name="url"/> within <see cref="WebSocketOptions.ConnectTimeout"/>.</summary>
    /// <param name="url">ws://host[:port][/path][?query], or wss.</param>
    /// <param name="options">Settings.</param>
    /// <exception cref="ArgumentException">The URL or a setting is not of its form; nothing was sent.</exception>
    /// <exception cref="WebSocketConnectionException">No connection could be made; it says at which step and why.</exception>
    public static WebSocketConnection Connect(string url, WebSocketClientOptions options)
    {
        WebSocketUrl target = new(url);
        options.Validate();
        long deadline = Environment.TickCount64 + options.ConnectTimeout;
        ClientHandshake handshake = Begin(options);

        // The request is written before anything is sent, so that a bad argument costs no connection.
        int request = WriteRequest(handshake, target.HostHeader, target.Path, options);
        return Open(new Dialer(target, options).Run(options.ConnectTimeout), handshake, request, target.Path, options, deadline);
    }

    /// <summary>Does the opening handshake over a transport that is already there; on failure it is closed.</summary>
    /// <param name="transport">The bytes under the connection.</param>
    /// <param name="host">The Host header's value.</param>
    /// <param name="path">The path and query, beginning with a slash.</param>
    /// <param name="options">Settings.</param>
    /// <exception cref="ArgumentException">A value is not of its form; nothing was sent.</exception>
    /// <exception cref="WebSocketConnectionException">The handshake failed.</exception>
    public static WebSocketConnection Connect(Transport transport, string host, string path, WebSocketClientOptions options)
    {
        options.Validate();
        ClientHandshake handshake = Begin(options);
        int request = WriteRequest(handshake, host, path, options);
        return Open(transport, handshake, request, path, options, Environment.TickCount64 + options.ConnectTimeout);
    }

    private static ClientHandshake Begin(WebSocketClientOptions options)
    {
        byte[] buffer = new byte[options.HandshakeBufferSize];
        byte[] nonce = new byte[ClientHandshake.NonceSize];
        Platform.FillRandom(nonce);
        ClientHandshake? handshake = null;
        OfferDeflate(buffer, nonce, options, ref handshake);
        return handshake ?? new ClientHandshake(buffer, nonce, options.Subprotocols);
    }

    // permessage-deflate, where the library has it.
    static partial void OfferDeflate(byte[] buffer, byte[] nonce, WebSocketClientOptions options, ref ClientHandshake? handshake);

    static partial void UseDeflate(ClientHandshake handshake, WebSocketClientOptions options, ref MessageExtension? extension);

    private static int WriteRequest(ClientHandshake handshake, string host, string path, WebSocketClientOptions options)
    {
        byte[] buffer = handshake.Head.Buffer;
        int size = handshake.WriteRequest(buffer, host, path, options.Headers);
        if (size > buffer.Length)
        {
            throw new ArgumentException("The request has " + size.ToString() + " bytes; HandshakeBufferSize allows " + buffer.Length.ToString() + ".");
        }

        return size;
    }

    private static WebSocketConnection Open(
        Transport transport, ClientHandshake handshake, int request, string path, WebSocketClientOptions options, long deadline)
    {
        HttpHead head = handshake.Head;
        byte[] buffer = head.Buffer;
        HandshakeStatus status = HandshakeStatus.NeedMore;
        string? failure = transport.Write(buffer, 0, request, Transport.TimeLeft(deadline)) ? null : "the request could not be sent";
        while (failure == null && status == HandshakeStatus.NeedMore)
        {
            int n = transport.Read(buffer, head.Count, buffer.Length - head.Count, Transport.TimeLeft(deadline));
            if (n > 0)
            {
                status = handshake.Read(n);
            }
            else if (n == 0)
            {
                failure = "the server ended the connection";
            }
            else if (Transport.TimeLeft(deadline) == 0)
            {
                failure = "the server did not answer within " + options.ConnectTimeout.ToString() + " ms";
            }
        }

        if (status == HandshakeStatus.Done)
        {
            MessageExtension? extension = null;
            UseDeflate(handshake, options, ref extension);
            return new WebSocketConnection(transport, false, options, path, handshake.Subprotocol, extension, buffer, head.Length, head.Count - head.Length);
        }

        transport.Close();
        throw failure != null
            ? new WebSocketConnectionException(ConnectionStep.Handshake, "The opening handshake failed: " + failure + ".")
            : new WebSocketConnectionException(
                handshake.Error, handshake.StatusCode, handshake.Error == HandshakeError.UnexpectedStatus ? head.GetHeader("Retry-After") : null);
    }

    // Resolving, connecting and TLS block without limit on the device. They run in a thread of their own, which closing the socket ends.
    private sealed class Dialer
    {
        private readonly object _lock = new();
        private readonly WebSocketUrl _target;
        private readonly WebSocketClientOptions _options;
        private ConnectionStep _step = ConnectionStep.Resolve;
        private Socket? _socket;
        private Transport? _transport;
        private Exception? _failure;
        private bool _abandoned;

        internal Dialer(WebSocketUrl target, WebSocketClientOptions options)
        {
            _target = target;
            _options = options;
        }

        internal Transport Run(int timeout)
        {
            Thread thread = Platform.NewThread(Dial);
            thread.Start();
            bool done = thread.Join(timeout);
            lock (_lock)
            {
                if (_transport != null)
                {
                    return _transport;
                }

                _abandoned = true;
                if (_socket != null)
                {
                    Platform.Close(_socket);
                }
            }

            string where = _target.Host + " port " + _target.Port.ToString() + ": ";
            throw new WebSocketConnectionException(
                _step,
                (_step == ConnectionStep.Resolve ? "Resolving " : _step == ConnectionStep.Connect ? "Connecting to " : "TLS with ")
                + where
                + (done ? Platform.Describe(_failure!) : "not done within " + timeout.ToString() + " ms"),
                _failure);
        }

        private void Dial()
        {
            try
            {
                IPAddress[] addresses = Resolve(_target.Host);
                for (int i = 0; i < addresses.Length; i++)
                {
                    try
                    {
                        Connect(addresses[i]);
                        break;
                    }
                    catch (SocketException) when (i < addresses.Length - 1)
                    {
                        // The next address may answer.
                    }
                }

                Transport transport = Secure(_socket!);
                lock (_lock)
                {
                    if (!_abandoned)
                    {
                        _transport = transport;
                        return;
                    }
                }

                transport.Close();
            }
            catch (Exception e)
            {
                _failure = e;
                if (_socket != null)
                {
                    Platform.Close(_socket);
                }
            }
        }

        // GetHostEntry would look up the name of an address.
        private static IPAddress[] Resolve(string host)
        {
            if (host[0] == '[')
            {
                return new[] { IPAddress.Parse(host.Substring(1, host.Length - 2)) };
            }

            bool isAddress = true;
            for (int i = 0; i < host.Length; i++)
            {
                isAddress &= host[i] == '.' || (host[i] >= '0' && host[i] <= '9');
            }

            return isAddress ? new[] { IPAddress.Parse(host) } : Dns.GetHostEntry(host).AddressList;
        }

        private void Connect(IPAddress address)
        {
            Socket socket = new(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            lock (_lock)
            {
                _step = ConnectionStep.Connect;
                _socket = socket;
                if (_abandoned)
                {
                    Platform.Close(socket);
                }
            }

            try
            {
                socket.Connect(new IPEndPoint(address, _target.Port));
                socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.NoDelay, true);
            }
            catch (SocketException)
            {
                Platform.Close(socket);
                throw;
            }
        }

        private Transport Secure(Socket socket)
        {
            if (!_target.IsSecure)
            {
                return new SocketTransport(socket);
            }

            _step = ConnectionStep.Tls;
            return new TlsTransport(socket, Platform.AuthenticateAsClient(socket, _target.Host, _options));
        }
    }
}
