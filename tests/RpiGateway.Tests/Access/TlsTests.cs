using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net.Security;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Security.Cryptography.X509Certificates;
using System.Threading;
using System.Threading.Tasks;
using Ws.Micro;
using Ws.Micro.Net;

namespace RpiGateway.Tests.Access;

/// <summary>The certificates that the gateway shows.</summary>
public sealed class TlsTests(NodePackages packages) : IClassFixture<NodePackages>, IDisposable
{
    private const string Https = "https://127.0.0.1:0";

    private readonly TempDirectory _files = new();

    private string Certificate => Path.Join(_files.Path, "certificate.pem");

    private string Key => Path.Join(_files.Path, "key.pem");

    public void Dispose() => _files.Dispose();

    [Fact]
    public async Task OpensslTakesTheOwnCertificateByItsRoot()
    {
        await using TestGateway gateway = await TestGateway.StartAsync(urls: Https);
        Assert.Equal("wss", gateway.Address.Scheme);

        string shown = await OpensslAsync(gateway, "-CAfile", gateway.Access.Tls!.RootPath!, "-verify_return_error", "-verify_ip", "127.0.0.1", "-verify_hostname", "localhost");

        Assert.Contains("Verification: OK", shown);
        Assert.Contains("Verified peername: localhost", shown);
    }

    [Theory]
    [InlineData("-tls1_2", true)]
    [InlineData("-tls1_1", false)]
    public async Task OldVersionsOfTlsAreNotSpoken(string version, bool isSpoken)
    {
        await using TestGateway gateway = await TestGateway.StartAsync(urls: Https);

        Assert.Equal(isSpoken, (await OpensslAsync(gateway, version)).Contains("BEGIN CERTIFICATE", StringComparison.Ordinal));
    }

    [Fact]
    public async Task DeviceComesInOverWssWithItsSecretAndTheRoot()
    {
        await using TestGateway gateway = await TestGateway.StartAsync(access: new AccessSettings { TrustLoopback = false }, urls: Https);
        UriBuilder url = new(gateway.Sensor("attic")) { UserName = "attic", Password = gateway.AddDevice("attic") };

        await using Tool sensor = await packages.RunAsync("secure.mjs", url.Uri.AbsoluteUri, gateway.Access.Tls!.RootPath!, "21.5");

        Assert.Equal("closed 1000", await sensor.NextLineAsync());
    }

    [Fact]
    public async Task FirmwareTakesTheOwnRootAndNoOther()
    {
        await using TestGateway gateway = await TestGateway.StartAsync(urls: Https);
        using TestAuthority other = new();
        using X509Certificate2 root = X509Certificate2.CreateFromPem(File.ReadAllText(gateway.Access.Tls!.RootPath!));

        using (WebSocketConnection connection = WebSocketClient.Connect(gateway.Sensor("attic").AbsoluteUri, new WebSocketClientOptions { RootCertificate = root }))
        {
            connection.Close();
        }

        WebSocketConnectionException error = Assert.Throws<WebSocketConnectionException>(() =>
            WebSocketClient.Connect(gateway.Sensor("attic").AbsoluteUri, new WebSocketClientOptions { RootCertificate = other.Root }));
        Assert.Equal(ConnectionStep.Tls, error.Step);
    }

