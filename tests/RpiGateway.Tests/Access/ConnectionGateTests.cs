using System;
using System.Collections.Generic;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;
using System.Threading;
using System.Threading.Tasks;

namespace RpiGateway.Tests.Access;

/// <summary>How many may connect, and how long they may say nothing.</summary>
public sealed class ConnectionGateTests
{
    [Theory]
    [InlineData("http://127.0.0.1:0")]
    [InlineData("https://127.0.0.1:0")]
    public async Task ThousandSlowHandshakesHoldUpNoSensorAndAreDropped(string urls)
    {
        const int Slow = 1000;
        const int Readings = 20;
        await using TestGateway gateway = await TestGateway.StartAsync(access: new AccessSettings { HandshakeTime = TimeSpan.FromSeconds(3) }, urls: urls);
        using ClientWebSocket sensor = await ConnectAsync(gateway, "early");
        List<Socket> slow = [];
        for (int i = 0; i < Slow; i++)
        {
            slow.Add(await OpenAsync(gateway, IPAddress.Loopback));

            // A third says nothing; a third begins a request, and a third the handshake of TLS, and neither goes on.
            byte[] beginning = (i % 3) switch { 0 => [], 1 => "GET /sensors/x HTTP/1.1\r\nHost: x\r\nX-"u8.ToArray(), _ => [0x16, 3, 1, 2, 0, 1, 0] };
            await slow[i].SendAsync(beginning);
        }

        // Real ones are served meanwhile, those that were there and those that come.
        using ClientWebSocket late = await ConnectAsync(gateway, "late");
        for (int i = 0; i < Readings; i++)
        {
            await sensor.SendAsync(new byte[1], WebSocketMessageType.Binary, true, CancellationToken.None).InTime();
            await late.SendAsync(new byte[1], WebSocketMessageType.Binary, true, CancellationToken.None).InTime();
        }

        await CloseAsync(sensor);
        await CloseAsync(late);

        foreach (Socket socket in slow)
        {
            await EndAsync(socket);
            socket.Dispose();
        }

        Assert.True(SpinWait.SpinUntil(() => gateway.Access.Gate.Count.Connections < 10, Deadline.Limit));
    }

    [Fact]
    public async Task AddressThatHasItsConnectionsGetsNoMoreUntilOneEnds()
    {
        await using TestGateway gateway = await TestGateway.StartAsync(access: new AccessSettings { TrustLoopback = false, ConnectionsPerAddress = 2 });
        using Socket first = await OpenAsync(gateway, IPAddress.Loopback);
        using Socket second = await OpenAsync(gateway, IPAddress.Loopback);
        Assert.True(SpinWait.SpinUntil(() => gateway.Access.Gate.Count.Connections == 2, Deadline.Limit));

        using Socket third = await OpenAsync(gateway, IPAddress.Loopback);
        Assert.StartsWith("HTTP/1.1 429 Too Many Requests\r\nRetry-After: ", await EndAsync(third));
        using Socket elsewhere = await OpenAsync(gateway, IPAddress.Parse("127.0.0.2"));
        Assert.StartsWith("HTTP/1.1 200", await AskAsync(elsewhere));

        first.Dispose();
        Assert.True(SpinWait.SpinUntil(() => gateway.Access.Gate.Count.Connections == 2, Deadline.Limit));
        using Socket fourth = await OpenAsync(gateway, IPAddress.Loopback);
        Assert.StartsWith("HTTP/1.1 200", await AskAsync(fourth));

        second.Dispose();
        fourth.Dispose();
        elsewhere.Dispose();
        Assert.True(SpinWait.SpinUntil(() => gateway.Access.Gate.Count == (0, 0), Deadline.Limit));
    }

