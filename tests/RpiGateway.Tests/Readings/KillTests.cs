using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.Data.Sqlite;

namespace RpiGateway.Tests;

/// <summary>
/// The gateway is killed (SIGKILL) at random moments while sensors send, and the broker at some of them; both are started again. Each reading
/// that a sensor saw acknowledged reaches a subscriber, in order, and none is in the log twice.
/// </summary>
/// <remarks>The environment says for how long: KILL_ROUNDS (8) and KILL_SENSORS (10); the long run of docs/telemetry.md has 200 and 50.</remarks>
public sealed class KillTests(ITestOutputHelper output)
{
    private static readonly int Rounds = Setting("KILL_ROUNDS", 8);
    private static readonly int SensorCount = Setting("KILL_SENSORS", 10);

    // (sensor, number) -> its number in the log. A reading that were taken twice would get a second.
    private readonly Dictionary<(string, long), long> _logged = [];
    private readonly ConcurrentDictionary<string, Heard> _heard = [];

    [Fact]
    public async Task WhatWasAcknowledgedSurvivesTheGatewayAndTheBroker()
    {
        Random random = new(Rounds);
        using TempDirectory data = new();
        await using Mosquitto mosquitto = await Mosquitto.StartNewAsync();
        using CancellationTokenSource done = new();
        Task listening = ListenAsync(mosquitto.Url, done.Token);
        Uri address = new($"ws://127.0.0.1:{Ports.Free()}/");
        List<ResendingSensor> sensors = [];
        for (int i = 0; i < SensorCount; i++)
        {
            sensors.Add(new ResendingSensor($"s{i}", address, TimeSpan.FromMilliseconds(10)));
        }

        sensors.ForEach(static sensor => sensor.Start());
        int brokerKills = 0;
        for (int round = 0; round < Rounds; round++)
        {
            await using Tool gateway = StartGateway(address, mosquitto.Url, data.Path);
            await gateway.NextLineAsync();

            // From the first moment on, before the broker is attached, to well into the stream.
            await Task.Delay(random.Next(round % 2 == 0 ? 300 : 2000));
            if (random.Next(2) == 0)
            {
                brokerKills++;
                await mosquitto.KillAsync();
                await Task.Delay(random.Next(300));
                Task restart = mosquitto.StartAsync();
                await Task.Delay(random.Next(1000));
                await restart;
            }

            await gateway.SignalAsync("KILL");
            await gateway.ExitAsync();
            CheckLog(data.Path);
        }

        await using Tool last = StartGateway(address, mosquitto.Url, data.Path);
        await Task.WhenAll(sensors.ConvertAll(static sensor => sensor.FinishAsync()));
        Assert.All(sensors, static sensor => Assert.Null(sensor.Wrong));
        using CancellationTokenSource deadline = new(Deadline.Limit);
        while (sensors.Exists(sensor => Last(sensor.Id) < sensor.Acknowledged))
        {
            Assert.False(deadline.IsCancellationRequested, string.Join(", ", sensors.Select(sensor => $"{sensor.Id}: {sensor.Acknowledged} acknowledged, {Last(sensor.Id)} heard")));
            await Task.Delay(100);
        }

        await done.CancelAsync();
        await listening.InTime();
        Assert.All(_heard.Values, static heard => Assert.Null(heard.Gap));
        Assert.True(brokerKills > 0);
        output.WriteLine(
            $"{Rounds} kills of the gateway, {brokerKills} of the broker, {SensorCount} sensors: {sensors.Sum(static sensor => sensor.Acknowledged)} readings acknowledged, "
            + $"all heard in order, {_heard.Values.Sum(static heard => heard.Repeats)} of them more than once on MQTT; {_logged.Count} seen in the log after a kill, none twice");
    }

    private static int Setting(string name, int standard) => Environment.GetEnvironmentVariable(name) is { } value ? int.Parse(value) : standard;

    private static Tool StartGateway(Uri address, Uri broker, string data) => ProgramTests.Start(
        "--urls", $"http://127.0.0.1:{address.Port}", "--Broker", broker.AbsoluteUri, "--DataDirectory", data);

    private long Last(string sensor) => _heard.TryGetValue(sensor, out Heard? heard) ? heard.Last : 0;

    // A subscriber that comes back when its broker does.
    private async Task ListenAsync(Uri broker, CancellationToken done)
    {
        while (!done.IsCancellationRequested)
        {
            try
            {
                await using Subscriber subscriber = await Subscriber.AttachAsync(broker, session: "observer");
                while (true)
                {
                    Task<Subscriber.Heard> next = subscriber.NextAsync(done);
                    if (await Task.WhenAny(next, subscriber.Lost) != next)
                    {
                        break;
                    }

                    Note(await next);
                }

                foreach (Subscriber.Heard rest in subscriber.Rest())
                {
                    Note(rest);
                }
            }
            catch (Exception) when (!done.IsCancellationRequested)
            {
                await Task.Delay(100, CancellationToken.None);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private void Note(Subscriber.Heard message)
    {
        string sensor = message.Topic.Split('/')[1];
        Assert.Equal($"device={sensor} boot=77 seq={message.Text}", message.UserProperties);
        _heard.GetOrAdd(sensor, static _ => new Heard()).Add(long.Parse(message.Text));
    }

    // As the kill has left it; a copy, so that the gateway itself finds it so.
    private void CheckLog(string data)
    {
        using TempDirectory copy = new();
        foreach (string file in Directory.GetFiles(data, LogFile.Name + "*"))
        {
            File.Copy(file, Path.Join(copy.Path, Path.GetFileName(file)));
        }

        Assert.Empty(Directory.GetFiles(copy.Path, "*corrupt*"));
        if (!File.Exists(Path.Join(copy.Path, LogFile.Name)))
        {
            return;
        }

        using SqliteConnection connection = new($"Data Source={Path.Join(copy.Path, LogFile.Name)};Pooling=False");
        connection.Open();
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = "PRAGMA integrity_check";
        Assert.Equal("ok", command.ExecuteScalar());
        command.CommandText = "SELECT sensor, seq, id FROM readings ORDER BY id";
        using SqliteDataReader reader = command.ExecuteReader();
        while (reader.Read())
        {
            (string, long) reading = (reader.GetString(0), reader.GetInt64(1));
            long id = reader.GetInt64(2);
            Assert.True(_logged.TryAdd(reading, id) || _logged[reading] == id, $"{reading} is in the log as {_logged[reading]} and as {id}");
        }
    }

    private sealed class Heard
    {
        public long Last { get; private set; }

        public long Repeats { get; private set; }

        public string? Gap { get; private set; }

        // First sights come in order, without a gap.
        public void Add(long number)
        {
            if (number <= Last)
            {
                Repeats++;
                return;
            }

            Gap ??= number == Last + 1 ? null : $"{number} came after {Last}";
            Last = number;
        }
    }
}
