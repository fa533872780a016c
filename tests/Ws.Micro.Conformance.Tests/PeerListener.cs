using System;
using System.Collections.Generic;
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

    /// <param name="deflate">What to ask for of permessage-deflate, the best first; null: the extension is not wanted.</param>
    public async Task<ScriptedPeer> AcceptAsync(IReadOnlyList<DeflateTerms>? deflate = null) =>
        await ScriptedPeer.AcceptAsync(await _socket.AcceptAsync().WaitAsync(ScriptedPeer.Deadline), deflate);

    public void Dispose() => _socket.Dispose();
}
