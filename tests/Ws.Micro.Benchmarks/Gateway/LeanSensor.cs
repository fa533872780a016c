using System;
using System.Buffers.Text;
using System.Globalization;
using System.IO;
using System.Net.WebSockets;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using Ws.Micro.Desktop;

namespace Ws.Micro.Benchmarks.Gateway;

/// <summary>A sensor that sends readings by the telemetry subprotocol as fast as they are acknowledged.</summary>
internal sealed class LeanSensor : IDisposable
{
    private readonly MicroWebSocket _socket;
    private readonly byte[] _input = new byte[256];
    private long _sent;

    private LeanSensor(MicroWebSocket socket) => _socket = socket;

    /// <summary>Connects, and is greeted.</summary>
    public static async Task<LeanSensor> ConnectAsync(Uri gateway, string id, long boot)
    {
        Uri address = new(gateway, $"sensors/{id}");
        LeanSensor sensor = new(await MicroWebSocketClient.ConnectAsync(address, new MicroWebSocketClientOptions { SubProtocols = { "telemetry.v1.ws-micro" } }));
        await sensor.SendAsync(Encoding.ASCII.GetBytes($"H {boot}"));
        string greeting = Encoding.ASCII.GetString((await sensor.NextAsync()).Span);
        sensor._sent = long.Parse(greeting.Split(' ')[2], CultureInfo.InvariantCulture);
        return sensor;
    }

    /// <summary>Sends that many readings, at most <paramref name="window"/> of them not acknowledged.</summary>
    public async Task SendAsync(byte[] payload, int count, int window)
    {
        using SemaphoreSlim room = new(window);
        long from = _sent;
        Task acknowledging = AcknowledgementsAsync(from, from + count, room);
        byte[] message = new byte[32 + payload.Length];
        "R "u8.CopyTo(message);
        for (int i = 0; i < count; i++)
        {
            await room.WaitAsync();
            Utf8Formatter.TryFormat(++_sent, message.AsSpan(2), out int digits);
            message[2 + digits] = (byte)' ';
            payload.CopyTo(message, 3 + digits);
            await SendAsync(message.AsMemory(0, 3 + digits + payload.Length));
        }

        await acknowledging;
    }

    public void Dispose() => _socket.Dispose();

    private async Task AcknowledgementsAsync(long acknowledged, long last, SemaphoreSlim room)
    {
        while (acknowledged < last)
        {
            ReadOnlyMemory<byte> message = await NextAsync();
            if (message.Span[0] == (byte)'A' && Utf8Parser.TryParse(message.Span[2..], out long number, out _) && number > acknowledged)
            {
                room.Release((int)(number - acknowledged));
                acknowledged = number;
            }
        }
    }

    private async ValueTask<ReadOnlyMemory<byte>> NextAsync()
    {
        ValueWebSocketReceiveResult received = await _socket.ReceiveAsync(_input.AsMemory(), CancellationToken.None);
        return received.MessageType == WebSocketMessageType.Close ? throw new IOException("the gateway has closed the connection") : _input.AsMemory(0, received.Count);
    }

    private ValueTask SendAsync(ReadOnlyMemory<byte> bytes) => _socket.SendAsync(bytes, WebSocketMessageType.Text, true, CancellationToken.None);
}
