using System;
using System.Net.Security;
using System.Net.WebSockets;
using System.Security.Cryptography.X509Certificates;
using System.Threading;
using System.Threading.Tasks;
using Ws.Micro.Desktop.Polling;
using Ws.Micro.Desktop.Tests.Support;

namespace Ws.Micro.Desktop.Tests;

/// <summary>wss: which servers and clients are believed, and what a refusal says.</summary>
public class TlsTests
{
    private protected virtual bool UsesPollers => Poller.IsSupported;

    [Fact]
    public async Task A_certificate_from_a_root_given_is_believed()
    {
        await using MicroWebSocketListener listener = Listen(TestCertificates.Server);
        using MicroWebSocket client = await ConnectAsync(listener.WssUri(), Trusting(TestCertificates.Root)).InTime();
        Task serving = Echo.RunAsync(await listener.AcceptAsync().InTime());
        await client.SendAsync("hello"u8.ToArray(), WebSocketMessageType.Text, true, Deadline.Token);
        Assert.Equal("hello"u8.ToArray(), (await Echo.ReceiveAsync(client, 5)).Payload);
        await client.CloseAsync(WebSocketCloseStatus.NormalClosure, null, Deadline.Token);
        await serving.InTime();
    }

    // RFC 6455 §4.1, item 5.
    [Fact]
    public async Task The_servers_name_goes_out_in_the_TLS_handshake()
    {
        string? name = null;
        await using MicroWebSocketListener listener = Pair.Listen(new MicroWebSocketListenerOptions
        {
            Tls = new SslServerAuthenticationOptions
            {
                ServerCertificateSelectionCallback = (_, host) =>
                {
                    name = host;
                    return TestCertificates.Server;
                },
            },
        });
        using MicroWebSocket client = await ConnectAsync(listener.WssUri(), Trusting(TestCertificates.Root)).InTime();
        Assert.Equal("localhost", name);
    }

    [Theory]
    [InlineData("wrong host", "it is for another host")]
    [InlineData("expired", "it is expired or not yet valid")]
    [InlineData("untrusted", "its issuer is not trusted")]
    [InlineData("unknown to the system", "its issuer is not trusted")]
    public async Task A_certificate_refused_is_refused_by_name(string fault, string message)
    {
        X509Certificate2 certificate = fault switch
        {
            "wrong host" => TestCertificates.WrongHost,
            "expired" => TestCertificates.Expired,
            "untrusted" => TestCertificates.Untrusted,
            _ => TestCertificates.Server,
        };
        await using MicroWebSocketListener listener = Listen(certificate);
        MicroWebSocketClientOptions options = fault == "unknown to the system" ? new MicroWebSocketClientOptions() : Trusting(TestCertificates.Root);
        WebSocketConnectionException e = await Assert.ThrowsAsync<WebSocketConnectionException>(() => ConnectAsync(listener.WssUri(), options).InTime());
        Assert.Equal(ConnectionStep.Tls, e.Step);
        Assert.Contains(message, e.Message);
        Assert.Contains(certificate.Subject, e.Message);
        string[] all = ["it is for another host", "it is expired or not yet valid", "its issuer is not trusted"];
        Assert.All(all, other => Assert.Equal(other == message, e.Message.Contains(other)));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_callback_has_the_last_word(bool accepts)
    {
        X509Certificate2 certificate = TestCertificates.WrongHost;
        await using MicroWebSocketListener listener = Listen(certificate);
        SslPolicyErrors seen = SslPolicyErrors.None;
        MicroWebSocketClientOptions options = new()
        {
            RemoteCertificateValidationCallback = (_, shown, _, errors) =>
            {
                seen = errors;
                Assert.Equal(certificate.GetCertHashString(), shown!.GetCertHashString());
                return accepts;
            },
        };
        Task<MicroWebSocket> connecting = ConnectAsync(listener.WssUri(), options);
        if (accepts)
        {
            using MicroWebSocket client = await connecting.InTime();
            Assert.Equal(WebSocketState.Open, client.State);
        }
        else
        {
            WebSocketConnectionException e = await Assert.ThrowsAsync<WebSocketConnectionException>(() => connecting.InTime());
            Assert.Equal(ConnectionStep.Tls, e.Step);
        }

        Assert.Equal(SslPolicyErrors.RemoteCertificateNameMismatch | SslPolicyErrors.RemoteCertificateChainErrors, seen);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_client_shows_its_certificate(bool hasCertificate)
    {
        string? seen = null;
        await using MicroWebSocketListener listener = Pair.Listen(new MicroWebSocketListenerOptions
        {
            Tls = new SslServerAuthenticationOptions
            {
                ServerCertificate = TestCertificates.Server,
                ClientCertificateRequired = true,
                RemoteCertificateValidationCallback = (_, certificate, _, _) => (seen = certificate?.Subject) != null,
            },
        });
        MicroWebSocketClientOptions options = Trusting(TestCertificates.Root);
        if (hasCertificate)
        {
            options.ClientCertificates.Add(TestCertificates.Client);
            using MicroWebSocket client = await ConnectAsync(listener.WssUri(), options).InTime();
            Assert.Equal("CN=sensor-7", seen);
        }
        else
        {
            // With TLS 1.3 the server's refusal comes after the client's handshake, so either step may meet it.
            WebSocketConnectionException e = await Assert.ThrowsAsync<WebSocketConnectionException>(() => ConnectAsync(listener.WssUri(), options).InTime());
            Assert.True(e.Step is ConnectionStep.Tls or ConnectionStep.Handshake, e.Message);
        }
    }

    [Fact]
    public async Task A_server_that_does_not_speak_TLS_fails_at_that_step()
    {
        await using MicroWebSocketListener listener = Pair.Listen();
        WebSocketConnectionException e = await Assert.ThrowsAsync<WebSocketConnectionException>(() => ConnectAsync(listener.WssUri()).InTime());
        Assert.Equal(ConnectionStep.Tls, e.Step);
    }

    [Fact]
    public async Task A_client_that_does_not_speak_TLS_is_dropped_and_others_go_on()
    {
        await using MicroWebSocketListener listener = Listen(TestCertificates.Server);
        using RawPeer raw = await RawPeer.ConnectToAsync(listener.LocalEndPoint);
        await raw.SendAsync(RawHttp.Request());
        Exception? e = await Record.ExceptionAsync(raw.ReadToEndAsync);
        Assert.True(e is null or System.IO.IOException, $"Not '{e}'.");
        using MicroWebSocket client = await ConnectAsync(listener.WssUri(), Trusting(TestCertificates.Root)).InTime();
        using MicroWebSocket server = await listener.AcceptAsync().InTime();
        Assert.Equal(WebSocketState.Open, server.State);
    }

    private static MicroWebSocketListener Listen(X509Certificate2 certificate) =>
        Pair.Listen(new MicroWebSocketListenerOptions { Tls = new SslServerAuthenticationOptions { ServerCertificate = certificate } });

    private static MicroWebSocketClientOptions Trusting(X509Certificate2 root) => new() { RootCertificates = { root } };

    private Task<MicroWebSocket> ConnectAsync(Uri uri, MicroWebSocketClientOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= new MicroWebSocketClientOptions();
        options.UsesPollers = UsesPollers;
        return MicroWebSocketClient.ConnectAsync(uri, options, cancellationToken);
    }
}

/// <summary>The same without pollers, as on other systems than Linux.</summary>
public sealed class TlsWithoutPollersTests : TlsTests
{
    private protected override bool UsesPollers => false;
}
