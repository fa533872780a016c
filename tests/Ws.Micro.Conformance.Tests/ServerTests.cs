using System;
using System.Collections.Generic;
using System.Threading.Tasks;
using Ws.Micro.EchoPeer;

namespace Ws.Micro.Conformance.Tests;

/// <summary>A stack's server; the suite plays the client.</summary>
public abstract class ServerTests(Stack stack) : StackTests
{
    private protected override PerMessageDeflateOptions NewDeflate() => EchoDeflate.For(stack);

    private protected override async Task PlayAsync(
        TimeSpan closeTimeout, Func<ScriptedPeer, Task, Task> play, PerMessageDeflateOptions? deflate = null, IReadOnlyList<DeflateTerms>? asked = null)
    {
        await using EchoServer server = await EchoServer.StartAsync(stack, 0, closeTimeout, deflate);
        await using ScriptedPeer peer = await ScriptedPeer.ConnectAsync(server.Port, asked);
        await play(peer, server.FirstConnectionEnded);
        await server.FirstConnectionEnded.WaitAsync(ScriptedPeer.Deadline);
    }
}

public sealed class DeviceServerTests() : ServerTests(Stack.Device);

public sealed class DotnetServerTests() : ServerTests(Stack.Dotnet);

public sealed class KestrelServerTests() : ServerTests(Stack.Kestrel);
