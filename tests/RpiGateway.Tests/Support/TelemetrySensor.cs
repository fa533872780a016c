using System;
using System.Net.WebSockets;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using Esp32Sensor.Node;

namespace RpiGateway.Tests;

/// <summary>A sensor's end of the telemetry subprotocol, over .NET's own WebSocket.</summary>
internal sealed class TelemetrySensor : IDisposable
{
    private readonly ClientWebSocket _socket = new();

    /// <summary>What the greeting acknowledged.</summary>
    public long Acknowledged { get; private set; }

    public static Task<TelemetrySensor> ConnectAsync(TestGateway gateway, string id = "x") => ConnectAsync(gateway.Address, id);

    /// <summary>Connects to a gateway at that address.</summary>
    public static async Task<TelemetrySensor> ConnectAsync(Uri gateway, string id = "x")
    {
        TelemetrySensor sensor = new();
        sensor._socket.Options.AddSubProtocol(TelemetryMessage.Subprotocol);
        await sensor._socket.ConnectAsync(new Uri(gateway, $"sensors/{id}"), CancellationToken.None).InTime();
        Assert.Equal(TelemetryMessage.Subprotocol, sensor._socket.SubProtocol);
        return sensor;
    }

    /// <summary>Connects, says hello, and is greeted.</summary>
    public static Task<TelemetrySensor> GreetAsync(TestGateway gateway, string id = "x", long boot = 77) => GreetAsync(gateway.Address, id, boot);

    /// <summary>Connects to a gateway at that address, says hello, and is greeted.</summary>
    public static async Task<TelemetrySensor> GreetAsync(Uri gateway, string id = "x", long boot = 77)
    {
        TelemetrySensor sensor = await ConnectAsync(gateway, id);
        await sensor.SendAsync($"H {boot}");
        string[] greeting = (await sensor.NextAsync()).Split(' ');
        Assert.Equal("H", greeting[0]);
        sensor.Acknowledged = long.Parse(greeting[2]);
        return sensor;
    }

    public Task SendAsync(string text, WebSocketMessageType type = WebSocketMessageType.Text) =>
        _socket.SendAsync(Encoding.UTF8.GetBytes(text), type, true, CancellationToken.None).InTime();

    public Task SendAsync(byte[] message) => _socket.SendAsync(message, WebSocketMessageType.Binary, true, CancellationToken.None).InTime();

    /// <summary>The next message, "closed" and the code where that comes.</summary>
    public async Task<string> NextAsync()
    {
        byte[] buffer = new byte[TelemetryMessage.MaxSize + 1];
        WebSocketReceiveResult received = await _socket.ReceiveAsync(buffer, CancellationToken.None).InTime();
        if (received.MessageType == WebSocketMessageType.Close)
        {
            return $"closed {(int)received.CloseStatus!}";
        }

        Assert.Equal((WebSocketMessageType.Text, true), (received.MessageType, received.EndOfMessage));
        return Encoding.UTF8.GetString(buffer, 0, received.Count);
    }

    /// <summary>Waits until that number is acknowledged.</summary>
    public async Task AcknowledgedAsync(long sequence)
    {
        long acknowledged = 0;
        while (acknowledged < sequence)
        {
            string[] message = (await NextAsync()).Split(' ');
            Assert.Equal("A", message[0]);
            Assert.InRange(long.Parse(message[1]), acknowledged, sequence);
            acknowledged = long.Parse(message[1]);
        }
    }

    public Task CloseAsync() => _socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None).InTime();

    public void Dispose() => _socket.Dispose();
}
