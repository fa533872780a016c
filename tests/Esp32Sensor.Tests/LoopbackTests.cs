using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Threading;
using Esp32Sensor.Node;
using Ws.Micro;
using Ws.Micro.Net;

namespace Esp32Sensor.Tests;

/// <summary>The node as it runs: in its thread, by the real clock, over real sockets.</summary>
public sealed class LoopbackTests : IDisposable
{
    private const int Deadline = 60_000;

    private readonly WebSocketListener _listener = new(new IPEndPoint(IPAddress.Loopback, 0), new WebSocketListenerOptions { Subprotocols = [TelemetryMessage.Subprotocol] });
    private readonly BlockingCollection<(int Sequence, WebSocketConnection Connection)> _received = [];
    private readonly LoopbackBoard _board = new();
    private long _last;

    public LoopbackTests()
    {
        _listener.Start();
        new Thread(Accept) { IsBackground = true }.Start();
    }

    [Fact]
    public void Readings_flow_and_go_on_after_the_gateway_cuts_the_connection()
    {
        SensorNode node = New(interval: 10, _listener.Port);
        Thread thread = Run(node);

        List<int> received = [];
        for (int i = 0; i < 60; i++)
        {
            (int sequence, WebSocketConnection connection) = Take();
            received.Add(sequence);
            if (i % 20 == 19)
            {
                connection.Dispose();
            }
        }

        Stop(node, thread);

        // Three cuts, and none is lost, repeated or out of order.
        Assert.Equal(Enumerable.Range(1, 60), received);
        Assert.InRange(_board.Connects, 3, int.MaxValue);
        Assert.Equal(0, node.Ring.Dropped);
    }

    [Fact]
    public void A_node_that_waits_for_its_next_measurement_stops_at_once()
    {
        SensorNode node = New(interval: 86_400_000, _listener.Port);
        Thread thread = Run(node);
        Assert.Equal(1, Take().Sequence);

        Stop(node, thread);
    }

    [Fact]
    public void A_node_that_waits_for_its_next_attempt_stops_at_once()
    {
        int port = _listener.Port;
        _listener.Dispose();
        SensorNode node = New(interval: 86_400_000, port, backoff: 86_400_000);
        Thread thread = Run(node);
        Assert.True(_board.Failed.WaitOne(Deadline));

        Stop(node, thread);
    }

    [Fact]
    public void A_node_stopped_before_it_runs_does_nothing()
    {
        SensorNode node = New(interval: 10, _listener.Port);
        node.Stop();

        node.Run();

        Assert.Equal(0, node.Ring.Count);
        Assert.Equal(0, _board.Connects);
    }

    public void Dispose() => _listener.Dispose();

    private static Thread Run(SensorNode node)
    {
        Thread thread = new(node.Run) { IsBackground = true };
        thread.Start();
        return thread;
    }

    private static void Stop(SensorNode node, Thread thread)
    {
        node.Stop();
        Assert.True(thread.Join(Deadline), "the node does not stop");
    }

    private SensorNode New(int interval, int port, int backoff = 1) => new(
        new NodeSettings { Gateway = $"ws://127.0.0.1:{port}", Interval = interval, MinBackoff = backoff, MaxBackoff = backoff },
        _board,
        new Random(1));

    private (int Sequence, WebSocketConnection Connection) Take()
    {
        Assert.True(_received.TryTake(out (int, WebSocketConnection) reading, Deadline), "no reading arrives");
        return reading;
    }

    private void Accept()
    {
        try
        {
            while (true)
            {
                // One after the other: what came over a connection was read before the next is greeted.
                Serve(_listener.Accept());
            }
        }
        catch (ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private void Serve(WebSocketRequest request)
    {
        try
        {
            using WebSocketConnection connection = request.Accept();
            List<byte> message = [];
            while (connection.Receive(-1) == ReceiveStatus.Data)
            {
                message.AddRange(connection.Data.AsSpan(connection.DataOffset, connection.DataCount));
                if (connection.IsLast)
                {
                    Answer(connection, Encoding.UTF8.GetString(message.ToArray()));
                    message.Clear();
                }
            }
        }
        catch (WebSocketConnectionException)
        {
            // The node is gone, or the test has cut the connection.
        }
    }

    private void Answer(WebSocketConnection connection, string message)
    {
        string[] parts = message.Split(' ', 3);
        if (parts[0] == "R")
        {
            _last = long.Parse(parts[1], CultureInfo.InvariantCulture);
            _received.Add(((int)_last, connection));
        }

        byte[] answer = Encoding.UTF8.GetBytes(parts[0] == "R" ? $"A {_last}" : $"H 0 {_last} 8");
        connection.Send(answer, 0, answer.Length, true);
    }

    private sealed class LoopbackBoard : NodeBoard
    {
        public int Connects { get; private set; }

        public ManualResetEvent Failed { get; } = new(false);

        public override void Measure(Measurements values) => values.Temperature = 2000;

        public override WebSocketConnection Connect(string url, WebSocketClientOptions options)
        {
            try
            {
                WebSocketConnection connection = WebSocketClient.Connect(url, options);
                Connects++;
                return connection;
            }
            catch (WebSocketConnectionException)
            {
                Failed.Set();
                throw;
            }
        }

        public override void Log(string line)
        {
        }
    }
}
