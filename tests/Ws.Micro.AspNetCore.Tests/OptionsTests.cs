using System;
using System.Threading.Tasks;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Ws.Micro.AspNetCore.Tests;

public class OptionsTests
{
    public static TheoryData<string, WebSocketOptions> Impossible { get; } = new()
    {
        { "MaxMessageSize", new MicroWebSocketMiddlewareOptions { MaxMessageSize = -1 } },
        { "ReceiveBufferSize", new MicroWebSocketMiddlewareOptions { ReceiveBufferSize = 0 } },
        { "CloseTimeout", new MicroWebSocketMiddlewareOptions { CloseTimeout = TimeSpan.Zero } },
        { "KeepAliveInterval", new WebSocketOptions { KeepAliveInterval = TimeSpan.FromDays(1000) } },
    };

    [Theory, MemberData(nameof(Impossible), DisableDiscoveryEnumeration = true)]
    public async Task What_cannot_work_is_refused_at_start(string name, WebSocketOptions options)
    {
        var error = await Assert.ThrowsAnyAsync<ArgumentException>(() => KestrelServer.StartAsync(KestrelServer.EchoAsync, options));
        Assert.Contains(name, error.Message, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task What_cannot_work_for_one_connection_is_the_endpoints_error_and_nothing_is_sent()
    {
        var error = new TaskCompletionSource<Exception?>();
        await using KestrelServer server = await KestrelServer.StartAsync(async context =>
        {
            var accept = new WebSocketAcceptContext { KeepAliveInterval = TimeSpan.FromDays(1000) };
            error.SetResult(await Record.ExceptionAsync(async () => await context.WebSockets.AcceptWebSocketAsync(accept)));
            context.Response.StatusCode = 503;
        });
        using RawClient client = await RawClient.ConnectAsync(server);
        await client.SendAsync(RawClient.Head(server, "GET / HTTP/1.1"));
        Assert.StartsWith("HTTP/1.1 503 ", await client.ReadHeadAsync());
        Assert.Contains("KeepAliveInterval", Assert.IsAssignableFrom<ArgumentException>(await error.Task).Message);
    }

    [Fact]
    public async Task Without_options_those_of_the_application_count()
    {
        var error = await Assert.ThrowsAnyAsync<ArgumentException>(() => KestrelServer.StartAsync(KestrelServer.EchoAsync,
            build: builder => builder.Services.Configure<WebSocketOptions>(options => options.KeepAliveInterval = TimeSpan.FromDays(1000))));
        Assert.Contains("KeepAliveInterval", error.Message);
    }
}
