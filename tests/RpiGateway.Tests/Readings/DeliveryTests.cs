using System;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.Extensions.Logging.Abstractions;

namespace RpiGateway.Tests;

/// <summary>When a reading counts as delivered: brokers that acknowledge what they then lose cost nothing.</summary>
public sealed class DeliveryTests
{
    [Fact]
    public async Task ReadingsWaitForASubscriberToComeBack()
    {
        await using Mosquitto mosquitto = await Mosquitto.StartNewAsync();
        await using TestGateway gateway = await TestGateway.StartAsync(mosquitto.Url);
        using TelemetrySensor sensor = await TelemetrySensor.GreetAsync(gateway);
        for (int i = 1; i <= 3; i++)
        {
            await sensor.SendAsync($"R {i} {i}");
        }

        await sensor.AcknowledgedAsync(3);

        // The broker has told the gateway by now that nobody is there.
        await Metrics.ReadUntilAsync(gateway.Address, static metrics => metrics["rpigateway_broker_attached"] == 1);
        await Task.Delay(1500);
        await using Subscriber subscriber = await Subscriber.AttachAsync(mosquitto.Url);

        for (int i = 1; i <= 3; i++)
        {
            Assert.Equal($"{i}", (await subscriber.NextHeardAsync()).Text);
        }
    }

    [Fact]
    public async Task WhatABrokerLosesSoonAfterItsAcknowledgementIsPublishedAgainAndNothingElseIs()
    {
        LogSettings settings = new() { SettleTime = TimeSpan.FromSeconds(8) };
        using TempDirectory directory = new();
        await using Mosquitto mosquitto = await Mosquitto.StartNewAsync();
        using OpenLog open = new(directory.Path, settings);
        using CancellationTokenSource stop = new();
        Task publishing = new ReadingPublisher(BrokerTargets.At(directory.Path, mosquitto.Url), open.Log, settings, open.Metrics, NullLogger.Instance).RunAsync(stop.Token);
        await using (Subscriber subscriber = await Subscriber.AttachAsync(mosquitto.Url))
        {
            await open.AppendAsync("x", 1, "settled");
            Assert.Equal("settled", (await subscriber.NextHeardAsync()).Text);
            using CancellationTokenSource deadline = new(Deadline.Limit);
            while (open.Log.Count > 0)
            {
                await Task.Delay(50, deadline.Token);
            }

            await open.AppendAsync("x", 2, "not settled");
            Assert.Equal("not settled", (await subscriber.NextHeardAsync()).Text);
            await mosquitto.KillAsync();
        }

        await mosquitto.StartAsync();
        await using Subscriber after = await Subscriber.AttachAsync(mosquitto.Url);
        Assert.Equal("not settled", (await after.NextHeardAsync()).Text);
        await open.AppendAsync("x", 3, "new");
        Assert.Equal("new", (await after.NextHeardAsync()).Text);

        await stop.CancelAsync();
        await publishing.InTime();
    }
}
