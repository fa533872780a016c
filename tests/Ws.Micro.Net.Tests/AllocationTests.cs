using System;
using System.Threading.Tasks;

namespace Ws.Micro.Net.Tests;

/// <summary>After warm-up the shell allocates nothing, counted on the thread that runs it.</summary>
[Collection(MeasuredAlone.Name)]
public sealed class AllocationTests
{
    private const int WarmUp = 500;
    private const int Messages = 10_000;

    // Within a buffer, at the boundaries of the length forms, and over several buffers; 512 bytes each way.
    private static readonly int[] Sizes = [0, 1, 16, 125, 126, 150, 511, 512, 1500];

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Ten_thousand_echoed_messages_allocate_nothing_in_either_role(bool deflate)
    {
        PerMessageDeflateOptions? options = deflate ? new() : null;
        (WebSocketConnection client, WebSocketConnection server) = await Loopback.ConnectPair(
            new WebSocketClientOptions { Deflate = options }, new WebSocketListenerOptions { Deflate = options });
        Assert.Equal(deflate, client.Deflate != null);
        using (client)
        using (server)
        {
            Task<long> serverAllocated = Loopback.Run(() => Measure(() => EchoOne(server)));
            Task<long> clientAllocated = Loopback.Run(() =>
            {
                // With zeros at its beginning each size shrinks, the largest over several buffers.
                byte[] message = Message.Binary(2000);
                Array.Clear(message, 0, deflate ? 400 : 0);
                int sent = 0;
                return Measure(() =>
                {
                    client.Send(message, 0, Sizes[sent++ % Sizes.Length], isText: false);
                    ReceiveOne(client);
                });
            });

            Assert.Equal(0, await clientAllocated);
            Assert.Equal(0, await serverAllocated);
        }
    }

    private static long Measure(Action exchange)
    {
        for (int i = 0; i < WarmUp; i++)
        {
            exchange();
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < Messages; i++)
        {
            exchange();
        }

        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    private static void EchoOne(WebSocketConnection connection)
    {
        do
        {
            ReceivePart(connection);
            connection.Send(connection.Data, connection.DataOffset, connection.DataCount, connection.IsText, connection.IsLast);
        }
        while (!connection.IsLast);
    }

    private static void ReceiveOne(WebSocketConnection connection)
    {
        do
        {
            ReceivePart(connection);
        }
        while (!connection.IsLast);
    }

    // Without an assertion that would itself allocate.
    private static void ReceivePart(WebSocketConnection connection)
    {
        if (connection.Receive(Loopback.LongWait) != ReceiveStatus.Data)
        {
            throw new InvalidOperationException("The connection ended with " + connection.CloseCode);
        }
    }
}
