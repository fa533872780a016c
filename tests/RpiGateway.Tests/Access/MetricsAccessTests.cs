using System;
using System.Net;
using System.Net.Http;
using System.Threading.Tasks;

namespace RpiGateway.Tests.Access;

/// <summary>Who may read the metrics.</summary>
public sealed class MetricsAccessTests
{
    private static readonly AccessSettings Strict = new() { TrustLoopback = false };

    [Fact]
    public async Task UserReadsThemFromElsewhere()
    {
        await using TestGateway gateway = await TestGateway.StartAsync(access: Strict);
        string secret = gateway.AddUser("someone");

        using HttpResponseMessage response = await AskAsync(gateway, Upgrade.Basic("someone", secret));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Contains("rpigateway_readings_received_total", await response.Content.ReadAsStringAsync().InTime());
    }

    [Fact]
    public async Task PeerOnThisMachineNeedsNoCredentials()
    {
        await using TestGateway gateway = await TestGateway.StartAsync();

        using HttpResponseMessage response = await AskAsync(gateway);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task OthersAreAskedForThem()
    {
        await using TestGateway gateway = await TestGateway.StartAsync(access: Strict);

        using HttpResponseMessage response = await AskAsync(gateway);

        await AssertUnauthorizedAsync(response);
    }

    [Theory]
    [InlineData("X-Forwarded-For", "192.0.2.1")]
    [InlineData("Forwarded", "for=192.0.2.1")]
    [InlineData("Via", "1.1 proxy")]
    public async Task ProxyOnThisMachineIsNotTrusted(string name, string value)
    {
        await using TestGateway gateway = await TestGateway.StartAsync();

        using HttpResponseMessage response = await AskAsync(gateway, (name, value));

        await AssertUnauthorizedAsync(response);
    }

    [Theory]
    [InlineData("someone", "wrong")]
    [InlineData("attic", "attic's")]
    public async Task WrongCredentialsAreRefusedThoughThePeerIsTrusted(string name, string secret)
    {
        await using TestGateway gateway = await TestGateway.StartAsync();
        gateway.AddUser("someone");
        string atticsSecret = gateway.AddDevice("attic");

        using HttpResponseMessage response = await AskAsync(gateway, Upgrade.Basic(name, secret.Replace("attic's", atticsSecret, StringComparison.Ordinal)));

        await AssertUnauthorizedAsync(response);
    }

    [Fact]
    public async Task AfterTooManyAttemptsEvenTheRightSecretHasToWait()
    {
        await using TestGateway gateway = await TestGateway.StartAsync(access: new AccessSettings { FailedAttempts = 1 });
        string secret = gateway.AddUser("someone");
        using HttpResponseMessage refused = await AskAsync(gateway, Upgrade.Basic("someone", "wrong"));
        await AssertUnauthorizedAsync(refused);

        using HttpResponseMessage response = await AskAsync(gateway, Upgrade.Basic("someone", secret));

        Assert.Equal(HttpStatusCode.TooManyRequests, response.StatusCode);
        Assert.InRange(response.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 60);
    }

    private static async Task AssertUnauthorizedAsync(HttpResponseMessage response)
    {
        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.Equal("Basic", Assert.Single(response.Headers.WwwAuthenticate).Scheme);
        Assert.DoesNotContain("rpigateway_", await response.Content.ReadAsStringAsync().InTime());
    }

    private static async Task<HttpResponseMessage> AskAsync(TestGateway gateway, params (string Name, string Value)[] headers)
    {
        using HttpClient client = new();
        using HttpRequestMessage request = new(HttpMethod.Get, new UriBuilder(gateway.Address) { Scheme = "http", Path = "/metrics" }.Uri);
        foreach ((string name, string value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return await client.SendAsync(request).InTime();
    }
}
