using System;
using System.Collections.Generic;
using System.Threading.Tasks;
using Ws.Micro.EchoPeer;

namespace Ws.Micro.Conformance.Tests;

/// <summary>A stack's client; the suite plays the server.</summary>
public abstract class ClientTests(Stack stack) : StackTests
{
    /// <summary>RFC 6455 §7.1.1: after the closing handshake the client leaves it to the server to end TCP first.</summary>
    [Fact]
    public Task WaitsForTheServerToEndTcp() => PlayAsync(TimeSpan.FromSeconds(10), async (peer, ended) =>
    {
        await peer.SendAsync([Frame.Close(1000)]);
        await Step.ExpectClose(1000).RunAsync(peer);
        Assert.Equal(PeerEvent.Silence, await peer.NextAsync(TimeSpan.FromMilliseconds(100)));
        Assert.False(ended.IsCompleted);
        Assert.Equal(PeerEvent.End, await peer.EndAsync());
    });

    private protected override PerMessageDeflateOptions NewDeflate() => EchoDeflate.For(stack);

    private protected override async Task PlayAsync(
        TimeSpan closeTimeout, Func<ScriptedPeer, Task, Task> play, PerMessageDeflateOptions? deflate = null, IReadOnlyList<DeflateTerms>? asked = null)
    {
        using PeerListener listener = new();
        Task ended = EchoClient.Create(stack, closeTimeout, deflate).EchoAsync(new Uri(listener.Url, "/echo"));
        await using ScriptedPeer peer = await listener.AcceptAsync(asked);
        Assert.Equal("/echo", peer.RequestTarget);
        await play(peer, ended);
        await ended.WaitAsync(ScriptedPeer.Deadline);
    }
}

public sealed class DeviceClientTests() : ClientTests(Stack.Device);

public sealed class DotnetClientTests() : ClientTests(Stack.Dotnet);
