using System;
using System.Net;
using System.Net.Http;
using System.Net.WebSockets;
using System.Threading;
using System.Threading.Tasks;

namespace RpiGateway.Tests.Access;

/// <summary>Which sensors may come in.</summary>
public sealed class SensorAccessTests(NodePackages packages) : IClassFixture<NodePackages>
{
    private static readonly AccessSettings Strict = new() { TrustLoopback = false };

    [Fact]
    public async Task DeviceWithItsSecretComesIn()
    {
        await using TestGateway gateway = await TestGateway.StartAsync(access: Strict);
        string secret = gateway.AddDevice("attic");
        UriBuilder url = new(gateway.Sensor("attic")) { UserName = "attic", Password = secret };

        await using Tool sensor = await packages.RunAsync("send.mjs", url.Uri.AbsoluteUri, "text", "21.5");

        Assert.Equal("closed 1000", await sensor.NextLineAsync());
    }

    [Fact]
    public async Task WithoutCredentialsIsAskedForThem()
    {
        await using TestGateway gateway = await TestGateway.StartAsync(access: Strict);
        gateway.AddDevice("attic");

        using HttpResponseMessage response = await Upgrade.AskAsync(gateway.Sensor("attic"));

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.Equal("Basic", Assert.Single(response.Headers.WwwAuthenticate).Scheme);
    }

    [Theory]
    [InlineData("attic", "attic", "WRONG")]
    [InlineData("attic", "attic", "")]
    [InlineData("attic", "cellar", "attic's")]
    [InlineData("cellar", "attic", "attic's")]
    [InlineData("nobody", "nobody", "attic's")]
    [InlineData("someone", "someone", "someone's")]
    [InlineData("attic", "ATTIC", "attic's")]
    public async Task WrongCredentialsAreRefusedThoughThePeerIsTrusted(string path, string name, string secret)
    {
        await using TestGateway gateway = await TestGateway.StartAsync();
        string atticsSecret = gateway.AddDevice("attic");
        gateway.AddDevice("cellar");
        string someonesSecret = gateway.AddUser("someone");
        secret = secret.Replace("attic's", atticsSecret, StringComparison.Ordinal).Replace("someone's", someonesSecret, StringComparison.Ordinal);

        using HttpResponseMessage response = await Upgrade.AskAsync(gateway.Sensor(path), Upgrade.Basic(name, secret));

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.NotEmpty(response.Headers.WwwAuthenticate);
    }

    [Theory]
    [InlineData("Bearer x")]
    [InlineData("Basic")]
    [InlineData("Basic %%%")]
    [InlineData("Basic YXR0aWM=")]
    [InlineData("Basic ")]
    public async Task HeaderThatIsNotBasicIsRefused(string value)
    {
        await using TestGateway gateway = await TestGateway.StartAsync();

        using HttpResponseMessage response = await Upgrade.AskAsync(gateway.Sensor("attic"), ("Authorization", value));

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
    }

    [Theory]
    [InlineData("X-Forwarded-For", "192.0.2.1")]
    [InlineData("Forwarded", "for=192.0.2.1")]
    [InlineData("X-Real-IP", "192.0.2.1")]
    [InlineData("Via", "1.1 proxy")]
    public async Task ProxyOnThisMachineIsNotTrusted(string name, string value)
    {
        await using TestGateway gateway = await TestGateway.StartAsync();

        using HttpResponseMessage response = await Upgrade.AskAsync(gateway.Sensor("attic"), (name, value));

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
    }

    [Fact]
    public async Task PageThatGotHereByANameOfItsOwnIsNotTrusted()
    {
        await using TestGateway gateway = await TestGateway.StartAsync();
        string host = $"attacker.example:{gateway.Address.Port}";

        using HttpResponseMessage response = await Upgrade.AskAsync(gateway.Sensor("attic"), ("Host", host), ("Origin", $"http://{host}"));

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
    }

