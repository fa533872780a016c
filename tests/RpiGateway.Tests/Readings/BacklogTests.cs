using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Threading.Tasks;

namespace RpiGateway.Tests;

/// <summary>The broker is away for many readings: they are acknowledged, memory stays flat, and when the broker is back they come in order.</summary>
/// <remarks>The environment says how many: BACKLOG_READINGS (20,000); docs/telemetry.md has the long run of 100,000.</remarks>
public sealed class BacklogTests(ITestOutputHelper output)
{
    private const int Sensors = 10;

    // Readings in memory instead of on disk would show: 40 MB, and 200 MB in the long run.
    private const int PayloadSize = 2000;
    private const int MaxGrowth = 16 * 1024 * 1024;

    private static readonly int Readings = int.Parse(Environment.GetEnvironmentVariable("BACKLOG_READINGS") ?? "20000", CultureInfo.InvariantCulture);

    [Fact]
    public async Task WhatComesWhileTheBrokerIsAwayIsDeliveredInOrderAndNotHeldInMemory()
    {
        await using Mosquitto mosquitto = new("ws", []);
        await using Tool gateway = ProgramTests.Start("--urls", "http://127.0.0.1:0", "--Broker", mosquitto.Url.AbsoluteUri);
        Uri address = new((await gateway.NextLineAsync()).Split(' ')[^1].Replace("sensors/{id}", "", StringComparison.Ordinal));
        const int Warm = 2000;
        await Task.WhenAll(Enumerable.Range(0, Sensors).Select(i => SendAsync(address, $"s{i}", 1, Warm / Sensors)));
        long before = Resident(gateway);
        await Task.WhenAll(Enumerable.Range(0, Sensors).Select(i => SendAsync(address, $"s{i}", (Warm / Sensors) + 1, Readings / Sensors)));
        long growth = Resident(gateway) - before;

        await mosquitto.StartAsync();
        await using Subscriber subscriber = await Subscriber.AttachAsync(mosquitto.Url);
        Dictionary<string, int> last = [];
        while (last.Values.Sum() < Readings)
        {
            Subscriber.Heard heard = await subscriber.NextHeardAsync();
            int number = int.Parse(heard.Text.AsSpan(0, heard.Text.IndexOf(' ')), CultureInfo.InvariantCulture);
            Assert.Equal(last.GetValueOrDefault(heard.Topic) + 1, number);
            last[heard.Topic] = number;
        }

        long delivering = Resident(gateway) - before;
        output.WriteLine($"{Readings} readings of {PayloadSize} bytes: {before >> 20} MB after {Warm}, {growth >> 10} KB more after all, {delivering >> 10} KB more when all were delivered");
        Assert.InRange(growth, long.MinValue, MaxGrowth);
        Assert.InRange(delivering, long.MinValue, MaxGrowth);
    }

    private static async Task SendAsync(Uri gateway, string id, int from, int to)
    {
        using TelemetrySensor sensor = await TelemetrySensor.GreetAsync(gateway, id);
        Assert.Equal(from - 1, sensor.Acknowledged);
        string payload = new('x', PayloadSize);
        for (int sent = from - 1, acknowledged = sent; acknowledged < to;)
        {
            while (sent < to && sent < acknowledged + 32)
            {
                await sensor.SendAsync($"R {++sent} {sent} {payload}");
            }

            acknowledged = int.Parse((await sensor.NextAsync()).AsSpan(2), CultureInfo.InvariantCulture);
        }
    }

    // What the process has in memory, files aside.
    private static long Resident(Tool gateway) => 1024 * File.ReadLines($"/proc/{gateway.Process.Id}/status")
        .Where(static line => line.StartsWith("RssAnon:", StringComparison.Ordinal))
        .Select(static line => long.Parse(line.AsSpan(8).Trim(" \tkB"), CultureInfo.InvariantCulture))
        .Single();
}
