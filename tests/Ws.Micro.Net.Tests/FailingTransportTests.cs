using System;
using System.Threading.Tasks;

namespace Ws.Micro.Net.Tests;

/// <summary>A whole conversation in which the Nth read or write of one side fails, for every N until none does.</summary>
public sealed class FailingTransportTests
{
    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public async Task Wherever_the_connection_is_lost_both_sides_come_to_a_defined_end(bool clientFails, bool writesHalf)
    {
        bool failed = true;
        int n = 0;
        while (failed)
        {
            n++;
            (MemoryTransport left, MemoryTransport right) = MemoryTransport.Pair();
            MemoryTransport failing = clientFails ? left : right;
            failing.FailAt = n;
            failing.WritesHalf = writesHalf;

            Task<End> client = Loopback.Run(() => PlayClient(left));
            Task<End> server = Loopback.Run(() => PlayServer(right));
            End clientEnd = await client;
            End serverEnd = await server;

            failed = failing.HasFailed;
            Assert.True(left.IsClosed, "The client's transport is open after failure " + n);
            Assert.True(right.IsClosed, "The server's transport is open after failure " + n);
            if (!failed)
            {
                Assert.Equal(new End(null, 4000), clientEnd);
                Assert.Equal(new End(null, 4000), serverEnd);
            }
            else
            {
                // 4000 where the close frames had passed already.
                End end = clientFails ? clientEnd : serverEnd;
                Assert.True(end.Step is ConnectionStep.Handshake || end.CloseCode is 1006 or 4000, "Failure " + n + " ended as " + end);
                Assert.True(end.Step is null or ConnectionStep.Handshake or ConnectionStep.Send, "Failure " + n + " ended as " + end);
            }

            Assert.InRange(n, 1, 1000);
        }

        Assert.True(n > 10, "The conversation has only " + n + " operations.");
    }

    // How one side ended: the step of its error, if it had one, and the close code.
    private readonly record struct End(ConnectionStep? Step, int CloseCode);

    private static End PlayClient(MemoryTransport transport)
    {
        WebSocketConnection? connection = null;
        try
        {
            connection = WebSocketClient.Connect(transport, "h", "/", new WebSocketClientOptions());
            byte[] text = Message.Utf8(2000);
            connection.Send(text, 0, 700, isText: true, isLast: false);
            connection.Send(text, 700, 1300, isText: true);
            if (!Await(connection, ReceiveStatus.Data))
            {
                return new End(null, connection.CloseCode);
            }

            connection.Ping();
            if (!Await(connection, ReceiveStatus.Pong))
            {
                return new End(null, connection.CloseCode);
            }

            connection.Close(4000, "done");
            return new End(null, connection.CloseCode);
        }
        catch (WebSocketConnectionException e)
        {
            return new End(e.Step, connection == null ? 0 : connection.CloseCode);
        }
    }

    private static End PlayServer(MemoryTransport transport)
    {
        WebSocketConnection? connection = null;
        try
        {
            connection = new WebSocketRequest(transport, new WebSocketListenerOptions()).Accept();
            connection.EchoUntilClosed();
            return new End(null, connection.CloseCode);
        }
        catch (WebSocketConnectionException e)
        {
            return new End(e.Step, connection == null ? 0 : connection.CloseCode);
        }
    }

    // Receives to the end of a message, or to a pong; false where the connection ended before.
    private static bool Await(WebSocketConnection connection, ReceiveStatus awaited)
    {
        while (true)
        {
            ReceiveStatus status = connection.Receive(Loopback.LongWait);
            if (status == ReceiveStatus.Closed)
            {
                return false;
            }

            Assert.NotEqual(ReceiveStatus.Timeout, status);
            if (status == awaited && (status == ReceiveStatus.Pong || connection.IsLast))
            {
                return true;
            }
        }
    }
}
