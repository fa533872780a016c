namespace Ws.Micro.AspNetCore.Tests;

/// <summary>Tests that hold on Kestrel's own sockets and on the library's.</summary>
public abstract class SocketsTests
{
    protected SocketsTests(bool onMicroSockets) => KestrelServer.OnMicroSockets.Value = onMicroSockets;
}
