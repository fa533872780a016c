using System;
using System.Threading.Tasks;

namespace Ws.Micro.Interop.Tests;

/// <summary>Each of our clients with each peer's server.</summary>
[Collection(nameof(Peers))]
public sealed class ClientTests(Peers peers)
{
    public static MatrixTheoryData<Stack, Peer, string, string, bool> Echoes { get; } = new(
        [Stack.Device, Stack.Dotnet], [Peer.Dotnet, Peer.Ws, Peer.Python], ["ws", "wss"], [Conversation.Text, Conversation.Binary], [false, true]);

    public static MatrixTheoryData<Stack, Peer, bool, int> Closes { get; } = new(
        [Stack.Device, Stack.Dotnet], [Peer.Dotnet, Peer.Ws, Peer.Python], [false, true], [1000, 4999]);

    [Theory]
    [MemberData(nameof(Echoes))]
    public Task Messages_of_every_length_come_back_whole(Stack stack, Peer peer, string scheme, string kind, bool fragmented) =>
        HoldAsync(stack, peer, scheme, Conversation.Echo(kind, fragmented));

    /// <summary>With no reason, and with the longest there may be, 123 bytes (RFC 6455 §5.5).</summary>
    [Theory]
    [MemberData(nameof(Closes))]
    public Task Close_code_and_reason_arrive(Stack stack, Peer peer, bool clientCloses, int code) =>
        HoldAsync(stack, peer, "ws", Conversation.Close(clientCloses, code, code == 1000 ? "" : new string('€', 41)));

    private async Task HoldAsync(Stack stack, Peer peer, string scheme, Conversation talk)
    {
        await using Server server = await peers.ServeAsync(peer, talk, scheme == "wss" ? TestCertificates.Server : null);

        Transcript ours = await Client.TalkAsync(stack, server.Url, talk);

        talk.Check(client: ours, server: await server.TranscriptAsync());
    }
}
