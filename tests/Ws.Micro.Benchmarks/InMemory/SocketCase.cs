using System;
using System.IO;
using System.Linq;
using System.Net.WebSockets;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using Ws.Micro.Desktop;
using Ws.Micro.Framing;
using Ws.Micro.Testing;

namespace Ws.Micro.Benchmarks.InMemory;

/// <summary>What is done with a message.</summary>
internal enum Operation
{
    /// <summary>It is sent; what was written is dropped.</summary>
    Send,

    /// <summary>Its frame is there when it is received.</summary>
    Receive,

    /// <summary>It is received before its frame is there.</summary>
    Wait,
}

/// <summary>One kind of message, sent or received by one socket in memory.</summary>
/// <param name="Operation">What is done with it.</param>
/// <param name="Type">Text or binary.</param>
/// <param name="FromClient">Whether a client sends it, masked; or a server.</param>
/// <param name="Size">Bytes of payload.</param>
internal sealed record SocketCase(Operation Operation, WebSocketMessageType Type, bool FromClient, int Size)
{
    // Room in a connection for the largest frame.
    private const int PipeSize = 80 * 1024;

    // Mostly ASCII, with code points of two, three and four bytes.
    private const string Text = """{"sensor":"attic","temperature":21.4,"unit":"°C","note":"naïve façade — 温度 🌡"} """;

    public static WebSocket Ours(Stream stream, bool isServer) =>
        MicroWebSocket.CreateFromStream(stream, isServer, new MicroWebSocketOptions());

    // Its keep-alive: every 30 seconds, as ours.
    public static WebSocket Dotnets(Stream stream, bool isServer) =>
        WebSocket.CreateFromStream(stream, new WebSocketCreationOptions { IsServer = isServer, KeepAliveInterval = TimeSpan.FromSeconds(30) });

    /// <summary>So many bytes of text: cut where it is full, and filled up with spaces, so that it ends after a whole code point.</summary>
    public static byte[] TextOf(int size)
    {
        byte[] payload = new byte[size];
        string text = string.Concat(Enumerable.Repeat(Text, (size / Text.Length) + 1));
        Encoding.UTF8.GetEncoder().Convert(text, payload, true, out _, out int used, out _);
        payload.AsSpan(used).Fill((byte)' ');
        return payload;
    }

    /// <summary>What does it with so many messages, one after the other, each at once.</summary>
    public Action Run(Func<Stream, bool, WebSocket> create, int messages)
    {
        (DuplexPipe client, DuplexPipe server) = DuplexPipe.Pair(PipeSize);
        byte[] payload = Payload();
        if (Operation == Operation.Send)
        {
            WebSocket socket = FromClient ? create(client, false) : create(server, true);
            DuplexPipe other = FromClient ? server : client;
            return () => Send(socket, payload, other, messages);
        }

        // .NET's own client makes the frame, for both.
        using WebSocket sender = Dotnets(FromClient ? client : server, !FromClient);
        Send(sender, payload, null, 1);
        byte[] frame = (FromClient ? server : client).Waiting.ToArray();

        (client, server) = DuplexPipe.Pair(PipeSize);
        WebSocket receiver = FromClient ? create(server, true) : create(client, false);
        DuplexPipe source = FromClient ? server : client;
        byte[] buffer = new byte[PipeSize];
        return Operation == Operation.Receive
            ? () => ReceiveAtHand(receiver, source, frame, buffer, messages)
            : () => ReceiveAwaited(receiver, source, frame, buffer, messages);
    }

    /// <summary>
    /// What no socket over a stream can do without to receive: one read of the whole frame into the buffer and, where it is masked, one pass over the payload.
    /// Null where messages are sent.
    /// </summary>
    public Action? RunFloor(int messages)
    {
        if (Operation == Operation.Send)
        {
            return null;
        }

        (DuplexPipe receiver, _) = DuplexPipe.Pair(0);
        int header = FrameWriter.HeaderSize(Size, FromClient);
        byte[] frame = new byte[header + Size];
        byte[] buffer = new byte[PipeSize];
        return () =>
        {
            for (int i = 0; i < messages; i++)
            {
                if (Operation == Operation.Receive)
                {
                    receiver.Bring(frame);
                }

                ValueTask<int> read = receiver.ReadAsync(buffer);
                if (Operation == Operation.Wait)
                {
                    receiver.Bring(frame);
                }

                Check(read.GetAwaiter().GetResult() == frame.Length);
                if (FromClient)
                {
                    Masking.Apply(buffer, header, Size, 0x5AC30F69);
                }
            }
        };
    }

    private void Send(WebSocket socket, byte[] payload, DuplexPipe? other, int messages)
    {
        for (int i = 0; i < messages; i++)
        {
            ValueTask sent = socket.SendAsync(payload.AsMemory(), Type, true, CancellationToken.None);
            Check(sent.IsCompletedSuccessfully);
            sent.GetAwaiter().GetResult();
            other?.Drop();
        }
    }

    private void ReceiveAtHand(WebSocket socket, DuplexPipe source, byte[] frame, byte[] buffer, int messages)
    {
        for (int i = 0; i < messages; i++)
        {
            source.Bring(frame);
            Finish(socket, socket.ReceiveAsync(buffer.AsMemory(), CancellationToken.None), buffer);
        }
    }

    private void ReceiveAwaited(WebSocket socket, DuplexPipe source, byte[] frame, byte[] buffer, int messages)
    {
        for (int i = 0; i < messages; i++)
        {
            ValueTask<ValueWebSocketReceiveResult> received = socket.ReceiveAsync(buffer.AsMemory(), CancellationToken.None);
            Check(!received.IsCompleted);
            source.Bring(frame);
            Finish(socket, received, buffer);
        }
    }

    private void Finish(WebSocket socket, ValueTask<ValueWebSocketReceiveResult> received, byte[] buffer)
    {
        Check(received.IsCompletedSuccessfully);
        ValueWebSocketReceiveResult result = received.GetAwaiter().GetResult();
        int got = result.Count;
        while (!result.EndOfMessage)
        {
            received = socket.ReceiveAsync(buffer.AsMemory(got), CancellationToken.None);
            Check(received.IsCompletedSuccessfully);
            result = received.GetAwaiter().GetResult();
            got += result.Count;
        }

        Check(got == Size && result.MessageType == Type);
    }

    private byte[] Payload()
    {
        if (Type == WebSocketMessageType.Binary)
        {
            byte[] payload = new byte[Size];
            new Random(Size).NextBytes(payload);
            return payload;
        }

        return TextOf(Size);
    }

    private static void Check(bool passed)
    {
        if (!passed)
        {
            throw new InvalidOperationException("A message did not come through whole, and at once.");
        }
    }
}
