using System;
using System.Collections.Generic;
using System.Security.Cryptography;
using System.Text;
using Ws.Micro.Net;

namespace Ws.Micro.InstructionCount.Tests;

/// <summary>All that the device executes for a message above its transport: the blocking connection and the engine in it.</summary>
internal static class ShellScenarios
{
    private const string Text = "{\"id\":\"sensor-a4cf12\",\"temperature\":21.43,\"humidity\":48.02}";

    public static IEnumerable<(string Name, int Bytes, int Others, Func<Action> Prepare)> All()
    {
        foreach ((int size, int others) in new[] { (16, 1_866), (125, 7_534), (1024, 54_546), (4096, 214_290) })
        {
            yield return ($"WebSocketConnection: echo {size:N0} B as client", size, others, () => Echo(size));
        }
    }

    private static Action Echo(int size)
    {
        ScriptedTransport transport = new();
        WebSocketConnection connection = WebSocketClient.Connect(transport, "gateway.local", "/sensors/attic", new WebSocketClientOptions());
        byte[] frame = Scenarios.Frame(Scenarios.Fill(Text, size), fromClient: false);
        byte[] message = new byte[size];
        return () =>
        {
            transport.Arrives(frame);
            int received = 0;
            do
            {
                Scenarios.Check(connection.Receive(1000) == ReceiveStatus.Data);
                Array.Copy(connection.Data, connection.DataOffset, message, received, connection.DataCount);
                received += connection.DataCount;
            }
            while (!connection.IsLast);

            Scenarios.Check(received == size);
            connection.Send(message, 0, size, isText: true);
        };
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
                Arrives(Encoding.ASCII.GetBytes(
                    $"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"));
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
