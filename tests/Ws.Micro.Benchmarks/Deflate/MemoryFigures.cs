using System;
using System.Net.WebSockets;
using System.Threading;
using System.Threading.Tasks;
using Ws.Micro.Benchmarks.Measuring;
using Ws.Micro.Deflate.Tests;
using Ws.Micro.Desktop;
using Ws.Micro.Framing;
using Ws.Micro.Testing;

namespace Ws.Micro.Benchmarks.Deflate;

/// <summary>What one connection takes, both directions, with context takeover.</summary>
internal static class MemoryFigures
{
    private const int DeviceBuffer = 512, Instances = 200;

    public static void Run(Report report)
    {
        report.Begin("Memory of a connection, both directions, with takeover");
        report.Table("what", "ours, measured", "by the formula", "goal", "reached");
        long device = Allocated(() =>
        {
            WebSocketEngine engine = new(false, Limits.DefaultMaxMessageSize, new PerMessageDeflate(false, Sockets.Agreed(9), Sockets.OnDevice));
            return (engine, new byte[DeviceBuffer], new byte[DeviceBuffer]);
        }) - Allocated(() => (Sockets.Agreed(9), Sockets.OnDevice, 0));
        Row("device: windows of 9 bits, engine, buffers of 2 x 512 B", device, Sockets.OnDevice.MemoryBytes(9, 9) + (2 * DeviceBuffer), 5 * 1024);
        foreach ((int bits, int goal) in new[] { (9, 0), (15, 160 * 1024) })
        {
            MicroWebSocketOptions options = new() { KeepAliveInterval = TimeSpan.Zero, Deflate = Sockets.OnDotnet };
            Ws.Micro.Handshake.DeflateParameters agreed = Sockets.Agreed(bits);
            (DuplexPipe stream, _) = DuplexPipe.Pair(0);
            long socket = Allocated(() => MicroWebSocket.CreateFromStream(stream, true, options, null, agreed));
            Row($".NET: windows of {bits} bits, the whole socket", socket, options.Deflate.MemoryBytes(bits, bits), goal);
        }

        report.End();
        report.Say(
            "Measured: what constructing it allocates on this thread, on 64-bit .NET, with the headers of objects and arrays. The formula counts the "
            + "elements of the codecs' arrays (`PerMessageDeflateOptions.MemoryBytes`), on the device also the two buffers.");

        report.Table("each idle socket, after a message each way", "window", "managed", "native", "in all", "resident");
        byte[] message = Telemetry.Messages(1)[0];
        foreach (int bits in new[] { 9, 15 })
        {
            (string Name, Func<System.IO.Stream, bool, int, WebSocket> Create)[] kinds = [("Ws.Micro", Sockets.Ours), ("System.Net.WebSockets", Sockets.Dotnets)];
            foreach ((string name, Func<System.IO.Stream, bool, int, WebSocket> create) in kinds)
            {
                byte[] received = First(create, bits, message);
                NativeMemory each = NativeMemory.Each(Instances, () =>
                {
                    (DuplexPipe stream, _) = DuplexPipe.Pair(1024);
                    stream.Bring(received);
                    WebSocket socket = create(stream, true, bits);
                    Exchange(socket, message);
                    return socket;
                });
                report.Row(name, $"{bits} bits", Bytes(each.Managed), Bytes(each.Native), Bytes(each.Managed + each.Native), Bytes(each.Resident));
            }
        }

        report.End();
        report.Say($"{Instances} servers that wait for a message at once; native memory by `mallinfo2`, resident memory by `/proc/self/statm`. About 1.5 KB of each are the "
            + "stream under it and the task that waits.");

        void Row(string what, long measured, long formula, long goal) => report.Row(
            what, Bytes(measured), Bytes(formula), goal == 0 ? "" : $"at most {Bytes(goal)}", goal == 0 ? "" : Report.Reached(measured <= goal));
    }

    private static string Bytes(long bytes) => $"{bytes:N0} B";

    // The second time, because the first also pays for types that are used for the first time.
    private static long Allocated<T>(Func<T> make)
    {
        long allocated = 0;
        for (int time = 0; time < 2; time++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            T made = make();
            allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            GC.KeepAlive(made);
        }

        return allocated;
    }

    // What a client sends first.
    private static byte[] First(Func<System.IO.Stream, bool, int, WebSocket> create, int bits, byte[] message)
    {
        (DuplexPipe stream, DuplexPipe peer) = DuplexPipe.Pair(1024);
        using WebSocket client = create(stream, false, bits);
        Wait(client.SendAsync(message.AsMemory(), WebSocketMessageType.Text, true, CancellationToken.None));
        return peer.Waiting.ToArray();
    }

    private static void Exchange(WebSocket socket, byte[] message)
    {
        byte[] buffer = new byte[1024];
        if (socket.ReceiveAsync(buffer.AsMemory(), CancellationToken.None).AsTask().GetAwaiter().GetResult().Count != message.Length)
        {
            throw new InvalidOperationException("The message came out changed.");
        }

        Wait(socket.SendAsync(message.AsMemory(), WebSocketMessageType.Text, true, CancellationToken.None));
        _ = socket.ReceiveAsync(Memory<byte>.Empty, CancellationToken.None).AsTask();
    }

    private static void Wait(ValueTask task) => task.AsTask().GetAwaiter().GetResult();
}
