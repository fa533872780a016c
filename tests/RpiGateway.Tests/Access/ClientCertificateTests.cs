using System;
using System.IO;
using System.Linq;
using System.Net;
using System.Net.Http;
using System.Security.Cryptography.X509Certificates;
using System.Threading.Tasks;

namespace RpiGateway.Tests.Access;

/// <summary>Devices that show a certificate: mutual TLS.</summary>
public sealed class ClientCertificateTests
{
    [Fact]
    public async Task DeviceComesInByACertificateOfTheGatewaysUntilItIsRevoked()
    {
        await using TestGateway gateway = await StartAsync(ClientCertificates.Optional);
        gateway.AddDevice("attic");
        gateway.AddDevice("cellar");
        using X509Certificate2 attic = await IssueAsync(gateway, "attic");

        Assert.Equal(HttpStatusCode.SwitchingProtocols, await AskAsync(gateway, "attic", attic));
        Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync(gateway, "cellar", attic));
        Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync(gateway, "attic", null));

        gateway.Revoke("attic");
        Assert.True(System.Threading.SpinWait.SpinUntil(() => gateway.Access.Registry.Find("attic") is null, Deadline.Limit));
        Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync(gateway, "attic", attic));

        // By another device of the same name an old certificate does not come back to life.
        while (DateTime.UtcNow < attic.NotBefore.ToUniversalTime().AddSeconds(1))
        {
            await Task.Delay(100);
        }

        gateway.AddDevice("attic");
        Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync(gateway, "attic", attic));
    }

    [Fact]
    public async Task WhoShowsBothMustBeRightInBoth()
    {
        await using TestGateway gateway = await StartAsync(ClientCertificates.Optional);
        string secret = gateway.AddDevice("attic");
        string other = gateway.AddDevice("cellar");
        using X509Certificate2 attic = await IssueAsync(gateway, "attic");

        Assert.Equal(HttpStatusCode.SwitchingProtocols, await AskAsync(gateway, "attic", attic, secret));
        Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync(gateway, "attic", attic, other));
        Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync(gateway, "cellar", attic, other));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task CertificateThatIsMissingOrAnothersEndsTheHandshake(bool isMissingFine)
    {
        await using TestGateway gateway = await StartAsync(isMissingFine ? ClientCertificates.Optional : ClientCertificates.Required);
        gateway.AddDevice("attic");
        using TestAuthority stranger = new();
        using X509Certificate2 certificate = stranger.Issue("attic");

        await Assert.ThrowsAsync<HttpRequestException>(() => AskAsync(gateway, "attic", certificate));
        if (isMissingFine)
        {
            Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync(gateway, "attic", null));
        }
        else
        {
            await Assert.ThrowsAsync<HttpRequestException>(() => AskAsync(gateway, "attic", null));
        }
    }

    [Fact]
    public async Task CertificateOfAnAuthorityThatIsNamedIsTaken()
    {
        using TempDirectory files = new();
        string roots = Path.Join(files.Path, "roots.pem");
        using TestAuthority authority = new();
        File.WriteAllText(roots, authority.Root.ExportCertificatePem());
        await using TestGateway gateway = await StartAsync(ClientCertificates.Required, roots);
        gateway.AddDevice("attic");
        using X509Certificate2 own = OwnAuthority.Open(gateway.DataDirectory).IssueDevice("attic", DateTimeOffset.UtcNow);

        Assert.Equal(HttpStatusCode.SwitchingProtocols, await AskAsync(gateway, "attic", authority.Issue("attic"), chain: authority));
        await Assert.ThrowsAsync<HttpRequestException>(() => AskAsync(gateway, "attic", own));
    }

    private static Task<TestGateway> StartAsync(ClientCertificates mode, string? authority = null) => TestGateway.StartAsync(
        access: new AccessSettings { TrustLoopback = false, Tls = new TlsSettings { ClientCertificates = mode, ClientAuthority = authority } },
        urls: "https://127.0.0.1:0");

    // As a person does it.
    private static async Task<X509Certificate2> IssueAsync(TestGateway gateway, string id)
    {
        await using Tool verb = ProgramTests.Start("devices", "certificate", id, "--DataDirectory", gateway.DataDirectory);
        string pem = string.Join('\n', (await verb.ExitAsync()).Output);
        return X509Certificate2.CreateFromPem(pem, pem);
    }

    private static async Task<HttpStatusCode> AskAsync(TestGateway gateway, string id, X509Certificate2? certificate, string? secret = null, TestAuthority? chain = null)
    {
        using SocketsHttpHandler handler = new();
        handler.SslOptions.RemoteCertificateValidationCallback = static (_, _, _, _) => true;
        if (certificate is not null)
        {
            handler.SslOptions.ClientCertificateContext = System.Net.Security.SslStreamCertificateContext.Create(
                certificate, chain is null ? null : [chain.Intermediate], offline: true);
        }

        using HttpClient client = new(handler);
        using HttpRequestMessage request = Upgrade.Request(gateway.Sensor(id), secret is null ? [] : [Upgrade.Basic(id, secret)]);
        using HttpResponseMessage response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead).InTime();
        return response.StatusCode;
    }
}
