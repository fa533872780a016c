using System;
using System.IO;
using System.Linq;
using System.Net.WebSockets;
using System.Threading;
using System.Threading.Tasks;
using Ws.Micro.Benchmarks.Measuring;
using Ws.Micro.Testing;

namespace Ws.Micro.Benchmarks.Deflate;

/// <summary>Processor time of small messages from a client's socket through a server's, against .NET's own sockets.</summary>
internal static class MessageFigures
{
    private const int Messages = 1000, WarmUp = 40, Rounds = 60;

    public static void Run(Report report)
    {
        report.Begin("Processor time of a message of 150 B, with takeover");
        report.Say(
            $"A client's socket sends, a server's receives, through memory, on one thread: deflate, mask, unmask, inflate, check UTF-8. JSON readings of one device. "
            + $"Medians of {Rounds} rounds of {Messages:N0} messages, ours and .NET's in turns; in brackets the half of the distance between the quartiles. "
            + "'Codecs': our deflater and inflater alone, of it.");
        report.Table("window", ".NET", "Ws.Micro", "codecs", "ours to .NET's", "goal", "reached");
        byte[][] messages = Readings.Make(Messages);
        for (int bits = 9; bits <= 15; bits++)
        {
            Sample[] times = CpuTime.Compare(WarmUp, Rounds, Through(Sockets.Dotnets, bits, messages), Through(Sockets.Ours, bits, messages), Codecs(bits, messages));
            double ratio = times[1].Median / times[0].Median;
            report.Row([$"{bits} bits", .. times.Select(Cell), $"{ratio:F2}", "at most 1.00", Report.Reached(ratio <= 1)]);
        }

        report.End();

        static string Cell(Sample time) => $"{time.Median / Messages / 1000:F2} µs (±{time.Noise * 100:F0} %)";
    }

    private static Action Through(Func<Stream, bool, int, WebSocket> create, int bits, byte[][] messages)
    {
        (DuplexPipe toServer, DuplexPipe fromClient) = DuplexPipe.Pair(16 * 1024);
        WebSocket client = create(toServer, false, bits);
        WebSocket server = create(fromClient, true, bits);
        byte[] buffer = new byte[1024];
        return () =>
        {
            foreach (byte[] message in messages)
            {
                ValueTask sent = client.SendAsync(message.AsMemory(), WebSocketMessageType.Text, true, CancellationToken.None);
                Check(sent.IsCompletedSuccessfully);
                sent.GetAwaiter().GetResult();
                int got = 0;
                ValueWebSocketReceiveResult result;
                do
                {
                    ValueTask<ValueWebSocketReceiveResult> received = server.ReceiveAsync(buffer.AsMemory(), CancellationToken.None);
                    Check(received.IsCompletedSuccessfully);
                    result = received.GetAwaiter().GetResult();
                    got += result.Count;
                }
                while (!result.EndOfMessage);

                Check(got == message.Length);
            }
        };
    }

    private static Action Codecs(int bits, byte[][] messages)
    {
        PerMessageDeflate client = Sockets.Codecs(false, bits, Sockets.OnDotnet);
        PerMessageDeflate server = Sockets.Codecs(true, bits, Sockets.OnDotnet);
        byte[] wire = new byte[1024];
        return () =>
        {
            foreach (byte[] message in messages)
            {
                int size = client.Encode(message, wire);
                server.BeginDecode();
                int got = 0;
                int at = 0;
                do
                {
                    Check(server.Decode(wire, at, size - at, true));
                    at += server.DecodeTaken;
                    got += server.DecodedCount;
                }
                while (!server.DecodeDone);

                Check(got == message.Length);
            }
        };
    }

    private static void Check(bool passed)
    {
        if (!passed)
        {
            throw new InvalidOperationException("A message did not come through whole, and at once.");
        }
    }
}
