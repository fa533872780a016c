using System;
using System.Collections.Generic;
using System.IO;
using System.Net;
using System.Net.WebSockets;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging.Abstractions;

namespace RpiGateway.Tests;

/// <summary>A sensor's connections keep their order, whatever happens between a 101 and the moment the endpoint has the socket.</summary>
public sealed class SensorOrderTests : IAsyncLifetime
{
    private readonly CancellationTokenSource _stop = new();
    private TestGateway _gateway = null!;
    private Subscriber _subscriber = null!;
    private SensorEndpoint _endpoint = null!;
    private readonly GatewayMetrics _metrics = new();
    private readonly TempDirectory _data = new();
    private ReadingLog _log = null!;
    private Task _publishing = null!;

    public async ValueTask InitializeAsync()
    {
        _gateway = await TestGateway.StartAsync();
        _subscriber = await Subscriber.AttachAsync(_gateway.Broker);
        _log = new ReadingLog(_data.Path, new LogSettings(), _metrics, NullLogger.Instance);
        _endpoint = new SensorEndpoint(_log, _metrics, _gateway.Access, NullLogger.Instance);
        _publishing = new ReadingPublisher(BrokerTargets.At(_data.Path, _gateway.Broker), _log, new LogSettings(), _metrics, NullLogger.Instance).RunAsync(_stop.Token);
    }

    [Fact]
    public async Task SensorThatConnectsAnewDoesNotOvertakeItself()
    {
        Handshake older = new();
        Handshake newer = new();

        // The older sensor has its 101 and has sent 0; the endpoint has not heard yet that the 101 is out.
        Task serveOlder = await ServeAsync(older);
        Task serveNewer = await ServeAsync(newer);
        ScriptedSocket newSocket = new(1);
        await newer.GrantAsync(newSocket);
        Assert.False(newSocket.IsRead);
        await older.GrantAsync(new ScriptedSocket(0));

        await Task.WhenAll(serveOlder, serveNewer).InTime();
        Assert.Equal([0], (await _subscriber.NextAsync()).Payload);
        Assert.Equal([1], (await _subscriber.NextAsync()).Payload);
    }

    [Fact]
    public async Task HandshakeThatFailsLeavesTheOrderOfTheOthersAsItWas()
    {
        Handshake first = new();
        Handshake failing = new();
        Handshake last = new();
        Task serveFirst = await ServeAsync(first);
        Task serveFailing = await ServeAsync(failing);
        ScriptedSocket lastSocket = new(2);
        Task serveLast = await ServeAsync(last);
        await last.GrantAsync(lastSocket);

        await failing.FailAsync();
        await Assert.ThrowsAsync<IOException>(() => serveFailing).InTime();
        Assert.False(lastSocket.IsRead);
        await first.GrantAsync(new ScriptedSocket(0));

        await Task.WhenAll(serveFirst, serveLast).InTime();
        Assert.Equal([0], (await _subscriber.NextAsync()).Payload);
        Assert.Equal([2], (await _subscriber.NextAsync()).Payload);
    }

    [Fact]
    public async Task HandshakeThatFailsCostsTheConnectionBeforeItNothing()
    {
        ScriptedSocket socket = new(0) { IsHeld = true };
        Handshake standing = new();
        Task serve = await ServeAsync(standing);
        await standing.GrantAsync(socket);
        Handshake failing = new();
        Task serveFailing = await ServeAsync(failing);

        await failing.FailAsync();
        await Assert.ThrowsAsync<IOException>(() => serveFailing).InTime();

        Assert.Null(socket.CloseStatus);
        socket.Release();
        await serve.InTime();
        Assert.Equal([0], (await _subscriber.NextAsync()).Payload);
        Assert.Equal(WebSocketCloseStatus.NormalClosure, socket.CloseStatus);
    }

    [Fact]
    public async Task StopDuringAHandshakeClosesTheSensorOnceItIsThere()
    {
        Handshake handshake = new();
        Task serve = await ServeAsync(handshake);
        using CancellationTokenSource deadline = new(Deadline.Limit);
        Task stop = _endpoint.StopAsync(deadline.Token);
        ScriptedSocket socket = new(0);

        await handshake.GrantAsync(socket);

        await Task.WhenAll(serve, stop).InTime();
        Assert.Equal(WebSocketCloseStatus.EndpointUnavailable, socket.CloseStatus);
        Assert.Equal([0], (await _subscriber.NextAsync()).Payload);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _publishing.InTime();
        _log.Dispose();
        await _subscriber.DisposeAsync();
        await _gateway.DisposeAsync();
        _metrics.Dispose();
        _stop.Dispose();
        _data.Dispose();
    }

    // Gives the serving task once the endpoint has asked for the socket.
    private async Task<Task> ServeAsync(Handshake handshake)
    {
        Task serve = Task.Run(() => _endpoint.RunAsync(handshake.Context));
        await handshake.Asked.InTime();
        return serve;
    }

    /// <summary>A request for an upgrade, which the test grants when it likes.</summary>
    private sealed class Handshake : IHttpWebSocketFeature
    {
        private readonly TaskCompletionSource<WebSocket> _done = new();
        private readonly TaskCompletionSource _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Handshake()
        {
            Context = new DefaultHttpContext();
            Context.Features.Set<IHttpWebSocketFeature>(this);
            Context.Connection.RemoteIpAddress = IPAddress.Loopback;
            Context.Request.RouteValues["id"] = "x";
        }

        public HttpContext Context { get; }

        public Task Asked => _asked.Task;

        public bool IsWebSocketRequest => true;

        public Task<WebSocket> AcceptAsync(WebSocketAcceptContext context)
        {
            _asked.SetResult();
            return _done.Task;
        }

        // On a thread without a context of its own, all that the endpoint can do at once with the socket is done when this is.
        public Task GrantAsync(WebSocket socket) => Task.Run(() => _done.SetResult(socket));

        public Task FailAsync() => Task.Run(() => _done.SetException(new IOException("the sensor is gone")));
    }

    /// <summary>A sensor's end that has sent one reading and its close frame.</summary>
    private sealed class ScriptedSocket(byte reading) : WebSocket
    {
        private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly Queue<byte> _readings = new([reading]);
        private WebSocketCloseStatus? _closeStatus;

        public bool IsHeld { get; init; }

        public bool IsRead { get; private set; }

        public override WebSocketCloseStatus? CloseStatus => _closeStatus;

        public override string? CloseStatusDescription => null;

        public override WebSocketState State => WebSocketState.Open;

        public override string? SubProtocol => null;

        public void Release() => _released.SetResult();

        public override async Task<WebSocketReceiveResult> ReceiveAsync(ArraySegment<byte> buffer, CancellationToken cancellationToken)
        {
            IsRead = true;
            if (IsHeld)
            {
                await _released.Task.WaitAsync(cancellationToken);
            }

            if (!_readings.TryDequeue(out byte next))
            {
                return new WebSocketReceiveResult(0, WebSocketMessageType.Close, true);
            }

            buffer[0] = next;
            return new WebSocketReceiveResult(1, WebSocketMessageType.Binary, true);
        }

        public override Task CloseOutputAsync(WebSocketCloseStatus closeStatus, string? statusDescription, CancellationToken cancellationToken)
        {
            _closeStatus = closeStatus;
            return Task.CompletedTask;
        }

        public override Task CloseAsync(WebSocketCloseStatus closeStatus, string? statusDescription, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public override Task SendAsync(ArraySegment<byte> buffer, WebSocketMessageType messageType, bool endOfMessage, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public override void Abort() => _released.TrySetCanceled();

        public override void Dispose()
        {
        }
    }
}
