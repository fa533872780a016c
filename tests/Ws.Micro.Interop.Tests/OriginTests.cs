using System;
using System.Threading.Tasks;

namespace Ws.Micro.Interop.Tests;

/// <summary>Whose pages a browser lets through to our servers (RFC 6455 §10.2).</summary>
[Collection(nameof(Peers))]
public sealed class OriginTests(Peers peers)
{
    private const int Own = 0, Foreign = 1, Sandboxed = 2;

    [Theory]
    [InlineData(Stack.Device, false, Own)]
    [InlineData(Stack.Device, true, Foreign)]
    [InlineData(Stack.Device, true, Sandboxed)]
    [InlineData(Stack.Dotnet, false, Own)]
    [InlineData(Stack.Dotnet, true, Foreign)]
    [InlineData(Stack.Dotnet, true, Sandboxed)]
    [InlineData(Stack.Kestrel, false, Own)]
    [InlineData(Stack.Kestrel, true, Foreign)]
    [InlineData(Stack.Kestrel, true, Sandboxed)]
    public async Task A_page_that_was_not_allowed_is_answered_403(Stack stack, bool allowsOwn, int page)
    {
        string[] origins = await peers.OriginsAsync(Peer.Chromium);
        Conversation talk = Conversation.Close(true, 1000, "");
        await using Server server = await Server.StartAsync(stack, talk, null, allowsOwn ? [origins[Own]] : []);

        Transcript seen = await peers.TalkAsync(Peer.Chromium, server.Url, talk, origins[page]);

        Assert.Contains("403", seen.Error, StringComparison.Ordinal);
        Assert.Equal(1006, seen.Code);
    }
}
