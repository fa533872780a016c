using System;
using System.Net;
using System.Net.Sockets;
using System.Threading;
using Ws.Micro.Handshake;

namespace Ws.Micro.Net;

/// <summary>Makes connections as a client. Safe for use by several threads.</summary>
public static partial class WebSocketClient
{
    // Of the opening handshake; the server's side says so too.
    internal const string NotSent = "the head could not be sent";

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

        // The request is written before anything is sent, so that a bad argument costs no connection.
        ClientHandshake handshake = Begin(target.HostHeader, target.Path, options, out int request);
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
        ClientHandshake handshake = Begin(host, path, options, out int request);
        return Open(transport, handshake, request, path, options, Environment.TickCount64 + options.ConnectTimeout);
    }

    // The request's bytes are in the head's buffer.
    private static ClientHandshake Begin(string host, string path, WebSocketClientOptions options, out int request)
    {
        byte[] buffer = new byte[options.HandshakeBufferSize];
        byte[] nonce = new byte[ClientHandshake.NonceSize];
        Platform.NextBytes(nonce);
        ClientHandshake? handshake = null;
        OfferDeflate(buffer, nonce, options, ref handshake);
        handshake ??= new ClientHandshake(buffer, nonce, options.Subprotocols);
        request = handshake.WriteRequest(buffer, host, path, options.Headers);
        if (request > buffer.Length)
        {
            throw new ArgumentException("The request has " + request.ToString() + " bytes; HandshakeBufferSize allows " + buffer.Length.ToString() + ".");
        }

        return handshake;
    }

    // permessage-deflate, where the library has it.
    static partial void OfferDeflate(byte[] buffer, byte[] nonce, WebSocketClientOptions options, ref ClientHandshake? handshake);

    static partial void UseDeflate(ClientHandshake handshake, WebSocketClientOptions options, ref WebSocketEngine? engine);

    // Lets the program end while the thread runs, as it can on the device.
    static partial void MakeBackground(Thread thread);

    private static WebSocketConnection Open(
        Transport transport, ClientHandshake handshake, int request, string path, WebSocketClientOptions options, long deadline)
    {
        HttpHead head = handshake.Head;
        string? failure = transport.Write(head.Buffer, 0, request, Transport.TimeLeft(deadline))
            ? transport.ReadHead(handshake, deadline, options.ConnectTimeout)
            : NotSent;
        if (failure == null && handshake.Error == HandshakeError.None)
        {
            WebSocketEngine? engine = null;
            UseDeflate(handshake, options, ref engine);
            return new WebSocketConnection(transport, false, options, path, handshake.Subprotocol, engine, head);
        }

        transport.Close();
        throw failure != null
            ? new WebSocketConnectionException(failure)
            : new WebSocketConnectionException(
                handshake.Error, handshake.StatusCode, handshake.Error == HandshakeError.UnexpectedStatus ? head.GetHeader("Retry-After") : null);
    }

    // Resolving, connecting and TLS block without limit on the device. They run in a thread of their own, which closing the socket ends.
    private sealed class Dialer
    {
        private readonly WebSocketUrl _target;
        private readonly WebSocketClientOptions _options;
        private ConnectionStep _step = ConnectionStep.Resolve;
        private Socket? _socket;
        private Transport? _transport;
        private Exception? _failure;
        private int _abandoned;

        internal Dialer(WebSocketUrl target, WebSocketClientOptions options)
        {
            _target = target;
            _options = options;
        }

        internal Transport Run(int timeout)
        {
            Thread thread = new(Dial);
            MakeBackground(thread);
            thread.Start();
            bool done = thread.Join(timeout);
            if (_transport != null)
            {
                return _transport;
            }

            Interlocked.CompareExchange(ref _abandoned, 1, 0);
            Close();
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

                _transport = Secure(_socket!);
                CloseLate();
            }
            catch (Exception e)
            {
                _failure = e;
                Close();
            }
        }

        // What the thread makes when nobody waits for it any more is closed: either it sees that here, or Run sees what it made.
        private void CloseLate()
        {
            if (Interlocked.CompareExchange(ref _abandoned, 0, 0) != 0)
            {
                Close();
            }
        }

        private void Close()
        {
            _transport?.Close();
            Platform.Close(_socket);
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
            _step = ConnectionStep.Connect;
            _socket = socket;
            CloseLate();
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
