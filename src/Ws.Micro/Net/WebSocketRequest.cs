using System;
using System.Net.Sockets;
using System.Threading;
using Ws.Micro.Handshake;

namespace Ws.Micro.Net;

/// <summary>
/// A client that asks for a connection. <see cref="Read"/> takes in its request, then <see cref="Accept"/> or <see cref="Refuse"/> answers it.
/// Used by one thread at a time.
/// </summary>
public sealed partial class WebSocketRequest : IDisposable
{
    private readonly WebSocketListenerOptions _options;
    private readonly ServerHandshake _handshake;
    private readonly Socket? _socket;
    private Transport? _transport;
    private long _deadline;
    private bool _accepted;
    private bool _late;

    /// <summary>A request over a transport that is already there.</summary>
    /// <exception cref="ArgumentException">A setting is not of its form.</exception>
    public WebSocketRequest(Transport transport, WebSocketListenerOptions options)
        : this(null, transport, options) => options.Validate();

    internal WebSocketRequest(Socket? socket, Transport? transport, WebSocketListenerOptions options)
    {
        _socket = socket;
        _transport = transport;
        _options = options;
        _handshake = new ServerHandshake(new byte[options.HandshakeBufferSize]);
    }

    /// <summary>The path and query, once read.</summary>
    public string Path = "";

    /// <summary>
    /// Does the TLS handshake where there is one, and reads the request, all within <see cref="WebSocketOptions.ConnectTimeout"/>. A request
    /// that breaks a rule has been answered, and its connection closed, when this throws.
    /// </summary>
    /// <exception cref="WebSocketConnectionException">No request that may be accepted came.</exception>
    public void Read()
    {
        _deadline = Environment.TickCount64 + _options.ConnectTimeout;
        _transport ??= Secure(_socket!);
        string? failure = _transport.ReadHead(_handshake, _deadline, _options.ConnectTimeout);
        if (failure != null)
        {
            if (Transport.TimeLeft(_deadline) == 0)
            {
                Refuse(408, "Request Timeout");
            }

            _transport.Close();
            throw new WebSocketConnectionException(failure);
        }

        if (_handshake.Error != HandshakeError.None || !_handshake.CheckOrigin(_options.AllowedOrigins))
        {
            int code = ServerHandshake.StatusOf(_handshake.Error);
            Refuse(code, code == 403 ? "Forbidden" : code == 405 ? "Method Not Allowed" : code == 426 ? "Upgrade Required"
                : code == 431 ? "Request Header Fields Too Large" : "Bad Request");
            throw new WebSocketConnectionException(_handshake.Error, 0, null);
        }

        Path = _handshake.GetPath();
    }

    /// <summary>The value of the request's first header of that name, or null; once read.</summary>
    public string? GetHeader(string name) => _handshake.Head.GetHeader(name);

    /// <summary>
    /// Accepts, having read the request if that was not done. The subprotocol is the first that the client offers of those in the options.
    /// </summary>
    /// <exception cref="WebSocketConnectionException">See <see cref="Read"/>; or the client was lost.</exception>
    public WebSocketConnection Accept()
    {
        if (Path.Length == 0)
        {
            Read();
        }

        string? subprotocol = _handshake.SelectSubprotocol(_options.Subprotocols);
        WebSocketEngine? engine = null;
        SelectDeflate(ref engine);
        byte[] response = new byte[320 + (subprotocol == null ? 0 : subprotocol.Length)];
        int size = _handshake.WriteAccept(response, subprotocol);
        if (!_transport!.Write(response, 0, size, _options.SendTimeout))
        {
            _transport.Close();
            throw new WebSocketConnectionException(WebSocketClient.NotSent);
        }

        _accepted = true;
        return new WebSocketConnection(_transport, true, _options, Path, subprotocol, engine, _handshake.Head);
    }

    /// <summary>Answers a request that has been read with an HTTP status, such as 404 and "Not Found", and closes.</summary>
    /// <param name="status">300 to 599.</param>
    /// <param name="reason">Visible ASCII characters and spaces; may be empty.</param>
    /// <exception cref="ArgumentException">One is not of its form; nothing was sent.</exception>
    /// <exception cref="InvalidOperationException">The request has not been read.</exception>
    public void Refuse(int status, string reason)
    {
        if (_transport == null)
        {
            throw new InvalidOperationException("Read the request first.");
        }

        if (status < 300 || status > 599)
        {
            throw new ArgumentOutOfRangeException(nameof(status), "Status " + status.ToString() + " must be 300 to 599.");
        }

        Ascii.Check(reason, nameof(reason), " ");
        byte[] response = new byte[256 + reason.Length];
        int size = ServerHandshake.WriteRefusal(response, status, reason);
        if (_transport.Write(response, 0, size, _options.SendTimeout) && _transport.EndWrite())
        {
            // Bytes not read would turn the close into a reset, which could overtake the answer.
            long deadline = Environment.TickCount64 + _options.CloseTimeout;
            while (Transport.TimeLeft(deadline) > 0 && _transport.Read(response, 0, response.Length, Transport.TimeLeft(deadline)) > 0)
            {
            }
        }

        _transport.Close();
    }

    /// <summary>Drops the client, unless it was accepted.</summary>
    public void Dispose()
    {
        if (!_accepted)
        {
            _transport?.Close();
            Platform.Close(_socket);
        }
    }

    // permessage-deflate, where the library has it.
    partial void SelectDeflate(ref WebSocketEngine? engine);

    private Transport Secure(Socket socket)
    {
        if (_options.Certificate == null)
        {
            return new SocketTransport(socket);
        }

        // TLS blocks without limit: closing the socket at the deadline ends it.
        using Timer guard = new(CloseLate, null, _options.ConnectTimeout, Timeout.Infinite);
        try
        {
            return new TlsTransport(socket, Platform.AuthenticateAsServer(socket, _options.Certificate));
        }
        catch (Exception e)
        {
            Platform.Close(socket);
            throw new WebSocketConnectionException(ConnectionStep.Tls, "TLS with a client: " + (_late ? "not done within " + _options.ConnectTimeout.ToString() + " ms" : Platform.Describe(e)), e);
        }
    }

    private void CloseLate(object? state)
    {
        _late = true;
        Platform.Close(_socket);
    }
}
