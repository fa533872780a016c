using System;
using System.Net.WebSockets;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using Esp32Sensor.Node;

namespace RpiGateway.Tests;

/// <summary>
/// A sensor that does as docs/telemetry.md says over one connection after the other: it sends numbers from 1 on, keeps what is not acknowledged,
/// and sends it again.
/// </summary>
internal sealed class ResendingSensor(string id, Uri gateway, TimeSpan interval)
{
    private const int Window = 32;

    private readonly Random _random = new(id.GetHashCode(StringComparison.Ordinal));
    private readonly CancellationTokenSource _stopping = new();
    private long _acknowledged;
    private Task _running = Task.CompletedTask;

    public string Id => id;

    /// <summary>The largest number it was acknowledged.</summary>
    public long Acknowledged => Interlocked.Read(ref _acknowledged);

    /// <summary>The largest number it has sent.</summary>
    public long Sent { get; private set; }

    /// <summary>What the gateway said against the protocol; null where it was nothing.</summary>
    public string? Wrong { get; private set; }

    public void Start() => _running = Task.Run(RunAsync);

    /// <summary>Measures no more, and returns when all it has sent is acknowledged.</summary>
    public async Task FinishAsync()
    {
        await _stopping.CancelAsync();
        await _running.InTime();
    }

    private async Task RunAsync()
    {
        while (Wrong is null && !(_stopping.IsCancellationRequested && Acknowledged == Sent))
        {
            try
            {
                using ClientWebSocket socket = new();
                socket.Options.AddSubProtocol(TelemetryMessage.Subprotocol);
                await socket.ConnectAsync(new Uri(gateway, $"sensors/{id}"), CancellationToken.None);
                await ServeAsync(socket);
            }
            catch (Exception error) when (error is WebSocketException or OperationCanceledException)
            {
                await Task.Delay(_random.Next(20, 200));
            }
        }
    }

    private async Task ServeAsync(ClientWebSocket socket)
    {
        await SendAsync(socket, "H 77");
        long greeted = long.Parse((await ReceiveAsync(socket)).Split(' ')[2]);
        if (greeted < Acknowledged || greeted > Sent)
        {
            Wrong = $"greeted with {greeted}, {Acknowledged} were acknowledged before, and {Sent} sent";
            return;
        }

        Interlocked.Exchange(ref _acknowledged, greeted);
        using CancellationTokenSource lost = new();
        Task sending = SendAllAsync(socket, lost.Token);
        try
        {
            while (!(_stopping.IsCancellationRequested && Acknowledged == Sent))
            {
                string message = await ReceiveAsync(socket);
                Interlocked.Exchange(ref _acknowledged, long.Parse(message[2..]));
            }
        }
        finally
        {
            await lost.CancelAsync();
            await sending;
        }
    }

    private async Task SendAllAsync(ClientWebSocket socket, CancellationToken lost)
    {
        try
        {
            for (long next = Acknowledged + 1; next <= Sent || !_stopping.IsCancellationRequested; next++)
            {
                // What it has is sent at once, what is new when it is measured.
                while (next > Acknowledged + Window || (next > Sent && !_stopping.IsCancellationRequested && _random.Next(2) == 0))
                {
                    await Task.Delay(interval, lost);
                }

                if (next > Sent && _stopping.IsCancellationRequested)
                {
                    break;
                }

                Sent = Math.Max(Sent, next);
                await SendAsync(socket, $"R {next} {next}");
            }

            // The receiver may be waiting though the last acknowledgement has come.
            while (Acknowledged < Sent)
            {
                await Task.Delay(interval, lost);
            }

            socket.Abort();
        }
        catch (Exception error) when (error is WebSocketException or OperationCanceledException or ObjectDisposedException)
        {
            // The connection is lost.
        }
    }

    private static Task SendAsync(ClientWebSocket socket, string text) =>
        socket.SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, true, CancellationToken.None);

    private static async Task<string> ReceiveAsync(ClientWebSocket socket)
    {
        byte[] buffer = new byte[TelemetryMessage.MaxSize];
        WebSocketReceiveResult received = await socket.ReceiveAsync(buffer, CancellationToken.None);
        return received.MessageType == WebSocketMessageType.Close
            ? throw new WebSocketException($"closed with {received.CloseStatus}")
            : Encoding.UTF8.GetString(buffer, 0, received.Count);
    }
}
