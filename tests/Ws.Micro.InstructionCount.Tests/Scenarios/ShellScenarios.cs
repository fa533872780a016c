using System;
using System.Collections.Generic;
using System.Linq;
using System.Security.Cryptography;
using System.Text;
using Ws.Micro.Deflate.Tests;
using Ws.Micro.Framing;
using Ws.Micro.Net;

namespace Ws.Micro.InstructionCount.Tests;

/// <summary>All that the device executes for a message above its transport: the blocking connection and the engine in it.</summary>
internal static class ShellScenarios
{
    private const int WindowBits = 10;
    private const string Text = "{\"id\":\"sensor-a4cf12\",\"temperature\":21.43,\"humidity\":48.02}";

    // As the tests of Deflate have them, made up to 150 bytes each; of them the last counts.
    private static readonly byte[][] Readings = [.. Telemetry.Messages(50).Select(reading =>
        (byte[])[.. reading[..^1], .. ",\"firmware\":\"1.4.2-rc.1\",\"boot\":11"u8[..(150 - reading.Length)], (byte)'}'])];

    public static IEnumerable<(string Name, int Bytes, int Others, Func<Action> Prepare)> All()
    {
        foreach ((int size, int others) in new[] { (16, 1_866), (125, 7_534), (1024, 54_546), (4096, 214_290) })
        {
            yield return ($"WebSocketConnection: echo {size:N0} B as client", size, others, () => Echo(size));
        }

        foreach (bool deflate in new[] { false, true })
        {
            string how = deflate ? $", deflated with a window of 2^{WindowBits}" : "";
            yield return ("WebSocketConnection: send a reading of 150 B as client" + how, 150, 0, () => Send(deflate));
            yield return ("WebSocketConnection: receive a reading of 150 B as client" + how, 150, 0, () => Receive(deflate));
        }
    }

    private static Action Echo(int size)
    {
        ScriptedTransport transport = new();
        WebSocketConnection connection = Connect(transport, deflate: false);
        byte[] frame = Scenarios.Frame(Scenarios.Fill(Text, size), fromClient: false);
        byte[] message = new byte[size];
        return () =>
        {
            transport.Arrives(frame);
            ReceiveMessage(connection, message);
            connection.Send(message, 0, size, isText: true);
        };
    }

    private static Action Send(bool deflate)
    {
        WebSocketConnection connection = Connect(new ScriptedTransport(), deflate);
        foreach (byte[] reading in Readings[..^1])
        {
            connection.Send(reading, 0, reading.Length, isText: true);
        }

        return () => connection.Send(Readings[^1], 0, Readings[^1].Length, isText: true);
    }

    private static Action Receive(bool deflate)
    {
        ScriptedTransport transport = new();
        WebSocketConnection connection = Connect(transport, deflate);
        byte[][] payloads = deflate ? DeflateScenarios.Encode(new(WindowBits, WindowBits - 1, 16), Readings) : Readings;
        byte[] message = new byte[150];
        foreach (byte[] payload in payloads[..^1])
        {
            Receive(payload);
        }

        return () => Receive(payloads[^1]);

        void Receive(byte[] payload)
        {
            byte[] frame = Scenarios.Frame(payload, fromClient: false);
            frame[0] |= deflate ? (byte)FrameWriter.Rsv1 : (byte)0;
            transport.Arrives(frame);
            ReceiveMessage(connection, message);
        }
    }

    private static WebSocketConnection Connect(ScriptedTransport transport, bool deflate)
    {
        WebSocketClientOptions options = new();
        if (deflate)
        {
            options.Deflate = new() { MaxSendWindowBits = WindowBits, MaxReceiveWindowBits = WindowBits };
        }

        WebSocketConnection connection = WebSocketClient.Connect(transport, "gateway.local", "/sensors/attic", options);
        Scenarios.Check(connection.Deflate == null == !deflate);
        return connection;
    }

    private static void ReceiveMessage(WebSocketConnection connection, byte[] message)
    {
        int received = 0;
        do
        {
            Scenarios.Check(connection.Receive(1000) == ReceiveStatus.Data);
            Array.Copy(connection.Data, connection.DataOffset, message, received, connection.DataCount);
            received += connection.DataCount;
        }
        while (!connection.IsLast);

        Scenarios.Check(received == message.Length);
    }

    /// <summary>A peer that agrees to the opening handshake, then says what it is given and drops what it hears.</summary>
    private sealed class ScriptedTransport : Transport
    {
        private byte[] _input = [];
        private int _at;
        private bool _isOpen;

        public void Arrives(byte[] bytes) => (_input, _at) = (bytes, 0);

        public override int Read(byte[] buffer, int offset, int count, int timeout)
        {
            int n = Math.Min(count, _input.Length - _at);
            Array.Copy(_input, _at, buffer, offset, n);
            _at += n;
            return n == 0 ? TimedOut : n;
        }

        public override bool Write(byte[] buffer, int offset, int count, int timeout)
        {
            if (!_isOpen)
            {
                string request = Encoding.ASCII.GetString(buffer, offset, count);
                string key = request.Split("Sec-WebSocket-Key: ")[1][..24];
                string accept = Convert.ToBase64String(SHA1.HashData(Encoding.ASCII.GetBytes(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")));
                string extensions = request.Contains("permessage-deflate", StringComparison.Ordinal)
                    ? $"Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits={WindowBits}; server_max_window_bits={WindowBits}\r\n" : "";
                Arrives(Encoding.ASCII.GetBytes(
                    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                    + $"Sec-WebSocket-Accept: {accept}\r\n{extensions}\r\n"));
                _isOpen = true;
            }

            return true;
        }

        public override bool EndWrite() => true;

        public override void Close()
        {
        }
    }
}
