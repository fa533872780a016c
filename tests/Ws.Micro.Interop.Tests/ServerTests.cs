using System.Threading.Tasks;

namespace Ws.Micro.Interop.Tests;

/// <summary>Each of our servers with each peer's client.</summary>
[Collection(nameof(Peers))]
public sealed class ServerTests(Peers peers)
{
    public static MatrixTheoryData<Stack, Peer, string, string, bool> Echoes { get; } = new(
        [Stack.Device, Stack.Dotnet, Stack.Kestrel], [Peer.Dotnet, Peer.Ws, Peer.Python, Peer.Chromium],
        ["ws", "wss"], [Conversation.Text, Conversation.Binary], [false, true]);

    public static MatrixTheoryData<Stack, Peer, bool, int> Closes { get; } = new(
        [Stack.Device, Stack.Dotnet, Stack.Kestrel], [Peer.Dotnet, Peer.Ws, Peer.Python, Peer.Chromium], [false, true], [1000, 4999]);

    [Theory]
    [MemberData(nameof(Echoes))]
    public Task Messages_of_every_length_are_sent_back_whole(Stack stack, Peer peer, string scheme, string kind, bool fragmented) =>
        HoldAsync(stack, peer, scheme, Conversation.Echo(kind, fragmented));

    /// <summary>With no reason, and with the longest there may be, 123 bytes (RFC 6455 §5.5).</summary>
    [Theory]
    [MemberData(nameof(Closes))]
    public Task Close_code_and_reason_arrive(Stack stack, Peer peer, bool clientCloses, int code) =>
        HoldAsync(stack, peer, "ws", Conversation.Close(clientCloses, code, code == 1000 ? "" : new string('€', 41)));

    private async Task HoldAsync(Stack stack, Peer peer, string scheme, Conversation talk)
    {
        string[] origins = await peers.OriginsAsync(peer);
        await using Server server = await Server.StartAsync(stack, talk, scheme == "wss" ? TestCertificates.Server : null, origins);

        Transcript theirs = await peers.TalkAsync(peer, server.Url, talk);

        Assert.Null(theirs.Error);
        talk.Check(client: theirs, server: await server.TranscriptAsync());
    }
}
