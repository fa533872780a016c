using System;
using System.Collections.Generic;
using System.IO;
using System.Net;
using System.Net.Sockets;
using System.Threading;
using System.Threading.Tasks;
using Ws.Micro.Desktop.Tests.Support;

namespace Ws.Micro.Desktop.Tests;

/// <summary>TCP alone, for whoever puts something around it or speaks another protocol.</summary>
public sealed class ConnectTransportTests : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);

    public ConnectTransportTests() => _listener.Start();

    private int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    // Of a name with several addresses, those that refuse are passed over: of localhost, often the one of IPv6.
    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("localhost")]
    [InlineData("::ffff:127.0.0.1")]
    public async Task What_is_written_arrives_and_so_does_the_end(string host)
    {
        Stream stream = await MicroWebSocketClient.ConnectTransportAsync(new DnsEndPoint(host, Port)).AsTask().InTime();
        using Socket peer = await _listener.AcceptSocketAsync().InTime();
        byte[] sent = new byte[1_000_000], received = new byte[sent.Length];
        new Random(1).NextBytes(sent);
        Task writing = stream.WriteAsync(sent, Deadline.Token).AsTask();
        using (NetworkStream other = new(peer))
        {
            await other.ReadExactlyAsync(received, Deadline.Token);
            await writing;
            Assert.Equal(sent, received);
            await other.WriteAsync(sent.AsMemory(0, 1000), Deadline.Token);
            await stream.ReadExactlyAsync(received.AsMemory(0, 1000), Deadline.Token);
            await stream.DisposeAsync();
            Assert.Equal(0, await other.ReadAsync(received, Deadline.Token));
        }
    }

    [Fact]
    public async Task Whoever_is_refused_is_told_why()
    {
        int port = Port;
        _listener.Stop();
        SocketException error = await Assert.ThrowsAsync<SocketException>(
            () => MicroWebSocketClient.ConnectTransportAsync(new DnsEndPoint("127.0.0.1", port)).AsTask().InTime());
        Assert.Equal(SocketError.ConnectionRefused, error.SocketErrorCode);
        error = await Assert.ThrowsAsync<SocketException>(
            () => MicroWebSocketClient.ConnectTransportAsync(new DnsEndPoint("unknown.invalid", port)).AsTask().InTime());
        Assert.True(error.SocketErrorCode is SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain, $"{error.SocketErrorCode}");
        await Assert.ThrowsAsync<ArgumentNullException>(() => MicroWebSocketClient.ConnectTransportAsync(null!).AsTask());
    }

    [Fact]
    public async Task Waiting_for_a_host_that_does_not_answer_ends_with_the_token()
    {
        using Socket full = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        full.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        full.Listen(0);
        DnsEndPoint host = new("127.0.0.1", ((IPEndPoint)full.LocalEndPoint!).Port);
        List<Task<Stream>> connecting = [];
        using CancellationTokenSource cancellation = new();
        try
        {
            // The first are taken; from some on none is.
            do
            {
                connecting.Add(MicroWebSocketClient.ConnectTransportAsync(host, cancellation.Token).AsTask());
            }
            while (await Task.WhenAny(connecting[^1], Task.Delay(500)) == connecting[^1]);

            await cancellation.CancelAsync();
            OperationCanceledException error = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => connecting[^1].InTime());
            Assert.Equal(cancellation.Token, error.CancellationToken);
        }
        finally
        {
            foreach (Task<Stream> connected in connecting.FindAll(static task => task.IsCompletedSuccessfully))
            {
                await (await connected).DisposeAsync();
            }
        }
    }

    public void Dispose() => _listener.Dispose();
}
