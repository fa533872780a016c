using System;
using System.Linq;
using System.Security.Cryptography.X509Certificates;
using System.Threading.Tasks;
using Ws.Micro.Desktop;
using Ws.Micro.Net;

namespace Ws.Micro.Interop.Tests;

/// <summary>wss with a certificate that proves nothing: refused, with an error that says why.</summary>
[Collection(nameof(Peers))]
public sealed class CertificateTests(Peers peers)
{
    private static readonly string[] Faults = ["another host", "expired", "not trusted"];

    public static MatrixTheoryData<Stack, Peer, string> Refusals { get; } =
        new([Stack.Device, Stack.Dotnet], [Peer.Dotnet, Peer.Ws, Peer.Python], Faults);

    public static MatrixTheoryData<Stack, Peer> Peering { get; } =
        new([Stack.Device, Stack.Dotnet, Stack.Kestrel], [Peer.Dotnet, Peer.Ws, Peer.Python, Peer.Chromium]);

    [Theory]
    [MemberData(nameof(Refusals))]
    public async Task Our_clients_refuse_it(Stack stack, Peer peer, string fault)
    {
        X509Certificate2 certificate = fault switch
        {
            "another host" => TestCertificates.WrongHost,
            "expired" => TestCertificates.Expired,
            _ => TestCertificates.Untrusted,
        };
        Conversation talk = Conversation.Echo(Conversation.Text, false);
        await using Server server = await peers.ServeAsync(peer, talk, certificate);

        string message;
        if (stack == Stack.Device)
        {
            WebSocketConnectionException error = await Assert.ThrowsAsync<WebSocketConnectionException>(() => Client.TalkAsync(stack, server.Url, talk));
            Assert.Equal(ConnectionStep.Tls, error.Step);
            message = error.Message;
        }
        else
        {
            WebSocketConnectionException error = await Assert.ThrowsAsync<WebSocketConnectionException>(() => Client.TalkAsync(stack, server.Url, talk));
            Assert.Equal(ConnectionStep.Tls, error.Step);
            message = error.Message;
        }
        Assert.Equal([fault], Faults.Where(words => message.Contains(words, StringComparison.Ordinal)));
        Assert.Contains(certificate.Subject, message, StringComparison.Ordinal);
    }

    /// <summary>So the peers that accept our servers elsewhere do look at the certificate.</summary>
    [Theory]
    [MemberData(nameof(Peering))]
    public async Task Peers_refuse_it_from_our_servers(Stack stack, Peer peer)
    {
        Conversation talk = Conversation.Echo(Conversation.Text, false);
        await using Server server = await Server.StartAsync(stack, talk, TestCertificates.Untrusted, await peers.OriginsAsync(peer));

        if (peer == Peer.Dotnet)
        {
            await Assert.ThrowsAsync<System.Net.WebSockets.WebSocketException>(() => peers.TalkAsync(peer, server.Url, talk));
        }
        else
        {
            Assert.Contains("cert", (await peers.TalkAsync(peer, server.Url, talk)).Error, StringComparison.OrdinalIgnoreCase);
        }
    }
}
