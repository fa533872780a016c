using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Mathematics;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Perfolizer.Horology;

namespace Ws.Micro.Benchmarks.Measuring;

/// <summary>
/// A class of benchmarks run by BenchmarkDotNet, in this process and in processor time of the thread, so that what else the machine does counts
/// little. BenchmarkDotNet's own log and tables go to standard error.
/// </summary>
internal static class BenchmarkRun
{
    private const int WarmUps = 6, Iterations = 15;
    private static readonly TimeInterval IterationTime = TimeInterval.FromMilliseconds(100);

    /// <summary>Runs one: the baseline and the other, for all values of the parameters.</summary>
    /// <exception cref="IOException">A benchmark failed; the log has said why.</exception>
    public static IEnumerable<Result> Of<T>()
    {
        Job job = Job.Default.WithToolchain(InProcessEmitToolchain.DontLogOutput).WithClock(new ThreadClock())
            .WithWarmupCount(WarmUps).WithIterationCount(Iterations).WithIterationTime(IterationTime);
        using StreamWriter error = new(Console.OpenStandardError()) { AutoFlush = true };
        ManualConfig config = ManualConfig.CreateEmpty().AddJob(job).AddDiagnoser(MemoryDiagnoser.Default).AddColumnProvider(DefaultColumnProviders.Instance)
            .AddLogger(new StreamLogger(error)).WithArtifactsPath(Path.Combine(AppContext.BaseDirectory, "BenchmarkDotNet.Artifacts"));
        Summary summary = BenchmarkRunner.Run<T>(config);
        return [.. summary.Reports.GroupBy(report => report.BenchmarkCase.Parameters.PrintInfo).Select(Compare)];
    }

    private static Result Compare(IEnumerable<BenchmarkReport> reports)
    {
        BenchmarkReport[] both = [.. reports.OrderByDescending(report => report.BenchmarkCase.Descriptor.Baseline)];
        if (both.Length != 2 || both.Any(report => report.ResultStatistics is null))
        {
            throw new IOException("A benchmark failed: see above.");
        }

        return new Result([.. both[0].BenchmarkCase.Parameters.Items.Select(item => $"{item.Value:N0}")], Cost.Of(both[0]), Cost.Of(both[1]));
    }

    /// <summary>What both cost for some values of the parameters.</summary>
    /// <param name="Parameters">Those, in their order.</param>
    /// <param name="Peer">The baseline.</param>
    /// <param name="Ours">The other.</param>
    internal sealed record Result(string[] Parameters, Cost Peer, Cost Ours)
    {
        /// <summary>Ours to the peer's.</summary>
        public double Ratio => Ours.Nanoseconds / Peer.Nanoseconds;
    }

    /// <summary>What an operation costs.</summary>
    /// <param name="Nanoseconds">The median of the iterations.</param>
    /// <param name="Noise">Half of the distance between the quartiles, as a part of it.</param>
    /// <param name="Allocated">Bytes allocated.</param>
    internal readonly record struct Cost(double Nanoseconds, double Noise, long Allocated)
    {
        public static Cost Of(BenchmarkReport report)
        {
            Statistics times = report.ResultStatistics!;
            return new Cost(times.Median, (times.Q3 - times.Q1) / 2 / times.Median, report.GcStats.GetBytesAllocatedPerOperation(report.BenchmarkCase) ?? 0);
        }

        public override string ToString() => $"{(Nanoseconds < 100 ? $"{Nanoseconds:F1}" : $"{Nanoseconds:N0}")} ns (±{Noise * 100:F0} %)";
    }

    private sealed class ThreadClock : IClock
    {
        public string Title => "Processor time of the thread";

        public bool IsAvailable => true;

        public Frequency Frequency => Frequency.GHz;

        public long GetTimestamp() => CpuTime.Now;
    }
}
