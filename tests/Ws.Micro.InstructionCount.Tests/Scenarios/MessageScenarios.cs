using System;
using System.Collections.Generic;
using Ws.Micro.Framing;

namespace Ws.Micro.InstructionCount.Tests;

/// <summary>The engine's part in whole messages, called as the device's shell calls it, with its buffers of 512 bytes.</summary>
internal static class MessageScenarios
{
    private const int BufferSize = 512;
    private const string Text = "{\"id\":\"sensor-a4cf12\",\"temperature\":21.43,\"humidity\":48.02}";

    public static IEnumerable<(string Name, int Bytes, int Others, Func<Action> Prepare)> All()
    {
        yield return Receive("engine: receive 1 KB of text as client", 1024, isServer: false);
        yield return Receive("engine: receive 1 KB of text as server", 1024, isServer: true);
        yield return Receive("engine: receive a reading of 150 B as server", 150, isServer: true);
        yield return Send("engine: send a reading of 150 B as client", 150);
        foreach (int size in new[] { 16, 125, 1024, 4096 })
        {
            yield return Echo($"engine: echo {size:N0} B as client", size);
        }
    }

    private static (string Name, int Bytes, int Others, Func<Action> Prepare) Receive(string name, int size, bool isServer) => (name, size, 0, () =>
    {
        Side side = new(isServer, Scenarios.Frame(Scenarios.Fill(Text, size), fromClient: isServer), size);
        return side.Receive;
    }
    );

    private static (string Name, int Bytes, int Others, Func<Action> Prepare) Send(string name, int size) => (name, size, 0, () =>
    {
        Side side = new(isServer: false, [], size);
        return side.Send;
    }
    );

    private static (string Name, int Bytes, int Others, Func<Action> Prepare) Echo(string name, int size) => (name, size, 0, () =>
    {
        Side side = new(isServer: false, Scenarios.Frame(Scenarios.Fill(Text, size), fromClient: false), size);
        return () =>
        {
            side.Receive();
            side.Send();
        };
    }
    );

    private sealed class Side(bool isServer, byte[] wire, int size)
    {
        private readonly WebSocketEngine _engine = new(isServer, Limits.DefaultMaxMessageSize, null);
        private readonly byte[] _receiveBuffer = new byte[BufferSize];
        private readonly byte[] _sendBuffer = new byte[BufferSize];
        private readonly byte[] _message = new byte[size];

        public void Receive()
        {
            int received = 0;
            for (int at = 0; at < wire.Length; at += BufferSize)
            {
                int count = Math.Min(BufferSize, wire.Length - at);
                Array.Copy(wire, at, _receiveBuffer, 0, count);
                int offset = 0;
                EngineEvent found;
                while ((found = _engine.Receive(_receiveBuffer, offset, count, 0)) != EngineEvent.None)
                {
                    Scenarios.Check(found == EngineEvent.Data);
                    offset += _engine.Taken;
                    count -= _engine.Taken;
                    Array.Copy(_engine.Data, _engine.DataOffset, _message, received, _engine.DataCount);
                    received += _engine.DataCount;
                }
            }

            Scenarios.Check(received == size && _engine.IsLast);
        }

        public void Send()
        {
            int header = _engine.BeginFrame(_sendBuffer, WebSocketEngine.Headroom, size, isText: true, isLast: true, encoded: false, 0x3D21FA37);
            Scenarios.Check(header > 0);
            int start = WebSocketEngine.Headroom;
            for (int at = 0; at < size;)
            {
                int count = Math.Min(BufferSize - start, size - at);
                Array.Copy(_message, at, _sendBuffer, start, count);
                _engine.Mask(_sendBuffer, start, count);
                at += count;
                start = 0;
            }
        }
    }
}
