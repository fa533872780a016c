using System;
using System.Threading.Tasks;
using Ws.Micro.EchoPeer;

namespace Ws.Micro.Conformance.Tests;

/// <summary>A stack's server; the suite plays the client.</summary>
public abstract class ServerTests(Stack stack) : StackTests
{
    private protected override async Task PlayAsync(TimeSpan closeTimeout, Func<ScriptedPeer, Task, Task> play)
    {
        await using EchoServer server = await EchoServer.StartAsync(stack, 0, closeTimeout);
        await using ScriptedPeer peer = await ScriptedPeer.ConnectAsync(server.Port);
        await play(peer, server.FirstConnectionEnded);
        await server.FirstConnectionEnded.WaitAsync(ScriptedPeer.Deadline);
    }
}

public sealed class DeviceServerTests() : ServerTests(Stack.Device);

public sealed class DotnetServerTests() : ServerTests(Stack.Dotnet);

public sealed class KestrelServerTests() : ServerTests(Stack.Kestrel);
