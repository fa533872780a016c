using System;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Threading.Tasks;

namespace Ws.Micro.Conformance.Tests;

/// <summary>Where a client stops.</summary>
internal enum Stall
{
    /// <summary>It has said nothing.</summary>
    Connected,

    /// <summary>Within its request.</summary>
    InRequest,

    /// <summary>After the opening handshake.</summary>
    Open,

    /// <summary>Within a frame's header.</summary>
    InHeader,

    /// <summary>Within a frame's payload.</summary>
    InPayload,

    /// <summary>It sends, and never reads what comes back.</summary>
    NotReading,
}

/// <summary>A client that comes as far as a step, and no further until it is told to go on.</summary>
internal sealed class StallingClient : IAsyncDisposable
{
    private static readonly Frame Message = Frame.Text(Payloads.Text(300));

    private readonly Stall _at;
    private Socket? _socket;
    private ScriptedPeer? _peer;

    private StallingClient(Stall at) => _at = at;

    public static async Task<StallingClient> ConnectAsync(int port, Stall at)
    {
        StallingClient client = new(at);
        if (at < Stall.Open)
        {
            client._socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            await client._socket.ConnectAsync(IPAddress.Loopback, port);
            await client._socket.SendAsync(Encoding.ASCII.GetBytes(at == Stall.InRequest ? "GET /echo HTTP/1.1\r\nHost: 127" : ""));
            return client;
        }

        client._peer = await ScriptedPeer.ConnectAsync(port);
        switch (at)
        {
            case Stall.InHeader:
                await client._peer.SendUpToAsync(Message, -3);
                break;
            case Stall.InPayload:
                await client._peer.SendUpToAsync(Message, 100);
                break;
            case Stall.NotReading:
                client._peer.HoldReading();
                await client._peer.SendUntilBlockedAsync(Frame.Binary(Payloads.Binary(256 * 1024)));
                break;
        }

        return client;
    }

    /// <summary>Goes on where the opening handshake is done and what comes back is read: sends the rest of its message, which must come back.</summary>
    public async Task GoOnAsync()
    {
        if (_at is Stall.Open or Stall.InHeader or Stall.InPayload)
        {
            await _peer!.SendUpToAsync(Message, Message.Payload.Length);
            Assert.Equal(PeerEvent.Text(Message.Payload), await _peer.NextAsync());
        }
    }

    public async ValueTask DisposeAsync()
    {
        _socket?.Dispose();
        if (_peer != null)
        {
            await _peer.DisposeAsync();
        }
    }
}
