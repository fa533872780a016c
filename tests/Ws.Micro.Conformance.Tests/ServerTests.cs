using System;
using System.Collections.Generic;
using System.Threading.Tasks;
using Ws.Micro.EchoPeer;

namespace Ws.Micro.Conformance.Tests;

/// <summary>A stack's server; the suite plays the client.</summary>
public abstract class ServerTests(Stack stack) : StackTests
{
    /// <summary>2,000 clients that stall, wherever a client can, hold up nobody else, and those that only waited can go on.</summary>
    [Fact]
    public async Task OthersGoOnWhileTwoThousandStall()
    {
        await using EchoServer server = await EchoServer.StartAsync(stack, 0, TimeSpan.FromSeconds(10));
        List<StallingClient> stalling = [];
        try
        {
            for (int i = 0; i < 2000; i++)
            {
                stalling.Add(await StallingClient.ConnectAsync(server.Port, i % 100 == 99 ? Stall.NotReading : (Stall)(i % 5)));
            }

            foreach (string id in new[] { "1.1.8", "1.2.2", "2.10", "5.19", "7.7.1", "9.1.1" })
            {
                await using ScriptedPeer peer = await ScriptedPeer.ConnectAsync(server.Port);
                await ConformanceCase.Get(id).RunAsync(peer);
            }

            foreach (StallingClient client in stalling)
            {
                await client.GoOnAsync();
            }
        }
        finally
        {
            foreach (StallingClient client in stalling)
            {
                await client.DisposeAsync();
            }
        }
    }

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

public sealed class KestrelOnMicroSocketsServerTests() : ServerTests(Stack.KestrelOnMicroSockets);
