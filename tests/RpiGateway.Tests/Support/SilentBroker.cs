using System;
using System.Collections.Generic;
using System.IO;
using System.Net;
using System.Net.Sockets;
using System.Threading;
using System.Threading.Tasks;

namespace RpiGateway.Tests;

/// <summary>
/// As much of an MQTT 5 broker over TCP as takes a client and its publishes and answers pings. Over its first connection it acknowledges nothing.
/// </summary>
internal sealed class SilentBroker : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _running;

    public SilentBroker()
    {
        _listener.Start();
        Url = new Uri($"mqtt://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}");
        _running = RunAsync();
    }

    public Uri Url { get; }

    /// <summary>Done with the publishes of its first connection once the client has ended that.</summary>
    public TaskCompletionSource<List<byte[]>> Unanswered { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Done with the first publish of its second connection.</summary>
    public TaskCompletionSource<byte[]> Answered { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _listener.Dispose();
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        List<byte[]> unanswered = [];
        using (TcpClient first = await _listener.AcceptTcpClientAsync(_stop.Token))
        {
            await ServeAsync(first.GetStream(), (_, publish) =>
            {
                unanswered.Add(publish);
                return Task.CompletedTask;
            });
        }

        Unanswered.SetResult(unanswered);
        using TcpClient second = await _listener.AcceptTcpClientAsync(_stop.Token);
        await ServeAsync(second.GetStream(), async (stream, publish) =>
        {
            int id = 2 + ((publish[0] << 8) | publish[1]);
            await stream.WriteAsync(new byte[] { 0x40, 2, publish[id], publish[id + 1] }, _stop.Token);
            Answered.TrySetResult(publish);
        });
    }

    private async Task ServeAsync(NetworkStream stream, Func<NetworkStream, byte[], Task> take)
    {
        try
        {
            while (true)
            {
                (byte kind, byte[] body) = await NextAsync(stream);
                switch (kind & 0xF0)
                {
                    case 0x10:
                        await stream.WriteAsync(new byte[] { 0x20, 3, 0, 0, 0 }, _stop.Token);
                        break;
                    case 0x30:
                        await take(stream, body);
                        break;
                    case 0xC0:
                        await stream.WriteAsync(new byte[] { 0xD0, 0 }, _stop.Token);
                        break;
                }
            }
        }
        catch (IOException)
        {
            // The client has gone.
        }
    }

    private async Task<(byte Kind, byte[] Body)> NextAsync(NetworkStream stream)
    {
        byte[] one = new byte[1];
        await stream.ReadExactlyAsync(one, _stop.Token);
        byte kind = one[0];
        int length = 0;
        for (int shift = 0; ; shift += 7)
        {
            await stream.ReadExactlyAsync(one, _stop.Token);
            length |= (one[0] & 0x7F) << shift;
            if (one[0] < 0x80)
            {
                byte[] body = new byte[length];
                await stream.ReadExactlyAsync(body, _stop.Token);
                return (kind, body);
            }
        }
    }
}
