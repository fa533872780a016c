using System;
using System.Buffers.Text;
using System.IO;
using System.Net.Sockets;
using System.Text;

namespace Ws.Micro.Benchmarks.Bridge;

/// <summary>A sensor of the load, plain or by the telemetry subprotocol, for one thread.</summary>
internal sealed class LoadSensor : ILoadSender
{
    private const string Telemetry = "telemetry.v1.ws-micro";

    private readonly RawWebSocket _socket;
    private readonly bool _isTelemetry;
    private readonly byte[] _message = new byte[1024];
    private long _sent;
    private long _acknowledged;

    private LoadSensor(RawWebSocket socket, bool isTelemetry)
    {
        _socket = socket;
        _isTelemetry = isTelemetry;
    }

    public Socket Socket => _socket.Socket;

    /// <summary>See <see cref="ILoadSender.Waiting"/>; 0 of a plain one.</summary>
    public long Waiting => _isTelemetry ? _sent - _acknowledged : 0;

    /// <summary>Connects, and is greeted, which blocks.</summary>
    /// <exception cref="IOException">The bridge did not accept.</exception>
    public static LoadSensor Open(Uri bridge, string id, bool isTelemetry)
    {
        LoadSensor sensor = new(RawWebSocket.Open(new Uri(bridge, $"sensors/{id}"), isTelemetry ? Telemetry : null), isTelemetry);
        if (isTelemetry)
        {
            sensor._socket.Send(true, "H 1"u8);
            ReadOnlySpan<byte> greeting;
            while (!sensor._socket.TryTake(out greeting))
            {
                if (!sensor.Socket.Poll(TimeSpan.FromSeconds(30), SelectMode.SelectRead))
                {
                    throw new IOException("The gateway does not greet.");
                }

                sensor._socket.Receive();
            }

            if (greeting[0] != (byte)'H')
            {
                throw new IOException($"The gateway greeted with '{Encoding.UTF8.GetString(greeting)}'.");
            }
        }

        return sensor;
    }

    public void Send(ReadOnlySpan<byte> reading)
    {
        _sent++;
        int at = 0;
        if (_isTelemetry)
        {
            "R "u8.CopyTo(_message);
            Utf8Formatter.TryFormat(_sent, _message.AsSpan(2), out int digits);
            _message[2 + digits] = (byte)' ';
            at = 3 + digits;
        }

        reading.CopyTo(_message.AsSpan(at));
        _socket.Send(true, _message.AsSpan(0, at + reading.Length));
    }

    public void Continue()
    {
        while (_socket.Receive())
        {
            while (_socket.TryTake(out ReadOnlySpan<byte> message))
            {
                if (!_isTelemetry || message[0] != (byte)'A' || !Utf8Parser.TryParse(message[2..], out _acknowledged, out _) || _acknowledged > _sent)
                {
                    throw new IOException($"The gateway sent '{Encoding.UTF8.GetString(message)}'.");
                }
            }
        }
    }

    public void Dispose() => _socket.Dispose();
}
