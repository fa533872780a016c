using System;
using System.Linq;
using System.Net.Http;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;

namespace RpiGateway.Tests;

/// <summary>The gateway's disk turns read-only, or fails at each write, while it runs: what was acknowledged is safe, and all goes on when the disk does.</summary>
public sealed class FailingDiskTests : IDisposable
{
    private readonly TempDirectory _directory = new();

    [Theory]
    [InlineData(DiskFault.ReadOnly)]
    [InlineData(DiskFault.WriteErrors)]
    public async Task NothingIsAcknowledgedUntilTheDiskCanBeWrittenAgainAndNothingIsLost(DiskFault fault)
    {
        const int Before = 50;
        const int All = 100;
        using FaultyDisk disk = new(_directory.Path);
        await using TestGateway gateway = await TestGateway.StartAsync(data: _directory.Path);
        await using Subscriber subscriber = await Subscriber.AttachAsync(gateway.Broker);
        using TelemetrySensor sensor = await TelemetrySensor.GreetAsync(gateway);
        await SendAsync(sensor, 1, Before);
        await sensor.AcknowledgedAsync(Before);

        disk.Fault = fault;
        await SendAsync(sensor, Before + 1, All - Before);
        await ReadyAsync(gateway, isReady: false);
        using TelemetrySensor late = await TelemetrySensor.ConnectAsync(gateway, "late");
        await late.SendAsync("H 1");
        Task<string> greeting = late.NextAsync();
        Task<string> acknowledgement = sensor.NextAsync();
        await Task.WhenAny(greeting, acknowledgement, Task.Delay(1500));
        Assert.False(greeting.IsCompleted || acknowledgement.IsCompleted);

        disk.Fault = DiskFault.None;
        Assert.StartsWith("H ", await greeting);
        long acknowledged = long.Parse((await acknowledgement)[2..]);
        Assert.InRange(acknowledged, Before + 1, All);
        if (acknowledged < All)
        {
            await sensor.AcknowledgedAsync(All);
        }

        await ReadyAsync(gateway, isReady: true);

        // In order, and none is left out; a delivery that was going on may begin again.
        int next = 1;
        while (next <= All)
        {
            int heard = int.Parse((await subscriber.NextHeardAsync()).Text);
            Assert.InRange(heard, 1, next);
            next += heard == next ? 1 : 0;
        }
    }

    [Theory]
    [InlineData(DiskFault.ReadOnly)]
    [InlineData(DiskFault.WriteErrors)]
    public async Task WhatWasAcknowledgedIsThereAfterAStopOnTheFailingDisk(DiskFault fault)
    {
        using (FaultyDisk disk = new(_directory.Path))
        using (OpenLog open = new(_directory.Path))
        {
            await open.AppendAsync("x", Enumerable.Range(1, 100), static i => $"{i}");
            disk.Fault = fault;
            Task<long> more = open.AppendAsync("x", 101);
            Assert.True(SpinWait.SpinUntil(() => open.Lines.Any(static line => line.Contains("cannot be written", StringComparison.Ordinal)), Deadline.Limit));
            Assert.False(more.IsCompleted);
        }

        using OpenLog after = new(_directory.Path);
        Assert.Equal(Enumerable.Range(1, 100).Select(static i => $"x 77 {i} {i}"), await after.ReadAllAsync());
        Assert.Empty(System.IO.Directory.GetFiles(_directory.Path, "*.corrupt-*"));
    }

    [Fact]
    public async Task SensorsThatComeAndGoWhileTheDiskFailsLeaveNothingBehind()
    {
        using FaultyDisk disk = new(_directory.Path);
        using OpenLog open = new(_directory.Path);
        disk.Fault = DiskFault.ReadOnly;
        _ = open.AppendAsync("x", 1);
        Assert.True(SpinWait.SpinUntil(() => open.Log.Trouble is not null, Deadline.Limit));

        for (int i = 0; i < 100; i++)
        {
            using CancellationTokenSource gone = new();
            Task<long> asking = open.Log.LastOfAsync("x", i + 1, gone.Token);
            await gone.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asking);
        }

        Assert.Equal(0, open.Log.Questions);
        disk.Fault = DiskFault.None;
        Assert.InRange(await open.Log.LastOfAsync("x", 77, CancellationToken.None).InTime(), 0, 1);
    }

    [Fact]
    public void ReasonOfTheSystemIsSaid()
    {
        // Where nobody can make a file.
        LogFile file = new("/proc", LogDurability.Disk, NullLogger.Instance);

        string trouble = file.Describe(new SqliteException("SQLite Error 10: 'disk I/O error'.", 10));

        Assert.StartsWith("SQLite Error 10: 'disk I/O error': ", trouble);
        Assert.Contains("/proc", trouble);
    }

    public void Dispose() => _directory.Dispose();

    private static async Task SendAsync(TelemetrySensor sensor, int first, int count)
    {
        for (int i = first; i < first + count; i++)
        {
            await sensor.SendAsync($"R {i} {i}");
        }
    }

    private static async Task ReadyAsync(TestGateway gateway, bool isReady)
    {
        using HttpClient client = new();
        using CancellationTokenSource deadline = new(Deadline.Limit);
        string text;
        do
        {
            using HttpResponseMessage response = await client.GetAsync(new UriBuilder(gateway.Address) { Scheme = "http", Path = "/readyz" }.Uri, deadline.Token);
            text = await response.Content.ReadAsStringAsync(deadline.Token);
        }
        while (text.Contains("the log of readings cannot be written", StringComparison.Ordinal) == isReady);
    }
}