    [Fact]
    public async Task WhoOnlyWaitsDoesNotKeepOthersOutAndAFullHouseSaysSo()
    {
        await using TestGateway gateway = await TestGateway.StartAsync(access: new AccessSettings { Connections = 10, HandshakeTime = TimeSpan.FromMinutes(5) });
        List<Socket> waiting = [];
        for (int i = 0; i < 20; i++)
        {
            waiting.Add(await OpenAsync(gateway, IPAddress.Loopback));
        }

        // Of those that wait half of the ten are left, the last.
        for (int i = 0; i < 15; i++)
        {
            await EndAsync(waiting[i]);
        }

        List<ClientWebSocket> sensors = [];
        for (int i = 0; i < 6; i++)
        {
            sensors.Add(await gateway.ConnectSensorAsync($"s{i}"));
        }

        // The first of them took the place of another that waits.
        await EndAsync(waiting[15]);
        Assert.Equal(10, gateway.Access.Gate.Count.Connections);
        using Socket late = await OpenAsync(gateway, IPAddress.Loopback);
        Assert.StartsWith("HTTP/1.1 503 Service Unavailable\r\nRetry-After: ", await EndAsync(late));

        foreach (IDisposable one in sensors.Concat<IDisposable>(waiting))
        {
            one.Dispose();
        }
    }

    [Fact]
    public async Task ReadingOverTheLimitThatIsSetIsRefused()
    {
        await using TestGateway gateway = await TestGateway.StartAsync(access: new AccessSettings { ReadingSize = 100 });
        using ClientWebSocket sensor = await gateway.ConnectSensorAsync("x");
        await sensor.SendAsync(new byte[100], WebSocketMessageType.Binary, true, CancellationToken.None);
        await sensor.SendAsync(new byte[101], WebSocketMessageType.Binary, true, CancellationToken.None);

        WebSocketReceiveResult received = await sensor.ReceiveAsync(new byte[100], CancellationToken.None).InTime();

        Assert.Equal(WebSocketCloseStatus.MessageTooBig, received.CloseStatus);
    }

    [Fact]
    public async Task SensorThatIsTooFastHasToWait()
    {
        ManualTime time = new();
        MessagePace pace = new(4, time);
        for (int i = 0; i < 4; i++)
        {
            Assert.True(pace.WaitAsync(1, CancellationToken.None).IsCompletedSuccessfully);
        }

        Task fifth = pace.WaitAsync(1, CancellationToken.None).AsTask();
        Assert.False(fifth.IsCompleted);
        time.Advance(TimeSpan.FromMilliseconds(251));
        time.FireTimers();
        await fifth.InTime();
        Assert.False(pace.WaitAsync(1, CancellationToken.None).IsCompleted);
    }

    private static async Task<Socket> OpenAsync(TestGateway gateway, IPAddress from)
    {
        Socket socket = new(SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(from, 0));
        await socket.ConnectAsync(IPAddress.Loopback, gateway.Address.Port).InTime();
        return socket;
    }

    private static async Task<string> AskAsync(Socket socket)
    {
        await socket.SendAsync("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"u8.ToArray());
        byte[] buffer = new byte[1024];
        return Encoding.ASCII.GetString(buffer, 0, await socket.ReceiveAsync(buffer).InTime());
    }

    // What comes until the gateway ends the connection.
    private static async Task<string> EndAsync(Socket socket)
    {
        StringBuilder heard = new();
        byte[] buffer = new byte[1024];
        try
        {
            while (await socket.ReceiveAsync(buffer).InTime() is > 0 and var count)
            {
                heard.Append(Encoding.ASCII.GetString(buffer, 0, count));
            }
        }
        catch (SocketException)
        {
            // A reset is an end too.
        }

        return heard.ToString();
    }

    private static async Task<ClientWebSocket> ConnectAsync(TestGateway gateway, string id)
    {
        ClientWebSocket socket = new();
        socket.Options.RemoteCertificateValidationCallback = static (_, _, _, _) => true;
        await socket.ConnectAsync(gateway.Sensor(id), CancellationToken.None).InTime();
        return socket;
    }

    private static async Task CloseAsync(ClientWebSocket socket)
    {
        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None).InTime();
        Assert.Equal(WebSocketCloseStatus.NormalClosure, socket.CloseStatus);
    }
}
