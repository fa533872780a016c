using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using Ws.Micro.Handshake;
using Ws.Micro.Tests.Support;

namespace Ws.Micro.Tests;

/// <summary>
/// Whatever bytes arrive, in whatever pieces: the same events, a state that the last event explains, no allocation, and no touch outside the
/// input. The bytes are frames and heads that are mostly right, with mutations.
/// </summary>
[Collection(MeasuredAlone.Name)]
public sealed class PropertyTests
{
    private const int Seed = 6455;
    private const int Runs = 4000;
    private const int Capacity = 4096;

    private static readonly int[] FirstBytes = { 0x81, 0x82, 0x01, 0x02, 0x00, 0x80, 0x89, 0x8A, 0x88, 0xC1, 0xC2, 0x41, 0x42 };

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, false)]
    [InlineData(true, true)]
    [InlineData(false, true)]
    public void Any_frames_in_any_pieces(bool isServer, bool withExtension)
    {
        Recorder whole = new(Capacity, 0xA5);
        Recorder pieces = new(Capacity, 0x5A);
        HashSet<EngineState> states = new();
        HashSet<string> errors = new();
        for (int run = 0; run < Runs; run++)
        {
            Random random = new(Seed + run);
            byte[] wire = Frames(random, isServer);
            long maxMessageSize = random.Next(4) == 0 && !withExtension ? random.Next(100) : long.MaxValue;
            bool holdsBack = random.Next(2) == 0;
            WebSocketEngine first = NewEngine();
            WebSocketEngine second = NewEngine();
            whole.Clear();
            pieces.Clear();

            long before = GC.GetAllocatedBytesForCurrentThread();
            whole.FeedPiece(first, wire, 0, wire.Length);
            int most = 1 + random.Next(20);
            for (int at = 0; at < wire.Length;)
            {
                int count = Math.Min(run % 4 == 0 ? 1 : 1 + random.Next(most), wire.Length - at);
                pieces.FeedPiece(second, wire, at, count);
                at += count;
            }

            long allocated = GC.GetAllocatedBytesForCurrentThread() - before;

            string label = $"seed {Seed + run}\n";
            List<string> lines = whole.Lines.ToList();
            Assert.Equal(label + string.Join('\n', lines), label + string.Join('\n', pieces.Lines));
            Assert.Equal((label, first.State, first.Error, first.CloseCode), (label, second.State, second.Error, second.CloseCode));
            Assert.True(run < 10 || allocated == 0, $"{label}allocated {allocated}");
            EngineState explained = lines.Count == 0 ? EngineState.Open
                : lines[^1].StartsWith("failed", StringComparison.Ordinal) ? EngineState.Failed
                : lines[^1].StartsWith("close", StringComparison.Ordinal) ? EngineState.ClosedByPeer
                : EngineState.Open;
            Assert.Equal((label, explained), (label, first.State));
            states.Add(first.State);
            errors.Add(first.Error.ToString());

            WebSocketEngine NewEngine() => new(isServer, maxMessageSize, withExtension ? new Doubling { HoldsBack = holdsBack } : null);
        }

        // The generator reaches what it is for.
        Assert.Equal(3, states.Count);
        Assert.True(errors.Count >= 12, string.Join(' ', errors));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Any_head_in_any_pieces(bool isServer)
    {
        HashSet<HandshakeError> errors = new();
        for (int run = 0; run < Runs; run++)
        {
            Random random = new(Seed + run);
            byte[] bytes = Encoding.Latin1.GetBytes(Head(random, isServer));
            for (int i = random.Next(3); i > 0; i--)
            {
                bytes[random.Next(bytes.Length)] = random.Next(3) == 0 ? (byte)random.Next(256) : (byte)"\r\n:, \"=;\0"[random.Next(9)];
            }

            int size = random.Next(8) == 0 ? random.Next(1, bytes.Length) : 1024;
            (HandshakeStatus, HandshakeError, string?) whole = Read(bytes, isServer, size, bytes.Length);
            (HandshakeStatus, HandshakeError, string?) pieces = Read(bytes, isServer, size, 1 + random.Next(9));
            Assert.Equal((Seed + run, whole), (Seed + run, pieces));
            Assert.Equal(whole.Item1 == HandshakeStatus.Refused, whole.Item2 != HandshakeError.None);
            errors.Add(whole.Item2);
        }

        Assert.True(errors.Count >= (isServer ? 8 : 6), string.Join(' ', errors));
    }

    private static byte[] Frames(Random random, bool fromClient)
    {
        List<Frame> frames = new();
        bool inMessage = false;
        for (int i = random.Next(1, 12); i > 0; i--)
        {
            int firstByte = random.Next(8) == 0 ? random.Next(256) : FirstBytes[random.Next(FirstBytes.Length)];
            if ((firstByte & 8) == 0 && random.Next(10) > 0)
            {
                // Mostly in order: a continuation inside a message, a type at its start.
                firstByte = inMessage ? firstByte & 0x80 : (firstByte & 0xF0) | (1 + random.Next(2));
                inMessage = (firstByte & 0x80) == 0;
            }

            byte[] payload = new byte[random.Next(6) == 0 ? random.Next(300) : random.Next(20)];
            if (random.Next(5) == 0)
            {
                random.NextBytes(payload);
            }
            else
            {
                byte[] text = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("aé€😀", (payload.Length / 10) + 1)));
                Array.Copy(text, payload, payload.Length);
            }

            if ((firstByte & 15) == 8 && payload.Length > 1 && random.Next(3) > 0)
            {
                payload[0] = 3;
                payload[1] = 0xE8;
            }

            Frame frame = new(firstByte, payload);
            int kind = random.Next(40);
            frames.Add(kind switch
            {
                0 => frame with { WrongMask = true },
                1 => frame with { LengthSize = 8 },
                2 => frame with { LengthSize = 2 },
                3 => frame with { DeclaredLength = random.NextInt64() },
                4 => frame with { DeclaredLength = long.MinValue + payload.Length },
                _ => frame,
            });
        }

        byte[] wire = Frame.Encode(fromClient, frames.ToArray());
        for (int i = random.Next(4) == 0 ? random.Next(4) : 0; i > 0; i--)
        {
            wire[random.Next(wire.Length)] ^= (byte)(1 << random.Next(8));
        }

        return wire[..random.Next(Math.Max(1, wire.Length - 20), wire.Length + 1)];
    }

    private static string Head(Random random, bool isServer)
    {
        string[] lines =
        {
            "Sec-WebSocket-Protocol: a, mqtt", "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits=\"15\"", "Origin: https://a",
            "Content-Length: 0", "Sec-WebSocket-Version: 13", "X: y\r\nConnection: close", "Sec-WebSocket-Key: " + Heads.Key, "Sec-WebSocket-Accept: x",
        };
        string[] names = { "", "", "Host", "Connection", "Upgrade", "Sec-WebSocket-Version", "Sec-WebSocket-Accept" };
        string line = random.Next(2) == 0 ? "X: y" : lines[random.Next(lines.Length)];
        string name = names[random.Next(names.Length)];
        string[] starts = { "HTTP/1.1 101 Switching Protocols", "HTTP/1.1 101", "HTTP/1.1 503 Service Unavailable" };
        return isServer ? Heads.Request(name, line) : Heads.Response(name, line, starts[random.Next(starts.Length)]);
    }

    private static (HandshakeStatus Status, HandshakeError Error, string? Header) Read(byte[] bytes, bool isServer, int bufferSize, int piece)
    {
        if (isServer)
        {
            ServerHandshake server = new(new byte[bufferSize]);
            HandshakeStatus read = Heads.Feed(server.Head, server.Read, bytes, piece);
            return (read, server.Error, server.Head.GetHeader("X"));
        }

        ClientHandshake client = new(new byte[bufferSize], Heads.Nonce, new[] { "mqtt" }, null);
        HandshakeStatus status = Heads.Feed(client.Head, client.Read, bytes, piece);
        return (status, client.Error, client.Head.GetHeader("X"));
    }
}
