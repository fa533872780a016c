using System;
using System.Net.Http;
using System.Threading.Tasks;

namespace RpiGateway.Tests;

/// <summary>The gateway's disk gets full: sensors keep their readings, what was acknowledged stays, and all goes on when the disk does.</summary>
public sealed class FullDiskTests
{
    // Of 1,000 bytes each: more than there is room for.
    private const int Readings = 8000;

    private static readonly string Payload = new('x', 1000);

    [Fact]
    public async Task WhatAFullDiskDoesNotTakeIsNotAcknowledgedAndTheRestIsDelivered()
    {
        await using Mosquitto mosquitto = new("ws", []);
        await using SmallDisk disk = await SmallDisk.StartAsync(mosquitto.Url);
        TelemetrySensor sensor = await TelemetrySensor.GreetAsync(disk.Address);

        // The broker is away, so the log grows until the disk is full.
        long acknowledged = 0;
        int sent = 0;
        Task<string> next = sensor.NextAsync();
        while (sent < Readings && !await IsTroubledAsync(disk))
        {
            while (sent < Readings && sent < acknowledged + TelemetryConnection.Window)
            {
                await sensor.SendAsync($"R {++sent} {sent} {Payload}");
            }

            if (await Task.WhenAny(next, Task.Delay(100)) == next)
            {
                acknowledged = long.Parse((await next)[2..]);
                next = sensor.NextAsync();
            }
        }

        Assert.InRange(acknowledged, 100, Readings - 1);
        Assert.True(sent > acknowledged);
        Assert.Contains("cannot be written", await disk.Gateway.ErrorLineAsync("log of readings"));

        // The broker comes back: what was acknowledged is delivered from the full disk. The rest is the sensor's.
        await mosquitto.StartAsync();
        await using Subscriber subscriber = await Subscriber.AttachAsync(mosquitto.Url, session: "observer");
        for (int i = 1; i <= acknowledged; i++)
        {
            Assert.StartsWith($"{i} ", (await subscriber.NextHeardAsync()).Text);
        }

        sensor.Dispose();
    }

    [Fact]
    public async Task WhereAnotherProgramFillsTheDiskTheGatewayGoesOnOnceThereIsRoom()
    {
        await using SmallDisk disk = await SmallDisk.StartAsync(Mosquitto.NowhereUrl());
        using TelemetrySensor sensor = await TelemetrySensor.GreetAsync(disk.Address);
        await sensor.SendAsync("R 1 x");
        await sensor.AcknowledgedAsync(1);
        disk.Fill(full: true);

        string large = new('x', 20_000);
        for (int i = 2; i <= 50; i++)
        {
            await sensor.SendAsync($"R {i} {large}");
        }

        await disk.Gateway.ErrorLineAsync("cannot be written");
        Assert.True(await IsTroubledAsync(disk));

        // A sensor that comes now is greeted all the same.
        using TelemetrySensor other = await TelemetrySensor.GreetAsync(disk.Address, "other");
        disk.Fill(full: false);
        await disk.Gateway.ErrorLineAsync("can be written again");
        await sensor.AcknowledgedAsync(50);
        Assert.False(await IsTroubledAsync(disk));
    }

    private static async Task<bool> IsTroubledAsync(SmallDisk disk)
    {
        using HttpClient client = new();
        using HttpResponseMessage response = await client.GetAsync(new UriBuilder(disk.Address) { Scheme = "http", Path = "/readyz" }.Uri).InTime();
        return (await response.Content.ReadAsStringAsync().InTime()).Contains("the log of readings cannot be written", StringComparison.Ordinal);
    }
}
