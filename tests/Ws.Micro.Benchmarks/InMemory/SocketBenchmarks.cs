using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net.WebSockets;
using System.Runtime.InteropServices;
using System.Threading;
using Ws.Micro.Benchmarks.Measuring;

namespace Ws.Micro.Benchmarks.InMemory;

/// <summary>The sub-command 'sockets': sending and receiving in memory, against .NET's own sockets.</summary>
internal static class SocketBenchmarks
{
    private const int WarmUp = 100, Rounds = 40, Sets = 5;
    private const double Goal = 0.8;

    public static void Run(Report report)
    {
        report.Say(
            $"Measured with .NET {Environment.Version} on {RuntimeInformation.OSArchitecture.ToString().ToLowerInvariant()} with {Environment.ProcessorCount} processors.");
        report.Begin("Sending and receiving in memory");
        report.Say(
            "One message at a time over a stream in memory, on one thread, against `WebSocket.CreateFromStream` over the same stream. 'masked': from a client to "
            + "a server. 'receive': the frame is there when the message is received; 'wait': it comes after. The stream copies once what "
            + $"is written or read, and that is part of both. Medians of {Rounds} rounds, ours and .NET's in turns, and of these the medians of {Sets} sets of sockets and "
            + "buffers, because copying depends on where in memory they lie; in brackets the half of the distance between the quartiles. 'Floor': what no socket "
            + "over a stream can do without to receive: one read of the whole frame into the application's buffer and, where it is masked, one pass over the payload; its "
            + "ratio to .NET's. 'B': bytes allocated for each message by ours.");
        report.Table("", "size", ".NET", "Ws.Micro", "ratio", "goal", "reached", "floor", "B");
        foreach (SocketCase one in Cases())
        {
            int messages = one.Size > 10_000 ? 50 : 1000;
            Action[] dotnets = Runs(SocketCase.Dotnets);
            Action[] ours = Runs(SocketCase.Ours);
            Action[] floors = one.RunFloor(messages) == null ? [] : [.. Enumerable.Range(0, Sets).Select(_ => one.RunFloor(messages)!)];
            Action[] runs = [.. dotnets, .. ours, .. floors];

            // Code that is new with this case is compiled as it will stay only after 100 ms in which no other has come up.
            CpuTime.Compare(WarmUp, 0, runs);
            Thread.Sleep(TimeSpan.FromMilliseconds(200));
            Sample[] all = CpuTime.Compare(WarmUp, Rounds, runs);
            Sample[] times = [.. all.Chunk(Sets).Select(sets => new Sample(sets.Select(set => set.Median)))];
            double ratio = times[1].Median / times[0].Median;
            long allocated = Allocated(ours[0]) / messages;
            report.Row(
                $"{one.Operation.ToString().ToLowerInvariant()}, {one.Type.ToString().ToLowerInvariant()}{(one.FromClient ? ", masked" : "")}",
                $"{one.Size:N0} B",
                Cell(times[0]),
                Cell(times[1]),
                $"{ratio:F2}",
                $"at most {Goal:F2}",
                Report.Reached(ratio <= Goal && allocated == 0),
                floors.Length == 0 ? "" : $"{times[2].Median / times[0].Median:F2}",
                $"{allocated}");

            Action[] Runs(Func<Stream, bool, WebSocket> create) => [.. Enumerable.Range(0, Sets).Select(_ => one.Run(create, messages))];

            string Cell(Sample time) => $"{time.Median / messages:N0} ns (±{time.Noise * 100:F0} %)";
        }

        report.End();
    }

    private static IEnumerable<SocketCase> Cases() =>
        from operation in Enum.GetValues<Operation>()
        from type in new[] { WebSocketMessageType.Binary, WebSocketMessageType.Text }
        from fromClient in new[] { true, false }
        from size in new[] { 16, 125, 1024, 65536 }
        select new SocketCase(operation, type, fromClient, size);

    private static long Allocated(Action run)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        run();
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }
}
