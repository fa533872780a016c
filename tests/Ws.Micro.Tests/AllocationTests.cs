using System;
using System.Text;
using Ws.Micro.Framing;
using Ws.Micro.Handshake;
using Ws.Micro.Tests.Support;

namespace Ws.Micro.Tests;

/// <summary>Once set up, a connection allocates nothing: 10,000 messages there and back through two engines in memory; F2.</summary>
[Collection(MeasuredAlone.Name)]
public sealed class AllocationTests
{
    private const int Messages = 10_000;
    private const int Capacity = 70_000;

    private static readonly int[] Sizes = { 0, 1, 16, 125, 126, 127, 1000, 4096, 65535, 65536 };

    private readonly byte[] _payload = new byte[Capacity];
    private readonly byte[] _toServer = new byte[Capacity];
    private readonly byte[] _toClient = new byte[Capacity];
    private readonly byte[] _received = new byte[Capacity];
    private readonly byte[] _pong = new byte[131];
    private long _echoed;
    private long _now;

    [Fact]
    public void Ten_thousand_messages_echoed_allocate_nothing_in_either_role()
    {
        WebSocketEngine client = new(isServer: false, Limits.DefaultMaxMessageSize, null);
        WebSocketEngine server = new(isServer: true, Limits.DefaultMaxMessageSize, null);
        Array.Fill(_payload, (byte)'t');
        for (int i = 0; i < 20; i++)
        {
            Echo(client, server, i);
        }

        _echoed = 0;
        long expected = 0;
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < Messages; i++)
        {
            Echo(client, server, i);
            expected += Sizes[i % Sizes.Length];
        }

        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.Equal(0, allocated);
        Assert.Equal(expected, _echoed);
    }

    [Fact]
    public void Failing_and_closing_allocate_nothing()
    {
        long allocated = -1;
        for (int run = 0; run < 2; run++)
        {
            WebSocketEngine server = new(isServer: true, 100, null);
            WebSocketEngine client = new(isServer: false, 100, null);
            byte[] bad = { 0xF1, 0x80, 1, 2, 3, 4 };
            long before = GC.GetAllocatedBytesForCurrentThread();
            EngineEvent failed = server.Receive(bad, 0, bad.Length, 0);
            int size = server.WriteClose(_toClient, 0, server.CloseCode, _payload, 0, 100, 0);
            EngineEvent closed = client.Receive(_toClient, 0, size, 0);
            size = client.WriteClose(_toServer, 0, client.CloseCode, _payload, 0, 0, 77);
            allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.Equal((EngineEvent.Failed, EngineEvent.Close, 1002, 8), (failed, closed, client.CloseCode, size));
        }

        Assert.Equal(0, allocated);
    }

    [Fact]
    public void F2_declared_length_allocates_nothing()
    {
        foreach (bool isServer in new[] { true, false })
        {
            byte[] wire = Frame.Encode(isServer, Frame.Of(0x82, "abc") with { DeclaredLength = long.MaxValue });
            new WebSocketEngine(isServer, long.MaxValue, null).Receive((byte[])wire.Clone(), 0, wire.Length, 0);
            WebSocketEngine engine = new(isServer, long.MaxValue, null);

            long before = GC.GetAllocatedBytesForCurrentThread();
            EngineEvent found = engine.Receive(wire, 0, wire.Length, 0);
            long allocated = GC.GetAllocatedBytesForCurrentThread() - before;

            Assert.Equal(EngineEvent.Data, found);
            Assert.Equal(3, engine.DataCount);
            Assert.Equal(0, allocated);
        }
    }

    [Fact]
    public void Reading_a_request_and_accepting_it_allocates_nothing()
    {
        byte[] request = Encoding.ASCII.GetBytes(Heads.Request("", "Sec-WebSocket-Protocol: a, b\r\nSec-WebSocket-Extensions: a; b=\"1\""));
        byte[] output = new byte[256];
        long allocated = -1;
        for (int run = 0; run < 2; run++)
        {
            byte[] buffer = new byte[1024];
            ServerHandshake handshake = new(buffer);
            long before = GC.GetAllocatedBytesForCurrentThread();
            HandshakeStatus status = HandshakeStatus.NeedMore;
            for (int i = 0; i < request.Length; i++)
            {
                buffer[i] = request[i];
                status = handshake.Read(1);
            }

            int size = handshake.WriteAccept(output, "a", null);
            allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.Equal(HandshakeStatus.Done, status);
            Assert.NotEqual(0, size);
        }

        Assert.Equal(0, allocated);
    }

    private void Echo(WebSocketEngine client, WebSocketEngine server, int i)
    {
        int size = Sizes[i % Sizes.Length];
        bool isText = i % 3 == 0;
        int sent = Write(client, _toServer, _payload, size, isText, i % 7, i * 7919);
        int received = Read(server, client, _toServer, sent, isText);
        sent = Write(server, _toClient, _received, received, isText, i % 5, 0);
        _echoed += Read(client, server, _toClient, sent, isText);
        _now += 10;
    }

    // A message in one frame or two, and a ping between them or behind.
    private int Write(WebSocketEngine engine, byte[] wire, byte[] payload, int size, bool isText, int kind, int maskKey)
    {
        int at = 0;
        int firstSize = kind < 2 ? size / 2 : size;
        if (kind < 2)
        {
            at = WriteFrame(engine, wire, at, payload, 0, firstSize, isText, isLast: false, maskKey);
            at += engine.WritePing(wire, at, payload, 0, kind, ~maskKey);
        }

        at = WriteFrame(engine, wire, at, payload, kind < 2 ? firstSize : 0, kind < 2 ? size - firstSize : size, isText, isLast: true, maskKey + 1);
        return kind == 2 ? at + engine.WritePing(wire, at, payload, 0, 100, maskKey) : at;
    }

    private static int WriteFrame(WebSocketEngine engine, byte[] wire, int at, byte[] payload, int from, int count, bool isText, bool isLast, int maskKey)
    {
        int start = at + WebSocketEngine.Headroom;
        Array.Copy(payload, from, wire, start, count);
        int header = engine.BeginFrame(wire, start, count, isText, isLast, encoded: false, maskKey);
        engine.Mask(wire, start, count);
        Array.Copy(wire, start - header, wire, at, header + count);
        return at + header + count;
    }

    // Reads a message into _received, answers pings, and returns the message's size.
    private int Read(WebSocketEngine engine, WebSocketEngine peer, byte[] wire, int count, bool isText)
    {
        int size = 0;
        int at = 0;
        while (true)
        {
            EngineEvent found = engine.Receive(wire, at, Math.Min(count - at, 1460), _now);
            at += engine.Taken;
            if (found == EngineEvent.None && at == count)
            {
                return size;
            }

            if (found == EngineEvent.Data && engine.IsText == isText && engine.IsFirst == (size == 0))
            {
                Array.Copy(engine.Data, engine.DataOffset, _received, size, engine.DataCount);
                size += engine.DataCount;
            }
            else if (found == EngineEvent.Ping)
            {
                int pong = engine.WritePong(_pong, 0, 99);
                if (peer.Receive(_pong, 0, pong, _now) != EngineEvent.Pong || peer.Taken != pong)
                {
                    throw new InvalidOperationException("The pong did not arrive.");
                }
            }
            else if (found != EngineEvent.None)
            {
                throw new InvalidOperationException("An event that nobody sent.");
            }
        }
    }
}
