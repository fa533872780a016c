using System;
using System.Net;
using System.Net.Sockets;
using System.Threading.Tasks;

namespace Ws.Micro.Conformance.Tests;

/// <summary>Where clients under test find the suite, on 127.0.0.1.</summary>
internal sealed class PeerListener : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

    public PeerListener()
    {
        _socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _socket.Listen();
    }

    public Uri Url => new($"ws://{_socket.LocalEndPoint}");

    public async Task<ScriptedPeer> AcceptAsync() =>
        await ScriptedPeer.AcceptAsync(await _socket.AcceptAsync().WaitAsync(ScriptedPeer.Deadline));

    public void Dispose() => _socket.Dispose();
}
