using System.Collections.Generic;
using System.Linq;
using Ws.Micro.Benchmarks.Measuring;
using Ws.Micro.Deflate.Tests;
using Ws.Micro.Testing;

namespace Ws.Micro.Benchmarks.Deflate;

/// <summary>Sizes of small messages with takeover, against zlib at the same window bits.</summary>
internal static class TelemetryFigures
{
    private const int Seeds = 20, Messages = 1000, Devices = 8;

    public static void Run(Report report)
    {
        report.Begin("Size of telemetry with takeover");
        report.Say(
            $"{Messages:N0} messages, {Seeds} seeds. zlib: level 6, memLevel 8. Ours: the device's settings, static codes. Ratios are ours to zlib's; 'worst' is the worst "
            + "of the seeds, and is what is held to the goal. 'Bound': the smallest that static codes can give at all in that window, found by trying every match "
            + "of every length at every byte; the mean.");
        report.Table("messages", "timestamps", "window", "zlib, B", "ours, B", "mean ratio", "worst", "bound", "goal", "reached");
        foreach ((string name, int devices, bool inTurns, double[] goals) in new[]
        {
            ("JSON, one device", 1, true, new[] { 0.95, 1.00, 0.99 }),
            ($"mixed, {Devices} devices in any order", Devices, false, [0.88, 0.95, 1.01]),
            ($"mixed, {Devices} devices strictly in turns", Devices, true, [0.88, 0.95, 1.01]),
        })
        {
            foreach (bool dates in new[] { false, true })
            {
                for (int i = 0; i < goals.Length; i++)
                {
                    int bits = 9 + i;
                    List<double> zlib = [], ours = [], ratios = [], bounds = [];
                    for (int seed = 1; seed <= Seeds; seed++)
                    {
                        byte[][] messages = Telemetry.Messages(Messages, devices, seed, inTurns, dates);
                        zlib.Add(Zlib.Deflate(messages, bits).Average(message => message.Length - 4));
                        ours.Add(Size(Sockets.Codecs(false, bits, Sockets.OnDevice), messages));
                        ratios.Add(ours[^1] / zlib[^1]);
                        bounds.Add(StaticBound.Average(messages, bits) / zlib[^1]);
                    }

                    Sample ratio = new(ratios);
                    report.Row(
                        name,
                        dates ? "RFC 3339" : "milliseconds",
                        $"{bits} bits",
                        $"{zlib.Average():F1}",
                        $"{ours.Average():F1}",
                        $"{ratio.Mean:F3}",
                        $"{ratio.Greatest:F3}",
                        $"{bounds.Average():F3}",
                        $"at most {goals[i]:F2}",
                        Report.Reached(ratio.Greatest <= goals[i]));
                }
            }
        }

        report.End();
        byte[][] plain = Telemetry.Messages(Messages, Devices), dated = Telemetry.Messages(Messages, Devices, dates: true);
        byte[][] turns = Telemetry.Messages(Messages, Devices, inTurns: true);
        double any = Zlib.Deflate(turns, 9).Average(message => message.Length), only = Zlib.Deflate(turns, 9, strategy: Zlib.Fixed).Average(message => message.Length);
        report.Say(
            $"The messages have {plain.Average(m => m.Length):F0} bytes, {dated.Average(m => m.Length):F0} with dates. How they drift: "
            + "[Telemetry.cs](../tests/Ws.Micro.Deflate.Tests/Telemetry.cs). Strictly in turns a device's message before is over 1,000 bytes back, beyond windows of 9 and "
            + "10 bits; only what all devices have in common is left to refer to, and zlib has most of that too. Where the bound is above the goal, no encoder "
            + $"with static codes reaches it; dynamic ones, which zlib may use, spare it {only - any:F2} B of a message there.");
    }

    internal static double Size(PerMessageDeflate codecs, byte[][] messages)
    {
        byte[] output = new byte[(2 * messages.Max(message => message.Length)) + 100];
        return messages.Average(message => codecs.Encode(message, output));
    }
}
