using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.Extensions.Logging;
using MQTTnet;
using RpiGateway.Monitoring;
using RpiGateway.Mqtt;

namespace RpiGateway.Simulation;

/// <summary>Prints readings as an MQTT subscriber hears them: the road's far end.</summary>
internal sealed class ReadingPrinter
{
    /// <summary>The topics heard.</summary>
    public const string TopicFilter = "sensors/+/telemetry";

    /// <summary>The most readings printed each second; the rest is only counted.</summary>
    public const int MaxLinesPerSecond = 5;

    private static readonly TimeSpan SummaryInterval = TimeSpan.FromSeconds(10);

    private readonly MqttConnection _connection;
    private readonly TextWriter _output;
    private readonly HashSet<string> _topics = [];
    private long _second;
    private int _linesThisSecond;
    private int _readings;

    public ReadingPrinter(BrokerTarget broker, TextWriter output, ILogger logger)
    {
        _output = output;
        _connection = new MqttConnection(broker, "ReadingPrinter", SubscribeAsync, logger);
    }

    /// <summary>Prints until cancelled.</summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        Task connection = _connection.RunAsync(stopping);
        while (!stopping.IsCancellationRequested)
        {
            long started = Stopwatch.GetTimestamp();
            await Task.Delay(SummaryInterval, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            PrintSummary(Stopwatch.GetElapsedTime(started));
        }

        await connection;
    }

    private async Task SubscribeAsync(AttachedClient client)
    {
        client.Client.ApplicationMessageReceivedAsync += message =>
        {
            Print(message.ApplicationMessage);
            return Task.CompletedTask;
        };
        await client.Client.SubscribeAsync(
            new MqttClientSubscribeOptionsBuilder().WithTopicFilter(TopicFilter).Build(), client.Lost);
    }

    private void Print(MqttApplicationMessage message)
    {
        lock (_topics)
        {
            _topics.Add(message.Topic);
            _readings++;

            long second = Stopwatch.GetTimestamp() / Stopwatch.Frequency;
            _linesThisSecond = second == _second ? _linesThisSecond + 1 : 1;
            _second = second;
            if (_linesThisSecond <= MaxLinesPerSecond)
            {
                _output.WriteLine($"{message.Topic}  {LogText.Printable(Encoding.UTF8.GetString(message.Payload))}");
            }
        }
    }

    private void PrintSummary(TimeSpan elapsed)
    {
        lock (_topics)
        {
            if (_readings > 0)
            {
                _output.WriteLine($"{_readings} readings from {_topics.Count} sensors arrived through MQTT in the last {elapsed.TotalSeconds:0} s");
            }

            _readings = 0;
            _topics.Clear();
        }
    }
}
