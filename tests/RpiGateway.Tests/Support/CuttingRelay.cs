using System;
using System.Net;
using System.Net.Sockets;
using System.Threading;
using System.Threading.Tasks;

namespace RpiGateway.Tests;

/// <summary>
/// A road to a server that breaks: each connection through it is cut after some bytes, in the middle of whatever they are. It stays where it is
/// when the server goes, and leads to the next.
/// </summary>
internal sealed class CuttingRelay : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Func<int> _bytes;
    private readonly Task _accepting;
    private int _cuts;
    private int _target;

    /// <param name="bytes">How many bytes the next connection lives for, both ways together.</param>
    public CuttingRelay(Func<int> bytes)
    {
        _bytes = bytes;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>The server's port, once there is one.</summary>
    public int Target
    {
        set => Volatile.Write(ref _target, value);
    }

    /// <summary>The connections cut so far.</summary>
    public int Cuts => Volatile.Read(ref _cuts);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _accepting.InTime();
        _listener.Dispose();
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (!_stop.IsCancellationRequested)
            {
                // One after the other, as the node connects.
                using Socket client = await _listener.AcceptSocketAsync(_stop.Token);
                await RelayAsync(client);
            }
        }
        catch (OperationCanceledException)
        {
            // The test is over.
        }
    }

    private async Task RelayAsync(Socket client)
    {
        using Socket server = new(SocketType.Stream, ProtocolType.Tcp);
        Budget budget = new() { Left = _bytes() };
        try
        {
            await server.ConnectAsync(new IPEndPoint(IPAddress.Loopback, Volatile.Read(ref _target)), _stop.Token);
            await Task.WhenAny(PumpAsync(client, server, budget), PumpAsync(server, client, budget));
        }
        catch (Exception error) when (error is OperationCanceledException or SocketException)
        {
            // The server is away, or the test over.
        }

        if (budget.Left <= 0)
        {
            Interlocked.Increment(ref _cuts);

            // Every other end is a reset.
            client.LingerState = new LingerOption(_cuts % 2 == 0, 0);
        }
    }

    private async Task PumpAsync(Socket from, Socket to, Budget budget)
    {
        byte[] buffer = new byte[512];
        try
        {
            int count;
            while ((count = await from.ReceiveAsync(buffer, _stop.Token)) > 0)
            {
                int allowed = Math.Max(0, count + Math.Min(0, Interlocked.Add(ref budget.Left, -count)));
                await to.SendAsync(buffer.AsMemory(0, allowed), _stop.Token);
                if (allowed < count || budget.Left <= 0)
                {
                    return;
                }
            }
        }
        catch (Exception error) when (error is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // One end is gone.
        }
    }

    private sealed class Budget
    {
        public int Left;
    }
}