    [Fact]
    public async Task CertificateThatChangesIsTakenAndNobodyIsDropped()
    {
        using TestAuthority authority = new();
        using X509Certificate2 first = authority.Issue("first");
        using X509Certificate2 second = authority.Issue("second");
        authority.Write(first, Certificate, Key);
        AccessSettings access = new() { Tls = new TlsSettings { Certificate = Certificate, Key = Key } };
        await using TestGateway gateway = await TestGateway.StartAsync(access: access, urls: Https);
        Assert.Equal(first.Thumbprint, await ThumbprintAsync(gateway));

        // Both, the intermediate too.
        Assert.Equal(2, (await OpensslAsync(gateway, "-showcerts")).Split("BEGIN CERTIFICATE").Length - 1);

        using ClientWebSocket sensor = new();
        sensor.Options.RemoteCertificateValidationCallback = static (_, _, _, _) => true;
        await sensor.ConnectAsync(gateway.Sensor("attic"), CancellationToken.None).InTime();

        File.WriteAllText(Certificate, "-----BEGIN CERTIFICATE-----\nbroken\n-----END CERTIFICATE-----\n");
        await Task.Delay(2500);
        Assert.Equal(first.Thumbprint, await ThumbprintAsync(gateway));

        authority.Write(second, Certificate, Key);
        while (await ThumbprintAsync(gateway) != second.Thumbprint)
        {
            await Task.Delay(100);
        }

        await sensor.SendAsync(new byte[1], WebSocketMessageType.Binary, true, CancellationToken.None).InTime();
        await sensor.CloseAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None).InTime();
        Assert.Equal(WebSocketCloseStatus.NormalClosure, sensor.CloseStatus);
    }

    [Fact]
    public void OwnCertificateIsRenewedBeforeItsEndAndAfterTheClockWasWrong()
    {
        OwnAuthority authority = OwnAuthority.Open(_files.Path);
        ManualTime time = new() { Start = DateTimeOffset.UtcNow };
        using ServerCertificate certificate = new(new TlsSettings { Names = ["gateway.example", "192.0.2.7"] }, authority, Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance, time);
        string first = certificate.Context.TargetCertificate.Thumbprint;
        X509SubjectAlternativeNameExtension names = certificate.Context.TargetCertificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().Single();
        Assert.Contains("gateway.example", names.EnumerateDnsNames());
        Assert.Contains("192.0.2.7", names.EnumerateIPAddresses().Select(static address => address.ToString()));

        time.Advance(OwnAuthority.ServerLifetime / 2);
        certificate.Update();
        Assert.Equal(first, certificate.Context.TargetCertificate.Thumbprint);

        time.Advance(OwnAuthority.ServerLifetime / 4);
        certificate.Update();
        string second = certificate.Context.TargetCertificate.Thumbprint;
        Assert.NotEqual(first, second);
        Assert.True(certificate.Remaining > OwnAuthority.ServerLifetime / 2);

        time.Advance(-OwnAuthority.ServerLifetime / 2);
        certificate.Update();
        Assert.NotEqual(second, certificate.Context.TargetCertificate.Thumbprint);
    }

    [Fact]
    public void CertificateThatCannotBeIssuedAnewStaysAndIsSaidOnce()
    {
        OwnAuthority authority = OwnAuthority.Open(_files.Path);
        ManualTime time = new() { Start = DateTimeOffset.UtcNow };
        LineLogger log = new();
        using ServerCertificate certificate = new(new TlsSettings(), authority, log, time);
        string first = certificate.Context.TargetCertificate.Thumbprint;

        // The root has run out.
        time.Advance(TimeSpan.FromDays(366 * 21));
        certificate.Update();
        certificate.Update();

        Assert.Equal(first, certificate.Context.TargetCertificate.Thumbprint);
        Assert.Contains("from before stays", Assert.Single(log.Lines));
        time.Advance(-TimeSpan.FromDays(366 * 21 - 300));
        certificate.Update();
        Assert.NotEqual(first, certificate.Context.TargetCertificate.Thumbprint);
    }

    [Fact]
    public void FileThatCouldNotBeReadIsReadAgainThoughItLooksTheSame()
    {
        using TestAuthority authority = new();
        using X509Certificate2 first = authority.Issue("first");
        using X509Certificate2 second = authority.Issue("second");
        authority.Write(first, Certificate, Key);
        using ServerCertificate certificate = new(
            new TlsSettings { Certificate = Certificate, Key = Key }, null, Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance, TimeProvider.System);
        authority.Write(second, Certificate, Key);
        DateTime time = File.GetLastWriteTimeUtc(Certificate);
        string text = File.ReadAllText(Certificate);
        File.WriteAllText(Certificate, new string('x', text.Length));
        File.SetLastWriteTimeUtc(Certificate, time);
        certificate.Update();
        certificate.Update();
        Assert.Equal(first.Thumbprint, certificate.Context.TargetCertificate.Thumbprint);

        File.WriteAllText(Certificate, text);
        File.SetLastWriteTimeUtc(Certificate, time);
        certificate.Update();

        Assert.Equal(second.Thumbprint, certificate.Context.TargetCertificate.Thumbprint);
    }

    [Fact]
    public async Task RootStaysAndOneThatIsBrokenIsNotMadeAnew()
    {
        string first = await RootAsync();
        Assert.Equal(first, await RootAsync());
        File.WriteAllText(Path.Join(_files.Path, "tls", "root.pem"), "broken");

        await using Tool gateway = ProgramTests.Start("--urls", Https, "--DataDirectory", _files.Path);
        (int code, _, List<string> errors) = await gateway.ExitAsync();

        Assert.Equal(1, code);
        Assert.Contains("root.pem", Assert.Single(errors));
        Assert.Equal("broken", File.ReadAllText(Path.Join(_files.Path, "tls", "root.pem")));
    }

    private async Task<string> RootAsync()
    {
        await using Tool verb = ProgramTests.Start("tls", "root", "--DataDirectory", _files.Path);
        (int code, List<string> output, _) = await verb.ExitAsync();
        Assert.Equal(0, code);
        return string.Join('\n', output);
    }

    private static async Task<string> OpensslAsync(TestGateway gateway, params string[] arguments)
    {
        await using Tool openssl = Tool.Start(Tool.Find("openssl"), ["s_client", "-connect", $"127.0.0.1:{gateway.Address.Port}", .. arguments]);
        openssl.Process.StandardInput.Close();
        return string.Join('\n', (await openssl.ExitAsync()).Output);
    }

    private static async Task<string> ThumbprintAsync(TestGateway gateway)
    {
        using TcpClient client = new("127.0.0.1", gateway.Address.Port);
        await using SslStream tls = new(client.GetStream(), false, static (_, _, _, _) => true);
        await tls.AuthenticateAsClientAsync("127.0.0.1").InTime();
        return ((X509Certificate2)tls.RemoteCertificate!).Thumbprint;
    }
}
