using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;

namespace Ws.Micro.Interop.Tests;

/// <summary>Messages compressed by permessage-deflate (RFC 7692), between ours and each peer.</summary>
[Collection(nameof(Peers))]
public sealed class DeflateTests(Peers peers)
{
    private static readonly Stack[] Servers = [Stack.Device, Stack.Dotnet, Stack.Kestrel], Clients = [Stack.Device, Stack.Dotnet];

    /// <summary>The server's window in bits, the client's, and who takes no context over; who asks for that comes last.</summary>
    public static TheoryData<Stack, Peer, int, int, string, bool> WithPeersClients { get; } = Rows(Servers,
    [
        .. Windows(false, Peer.Dotnet, Peer.Ws, Peer.Python, Peer.Chromium), .. Windows(true, Peer.Dotnet, Peer.Ws, Peer.Python),

        // zlib cannot compress with a window of 8 bits. Who takes 9 instead keeps to 8 all the same, since zlib uses 262 bytes less than it has. .NET
        // refuses a header that says 8; websockets decompresses with 8, and compresses with 9 or more.
        (Peer.Ws, 8, 8, "none", false), (Peer.Ws, 8, 8, "none", true), (Peer.Chromium, 8, 8, "none", false), (Peer.Python, 8, 9, "none", false),
    ]);

    public static TheoryData<Stack, Peer, int, int, string, bool> WithPeersServers { get; } = Rows(Clients,
    [
        .. Windows(false, Peer.Dotnet, Peer.Ws, Peer.Python), .. Windows(true, Peer.Ws),
        (Peer.Dotnet, 9, 15, "none", true), (Peer.Dotnet, 9, 15, "server", true),
        (Peer.Ws, 8, 8, "none", false), (Peer.Ws, 8, 8, "none", true), (Peer.Python, 9, 8, "none", false),
    ]);

    public static MatrixTheoryData<Stack, Peer, string> KindsWithPeersClients { get; } =
        new(Servers, [Peer.Dotnet, Peer.Ws, Peer.Python, Peer.Chromium], [Conversation.Text, Conversation.Binary]);

    public static MatrixTheoryData<Stack, Peer, string> KindsWithPeersServers { get; } =
        new(Clients, [Peer.Dotnet, Peer.Ws, Peer.Python], [Conversation.Text, Conversation.Binary]);

    [Theory]
    [MemberData(nameof(WithPeersClients))]
    public Task Our_servers_agree_and_send_readings_back(Stack stack, Peer peer, int serverBits, int clientBits, string forgetful, bool peerAsks) =>
        ServeAsync(stack, peer, Conversation.Readings(Of(serverBits, clientBits, forgetful, peerAsks)));

    [Theory]
    [MemberData(nameof(WithPeersServers))]
    public Task Our_clients_agree_and_get_readings_back(Stack stack, Peer peer, int serverBits, int clientBits, string forgetful, bool peerAsks) =>
        ConnectAsync(stack, peer, Conversation.Readings(Of(serverBits, clientBits, forgetful, peerAsks)));

    [Theory]
    [MemberData(nameof(KindsWithPeersClients))]
    public Task Our_servers_send_fragments_of_every_length_back(Stack stack, Peer peer, string kind) =>
        ServeAsync(stack, peer, Conversation.Echo(kind, true) with { Compression = Of(12, 12, "none", false) });

    [Theory]
    [MemberData(nameof(KindsWithPeersServers))]
    public Task Our_clients_get_fragments_of_every_length_back(Stack stack, Peer peer, string kind) =>
        ConnectAsync(stack, peer, Conversation.Echo(kind, true) with { Compression = Of(12, 12, "none", false) });

    private static IEnumerable<(Peer, int, int, string, bool)> Windows(bool peerAsks, params Peer[] peers) =>
        from peer in peers
        from bits in new[] { 15, 9 }
        from forgetful in new[] { "none", "both" }
        where !peerAsks || bits < 15
        select (peer, bits, bits, forgetful, peerAsks);

    private static TheoryData<Stack, Peer, int, int, string, bool> Rows(Stack[] stacks, (Peer, int, int, string, bool)[] rows)
    {
        TheoryData<Stack, Peer, int, int, string, bool> data = [];
        foreach (Stack stack in stacks)
        {
            foreach ((Peer peer, int serverBits, int clientBits, string forgetful, bool peerAsks) in rows)
            {
                data.Add(stack, peer, serverBits, clientBits, forgetful, peerAsks);
            }
        }

        return data;
    }

    private static Compression Of(int serverBits, int clientBits, string forgetful, bool peerAsks) =>
        new(new DeflateTerms(serverBits, clientBits, forgetful is "both" or "server", forgetful is "both"), peerAsks);

    private async Task ServeAsync(Stack stack, Peer peer, Conversation talk)
    {
        string[] origins = await peers.OriginsAsync(peer);
        await using Server server = await Server.StartAsync(stack, talk, null, origins);

        Transcript theirs = await peers.TalkAsync(peer, server.Url, talk);

        Assert.Null(theirs.Error);
        talk.Check(client: theirs, server: await server.TranscriptAsync());
    }

    private async Task ConnectAsync(Stack stack, Peer peer, Conversation talk)
    {
        await using Server server = await peers.ServeAsync(peer, talk, null);

        Transcript ours = await Client.TalkAsync(stack, server.Url, talk);

        talk.Check(client: ours, server: await server.TranscriptAsync());
    }
}
