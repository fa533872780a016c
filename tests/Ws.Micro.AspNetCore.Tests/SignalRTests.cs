using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http.Connections;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Client;
using Microsoft.Extensions.DependencyInjection;
using Ws.Micro.Desktop;

namespace Ws.Micro.AspNetCore.Tests;

public abstract class SignalRTests(bool onMicroSockets) : SocketsTests(onMicroSockets)
{
    [Fact]
    public async Task A_hub_calls_streams_both_ways_and_takes_a_large_message()
    {
        await using KestrelServer server = await KestrelServer.StartAsync(KestrelServer.EchoAsync,
            build: builder => builder.Services.AddSignalR(signalR => signalR.MaximumReceiveMessageSize = null),
            map: app => app.MapHub<NumbersHub>("/hub", hub => hub.Transports = HttpTransportType.WebSockets));
        await using HubConnection hub = new HubConnectionBuilder().WithUrl($"http://127.0.0.1:{server.Port}/hub", options =>
        {
            options.Transports = HttpTransportType.WebSockets;
            options.SkipNegotiation = true;
        }).Build();
        await hub.StartAsync(KestrelServer.DeadlineToken());
        Assert.IsType<MicroWebSocket>(Assert.Single(server.Accepted));

        var counted = new List<int>();
        await foreach (int number in hub.StreamAsync<int>(nameof(NumbersHub.Count), 1000, KestrelServer.DeadlineToken()))
        {
            counted.Add(number);
        }

        Assert.Equal(Enumerable.Range(0, 1000), counted);

        Assert.Equal(499_500, await hub.InvokeAsync<int>(nameof(NumbersHub.Sum), CountAsync(1000), KestrelServer.DeadlineToken()));

        string large = new('x', 1 << 20);
        Assert.Equal(large, await hub.InvokeAsync<string>(nameof(NumbersHub.Same), large, KestrelServer.DeadlineToken()));
        await hub.StopAsync(KestrelServer.DeadlineToken());
    }

    private static async IAsyncEnumerable<int> CountAsync(int count)
    {
        for (int i = 0; i < count; i++)
        {
            await Task.Yield();
            yield return i;
        }
    }

    internal sealed class NumbersHub : Hub
    {
        public IAsyncEnumerable<int> Count(int count) => CountAsync(count);

        public async Task<int> Sum(IAsyncEnumerable<int> numbers)
        {
            int sum = 0;
            await foreach (int number in numbers)
            {
                sum += number;
            }

            return sum;
        }

        public string Same(string text) => text;
    }
}

public sealed class SignalROnKestrelsSocketsTests() : SignalRTests(onMicroSockets: false);

public sealed class SignalROnMicroSocketsTests() : SignalRTests(onMicroSockets: true);
