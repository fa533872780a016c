using System;
using System.Threading.Tasks;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Ws.Micro.AspNetCore.Tests;

public class OriginTests
{
    [Theory]
    // A program sends none.
    [InlineData(101, "", "Host: a.example")]
    // A page of the same origin.
    [InlineData(101, "", "Host: a.example", "Origin: http://a.example")]
    [InlineData(101, "", "Host: A.example:8080", "Origin: http://a.example:8080")]
    [InlineData(101, "http://b.example", "Host: a.example", "Origin: http://a.example")]
    // Other schemes, hosts, ports.
    [InlineData(403, "", "Host: a.example", "Origin: https://a.example")]
    [InlineData(403, "", "Host: a.example", "Origin: http://b.example")]
    [InlineData(403, "", "Host: a.example", "Origin: http://a.example:81")]
    [InlineData(403, "", "Host: a.example", "Origin: http://a.example.b.example")]
    [InlineData(403, "", "Host: a.example", "Origin: null")]
    [InlineData(403, "", "Host: a.example", "Origin:")]
    [InlineData(403, "", "Host: a.example", "Origin: http://a.example", "Origin: http://b.example")]
    // Listed.
    [InlineData(101, "https://b.example http://c.example:81", "Host: a.example", "Origin: HTTPS://B.example")]
    [InlineData(101, "https://b.example http://c.example:81", "Host: a.example", "Origin: http://c.example:81")]
    [InlineData(403, "https://b.example http://c.example:81", "Host: a.example", "Origin: http://b.example")]
    [InlineData(403, "https://b.example", "Host: a.example", "Origin: https://b.example.c.example")]
    [InlineData(101, "null", "Host: a.example", "Origin: null")]
    [InlineData(101, "*", "Host: a.example", "Origin: http://b.example")]
    [InlineData(101, "*", "Host: a.example", "Origin: null")]
    public async Task Answers(int statusCode, string allowed, params string[] lines)
    {
        await using KestrelServer server = await KestrelServer.StartAsync(KestrelServer.EchoAsync, Options(allowed));
        using RawClient client = await RawClient.ConnectAsync(server);
        await client.SendAsync(RawClient.Head(server, "GET / HTTP/1.1", lines));
        string head = await client.ReadHeadAsync();
        Assert.StartsWith($"HTTP/1.1 {statusCode} ", head);
        Assert.Equal(statusCode == 403, head.Contains("\r\nConnection: close\r\n", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Takes_the_applications_own_options_when_given_none()
    {
        await using KestrelServer server = await KestrelServer.StartAsync(KestrelServer.EchoAsync,
            build: builder => builder.Services.Configure<WebSocketOptions>(options => options.AllowedOrigins.Add("http://b.example")));
        using RawClient client = await RawClient.ConnectAsync(server);
        await client.SendAsync(RawClient.Head(server, "GET / HTTP/1.1", "Origin: http://b.example"));
        Assert.StartsWith("HTTP/1.1 101 ", await client.ReadHeadAsync());
    }

    [Fact]
    public async Task Requests_that_are_not_websockets_are_not_concerned()
    {
        await using KestrelServer server = await KestrelServer.StartAsync(context => context.Response.WriteAsync("page"));
        using RawClient client = await RawClient.ConnectAsync(server);
        await client.SendAsync("GET / HTTP/1.1\r\nHost: a.example\r\nOrigin: http://b.example\r\nConnection: close\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 200 ", await client.ReadToEndAsync());
    }

    [Theory]
    [InlineData("https://b.example/")]
    [InlineData("https://b.example/app")]
    [InlineData("https://b.example:443")]
    [InlineData("b.example")]
    [InlineData("https://*.b.example/")]
    public async Task An_entry_that_no_browser_sends_is_refused_at_start(string entry)
    {
        var error = await Assert.ThrowsAsync<ArgumentException>(() => KestrelServer.StartAsync(KestrelServer.EchoAsync, Options(entry)));
        Assert.Contains($"AllowedOrigins holds '{entry}'", error.Message);
    }

    private static WebSocketOptions Options(string allowed)
    {
        var options = new WebSocketOptions();
        foreach (string origin in allowed.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            options.AllowedOrigins.Add(origin);
        }

        return options;
    }
}