    [Fact]
    public async Task AfterTooManyAttemptsEvenTheRightSecretHasToWait()
    {
        await using TestGateway gateway = await TestGateway.StartAsync(access: new AccessSettings { FailedAttempts = 3 });
        string secret = gateway.AddDevice("attic");
        for (int i = 0; i < 3; i++)
        {
            using HttpResponseMessage refused = await Upgrade.AskAsync(gateway.Sensor("attic"), Upgrade.Basic("attic", "wrong"));
            Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        }

        using HttpResponseMessage response = await Upgrade.AskAsync(gateway.Sensor("attic"), Upgrade.Basic("attic", secret));

        Assert.Equal(HttpStatusCode.TooManyRequests, response.StatusCode);
        Assert.InRange(response.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 20);

        // Who needs none is not held up.
        using ClientWebSocket trusted = await gateway.ConnectSensorAsync("cellar");
    }

    [Fact]
    public async Task RevokedDeviceIsClosedAndStaysOut()
    {
        await using TestGateway gateway = await TestGateway.StartAsync(access: Strict);
        string secret = gateway.AddDevice("attic");
        string other = gateway.AddDevice("cellar");
        using ClientWebSocket attic = await ConnectAsync(gateway, "attic", secret);
        using ClientWebSocket cellar = await ConnectAsync(gateway, "cellar", other);

        await using (Tool verb = ProgramTests.Start("devices", "revoke", "attic", "--DataDirectory", gateway.DataDirectory))
        {
            Assert.Equal(0, (await verb.ExitAsync()).Code);
        }

        WebSocketReceiveResult received = await attic.ReceiveAsync(new byte[100], CancellationToken.None).InTime();
        Assert.Equal((WebSocketCloseStatus.PolicyViolation, "the device was revoked"), (received.CloseStatus, received.CloseStatusDescription));
        using HttpResponseMessage response = await Upgrade.AskAsync(gateway.Sensor("attic"), Upgrade.Basic("attic", secret));
        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);

        await cellar.CloseAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None).InTime();
        Assert.Equal(WebSocketCloseStatus.NormalClosure, cellar.CloseStatus);
    }

    [Fact]
    public async Task SecretMadeAnewEndsWhatTheOldOneOpened()
    {
        await using TestGateway gateway = await TestGateway.StartAsync(access: Strict);
        using ClientWebSocket attic = await ConnectAsync(gateway, "attic", gateway.AddDevice("attic"));

        gateway.Revoke("attic", thenAdd: true);

        WebSocketReceiveResult received = await attic.ReceiveAsync(new byte[100], CancellationToken.None).InTime();
        Assert.Equal(WebSocketCloseStatus.PolicyViolation, received.CloseStatus);
    }

    [Fact]
    public async Task FileThatIsBrokenChangesNothingUntilItCanBeRead()
    {
        await using TestGateway gateway = await TestGateway.StartAsync(access: Strict);
        string secret = gateway.AddDevice("attic");
        using ClientWebSocket before = await ConnectAsync(gateway, "attic", secret);

        // It looks the same all the while: as long as before, and not written since.
        string path = new CredentialFile(gateway.DataDirectory).Path;
        string text = System.IO.File.ReadAllText(path).Replace("attic", "cella", StringComparison.Ordinal);
        DateTime time = DateTime.UtcNow.AddSeconds(10);
        System.IO.File.WriteAllText(path, "{".PadRight(text.Length));
        System.IO.File.SetLastWriteTimeUtc(path, time);

        // Longer than it takes the gateway to look.
        await Task.Delay(1000);
        using (ClientWebSocket after = await ConnectAsync(gateway, "attic", secret))
        {
        }

        // Once it can be read it is.
        System.IO.File.WriteAllText(path, text);
        System.IO.File.SetLastWriteTimeUtc(path, time);
        Assert.True(System.Threading.SpinWait.SpinUntil(() => gateway.Access.Registry.Find("cella") is not null, Deadline.Limit));
    }

    // A device that was just added is known within a second.
    private static async Task<ClientWebSocket> ConnectAsync(TestGateway gateway, string name, string secret)
    {
        ClientWebSocket socket = new();
        (string header, string value) = Upgrade.Basic(name, secret);
        socket.Options.SetRequestHeader(header, value);
        await socket.ConnectAsync(gateway.Sensor(name), CancellationToken.None).InTime();
        return socket;
    }
}
