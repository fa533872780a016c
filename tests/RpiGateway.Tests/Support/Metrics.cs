using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Net.Http;
using System.Threading.Tasks;

namespace RpiGateway.Tests;

/// <summary>What /metrics says, as the parser of Prometheus's Python client reads it.</summary>
internal sealed class Metrics
{
    private readonly Dictionary<string, (string Type, double Value)> _samples = [];

    public IEnumerable<string> Names => _samples.Keys;

    /// <summary>The value of a series, such as name{"label": "value"}.</summary>
    public double this[string series] => _samples.TryGetValue(series, out (string Type, double Value) sample)
        ? sample.Value
        : throw new KeyNotFoundException($"no {series} among {string.Join(", ", _samples.Keys)}");

    public string TypeOf(string series) => _samples[series].Type;

    public static async Task<Metrics> ReadAsync(Uri gateway, params (string Name, string Value)[] headers)
    {
        using HttpClient client = new();
        foreach ((string name, string value) in headers)
        {
            client.DefaultRequestHeaders.Add(name, value);
        }

        string text = await client.GetStringAsync(new UriBuilder(gateway) { Scheme = "http", Path = "/metrics" }.Uri).InTime();
        return await ParseAsync(text);
    }

    /// <summary>Reads until <paramref name="done"/>.</summary>
    public static async Task<Metrics> ReadUntilAsync(Uri gateway, Func<Metrics, bool> done)
    {
        Stopwatch time = Stopwatch.StartNew();
        Metrics metrics = await ReadAsync(gateway);
        while (!done(metrics))
        {
            Assert.True(time.Elapsed < Deadline.Limit, $"it did not come: {string.Join(", ", metrics._samples)}");
            await Task.Delay(100);
            metrics = await ReadAsync(gateway);
        }

        return metrics;
    }

    private static async Task<Metrics> ParseAsync(string text)
    {
        // The distribution's, which has the distribution's packages.
        const string Python = "/usr/bin/python3";
        if (!File.Exists(Python))
        {
            Tool.Missing(Python);
        }

        await using Tool parser = Tool.Start(Python, [Path.Join(AppContext.BaseDirectory, "Monitoring", "parse_metrics.py")]);
        await parser.Process.StandardInput.WriteAsync(text);
        parser.Process.StandardInput.Close();
        (int code, List<string> lines, List<string> errors) = await parser.ExitAsync();
        string error = string.Join('\n', errors);
        if (error.Contains("No module named 'prometheus_client'", StringComparison.Ordinal))
        {
            Tool.Missing("python3-prometheus-client");
        }

        Assert.True(code == 0, $"{error}\n{text}");
        Metrics metrics = new();
        foreach (string line in lines)
        {
            string[] parts = line.Split('\t');
            string series = parts[1] + (parts[2] == "{}" ? "" : parts[2]);
            Assert.True(metrics._samples.TryAdd(series, (parts[0], double.Parse(parts[3], CultureInfo.InvariantCulture))), $"twice: {line}");
        }

        return metrics;
    }
}
