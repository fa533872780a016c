using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net.Security;
using System.Net.WebSockets;
using System.Threading;
using System.Threading.Tasks;
using Ws.Micro.Desktop.Polling;
using Ws.Micro.Desktop.Tests.Support;

namespace Ws.Micro.Desktop.Tests;

/// <summary>Runs alone, because all connections of a process share the pollers.</summary>
[CollectionDefinition(nameof(BlockedApplicationTests), DisableParallelization = true)]
public sealed class BlockedApplicationTestsAlone;

/// <summary>Code of the application that keeps a poller's thread, and what goes on meanwhile.</summary>
[Collection(nameof(BlockedApplicationTests))]
public sealed class BlockedApplicationTests : IDisposable
{
    private const int Message = RawFrame.Fin | RawFrame.Binary;

    // Connections are dealt out to the pollers in turns.
    private static readonly int Pollers = Environment.ProcessorCount;

    private readonly ManualResetEventSlim _release = new();
    private readonly List<IDisposable> _ends = [];

    public BlockedApplicationTests() => Assert.SkipUnless(OperatingSystem.IsLinux(), "epoll is Linux's");

    public void Dispose()
    {
        _release.Set();
        _ends.ForEach(end => end.Dispose());
    }

    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public async Task The_application_runs_on_a_poller_where_the_system_has_them(bool isServer, bool pollers)
    {
        (MicroWebSocket socket, RawPeer peer) = await ConnectAsync(pollers, isServer);
        bool? onPoller = null;
        Task done = WhenReceived(socket, () => onPoller = IsOnPoller);
        await peer.SendFrameAsync(Message, 1);
        await done.InTime();
        Assert.Equal(pollers, onPoller);
    }

    // Several times: where a turn took long, or the thread pool still has one of the opening handshake, the next is the thread pool's.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_a_client_receives_over_TLS_is_read_on_a_poller_where_the_system_has_them(bool pollers)
    {
        MicroWebSocketListenerOptions serverOptions = new() { Tls = new SslServerAuthenticationOptions { ServerCertificate = TestCertificates.Server } };
        MicroWebSocketClientOptions options = new() { RootCertificates = { TestCertificates.Root }, UsesPollers = pollers };
        await using MicroWebSocketListener listener = Pair.Listen(serverOptions);
        MicroWebSocket client = Keep(await MicroWebSocketClient.ConnectAsync(listener.WssUri(), options).InTime());
        MicroWebSocket server = Keep(await listener.AcceptAsync().InTime());
        bool onPoller = false;
        for (byte i = 0; i < 10; i++)
        {
            Task done = WhenReceived(client, () => onPoller |= IsOnPoller);
            await server.SendAsync(new[] { i }, WebSocketMessageType.Binary, true, Deadline.Token);
            await done.InTime();
        }

        Assert.Equal(pollers, onPoller);
    }

    [Fact]
    public async Task While_more_are_blocked_for_ever_than_pollers_have_threads_others_go_on()
    {
        // Some more than that, which keep threads of the pool. That is slow to start new ones.
        int count = ((Poller.MaxThreads - 1) * Pollers) + 3;
        using CountdownEvent blocked = new(count);
        List<Task> tasks = [];
        for (int i = 0; i < count; i++)
        {
            (MicroWebSocket socket, RawPeer peer) = await ConnectAsync();
            tasks.Add(WhenReceived(socket, () =>
            {
                blocked.Signal();
                _release.Wait();
            }));
            await peer.SendFrameAsync(Message, 1);
        }

        await EventuallyAsync(() => blocked.IsSet);
        await EchoOnEachPollerAsync(20);
        Assert.All(tasks, task => Assert.False(task.IsCompleted));
        Assert.InRange(PollerThreads(), Pollers, Poller.MaxThreads * Pollers);

        _release.Set();
        await Task.WhenAll(tasks).InTime();
        await EventuallyAsync(() => PollerThreads() <= Pollers);
        await The_application_runs_on_a_poller_where_the_system_has_them(isServer: true, pollers: true);
    }

    [Fact]
    public async Task Code_that_waits_for_another_connection_of_its_poller_gets_there()
    {
        List<Task> tasks = [];
        List<RawPeer> signallers = [];
        using CountdownEvent waiting = new(2 * Pollers);
        for (int i = 0; i < 2 * Pollers; i++)
        {
            // The one behind it is the next poller's, and the one after all pollers its own's: each waits for its next but so many.
            (MicroWebSocket waits, RawPeer waitsPeer) = await ConnectAsync();
            for (int skipped = 1; skipped < Pollers; skipped++)
            {
                await ConnectAsync();
            }

            (MicroWebSocket signals, RawPeer signalsPeer) = await ConnectAsync();
            SemaphoreSlim signal = new(0);
            signallers.Add(signalsPeer);
            tasks.Add(WhenReceived(signals, () => signal.Release()));
            tasks.Add(WhenReceived(waits, () =>
            {
                waiting.Signal();
                signal.Wait();
            }));
            await waitsPeer.SendFrameAsync(Message, 1);
        }

        await EventuallyAsync(() => waiting.IsSet);
        await Task.WhenAll(signallers.Select(peer => peer.SendFrameAsync(Message, 1)));
        await Task.WhenAll(tasks).InTime();
    }

    [Fact]
    public async Task What_was_sent_goes_out_though_the_code_then_blocks()
    {
        using ManualResetEventSlim arrived = new();
        (MicroWebSocket socket, RawPeer peer) = await ConnectAsync();
        Task blocked = WhenReceived(socket, () =>
        {
            Send(socket, 1);
            arrived.Wait();
            Send(socket, 2);
            _release.Wait();
            Send(socket, 3);
        });
        await peer.SendFrameAsync(Message, 0);
        Assert.Equal([1], (await peer.ReadFrameAsync())!.Payload);
        arrived.Set();
        Assert.Equal([2], (await peer.ReadFrameAsync())!.Payload);
        Assert.False(blocked.IsCompleted);
        _release.Set();
        Assert.Equal([3], (await peer.ReadFrameAsync())!.Payload);
        await blocked.InTime();
    }

    [Fact]
    public async Task Code_can_wait_with_its_thread_for_its_own_connection()
    {
        (MicroWebSocket socket, RawPeer peer) = await ConnectAsync();
        Task serving = WhenReceived(socket, () =>
        {
            byte[] buffer = new byte[16];
            for (int i = 0; i < 5; i++)
            {
                Send(socket, (byte)i);
                Assert.Equal(1, socket.ReceiveAsync(buffer.AsMemory(), Deadline.Token).AsTask().Result.Count);
                Assert.Equal(i, buffer[0]);
            }
        });
        await peer.SendFrameAsync(Message, 0);
        for (byte i = 0; i < 5; i++)
        {
            Assert.Equal([i], (await peer.ReadFrameAsync())!.Payload);
            await peer.SendFrameAsync(Message, i);
        }

        await serving.InTime();
    }

    [Fact]
    public async Task A_connection_whose_code_blocks_again_and_again_is_for_the_thread_pool()
    {
        (MicroWebSocket socket, RawPeer peer) = await ConnectAsync();
        List<bool> onPoller = [];
        for (int i = 0; i < 11; i++)
        {
            using ManualResetEventSlim goOn = new();
            TaskCompletionSource entered = new(TaskCreationOptions.RunContinuationsAsynchronously);
            Task blocked = WhenReceived(socket, () =>
            {
                onPoller.Add(IsOnPoller);
                entered.SetResult();
                goOn.Wait();
            });
            await peer.SendFrameAsync(Message, 1);
            await entered.Task.InTime();

            // Another leads by now, where this kept the thread.
            await EchoOnEachPollerAsync(1);
            goOn.Set();
            await blocked.InTime();
        }

        Assert.Equal([true, false, true, false, false, true, false, false, false, false, true], onPoller);
    }

    [Fact]
    public async Task A_listener_stops_and_connections_end_while_their_code_is_blocked()
    {
        MicroWebSocketListener listener = Pair.Listen();
        using CountdownEvent blocked = new(2 * Pollers);
        List<MicroWebSocket> sockets = [];
        List<Task> tasks = [];
        for (int i = 0; i < 2 * Pollers; i++)
        {
            MicroWebSocketClientOptions options = new() { KeepAliveInterval = TimeSpan.Zero };
            MicroWebSocket client = Keep(await MicroWebSocketClient.ConnectAsync(listener.WsUri(), options).InTime());
            MicroWebSocket socket = Keep(await listener.AcceptAsync().InTime());
            sockets.Add(socket);
            tasks.Add(WhenReceived(socket, () =>
            {
                blocked.Signal();
                _release.Wait();
                Send(client, 1);
                Assert.Throws<WebSocketException>(() => Send(socket, 1));
            }));
            await client.SendAsync(new byte[1], WebSocketMessageType.Binary, true, Deadline.Token);
        }

        await EventuallyAsync(() => blocked.IsSet);
        await listener.DisposeAsync().InTime();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => listener.AcceptAsync().AsTask().InTime());
        sockets.ForEach(socket => socket.Abort());
        await EchoOnEachPollerAsync(1);
        _release.Set();
        await Task.WhenAll(tasks).InTime();
    }

    [Fact]
    public async Task Code_can_wait_with_its_thread_for_the_listener_to_stop()
    {
        MicroWebSocketListener listener = Pair.Listen();
        MicroWebSocket client = Keep(await MicroWebSocketClient.ConnectAsync(listener.WsUri()).InTime());
        MicroWebSocket socket = Keep(await listener.AcceptAsync().InTime());
        Task stopped = WhenReceived(socket, () => listener.DisposeAsync().AsTask().Wait());
        await client.SendAsync(new byte[1], WebSocketMessageType.Binary, true, Deadline.Token);
        await stopped.InTime();
    }

    [Fact]
    public async Task While_nobody_blocks_there_is_a_thread_for_each_poller_and_the_watch_sleeps()
    {
        for (int i = 0; i < 20; i++)
        {
            await EchoOnEachPollerAsync(20);
        }

        await EventuallyAsync(() => PollerThreads() == Pollers && PollerWatch.IsAsleep);
        await EchoOnEachPollerAsync(1);
        await EventuallyAsync(() => PollerThreads() == Pollers && PollerWatch.IsAsleep);
    }

    [Fact]
    public async Task What_code_leaves_in_its_threads_context_is_not_seen_by_others()
    {
        AsyncLocal<int> local = new();
        List<(int Local, bool HasContext)> seen = [];
        for (int i = 0; i < 2 * Pollers; i++)
        {
            (MicroWebSocket socket, RawPeer peer) = await ConnectAsync();
            TaskCompletionSource done = new(TaskCreationOptions.RunContinuationsAsynchronously);

            WhenReceivedInNoContext(socket, () =>
            {
                seen.Add((local.Value, SynchronizationContext.Current != null));
                local.Value = 1;
                SynchronizationContext.SetSynchronizationContext(new SynchronizationContext());
                done.SetResult();
            });
            await peer.SendFrameAsync(Message, 1);
            await done.Task.InTime();
        }

        Assert.All(seen, context => Assert.Equal((0, false), context));
    }

    private static bool IsOnPoller => !Thread.CurrentThread.IsThreadPoolThread && Thread.CurrentThread.Name == Poller.ThreadName;

    private static int PollerThreads() =>
        Directory.GetDirectories("/proc/self/task").Count(task => NameOf(task).Equals(Poller.ThreadName, StringComparison.Ordinal));

    private static string NameOf(string task)
    {
        try
        {
            return File.ReadAllText($"{task}/comm").TrimEnd();
        }
        catch (IOException)
        {
            // It has just ended.
            return "";
        }
    }

    private static void Send(MicroWebSocket socket, byte value) =>
        socket.SendAsync(new[] { value }.AsMemory(), WebSocketMessageType.Binary, true, Deadline.Token).AsTask().GetAwaiter().GetResult();

    // Runs code where the next message is received. The receive waits already when this returns.
    private static Task WhenReceived(MicroWebSocket socket, Action code)
    {
        ValueTask<ValueWebSocketReceiveResult> receiving = socket.ReceiveAsync(new byte[16].AsMemory(), CancellationToken.None);
        Assert.False(receiving.IsCompleted);
        return receiving.AsTask().ContinueWith(_ => code(), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    // The same in whatever context the thread has.
    private static void WhenReceivedInNoContext(MicroWebSocket socket, Action code)
    {
        using (ExecutionContext.SuppressFlow())
        {
            socket.ReceiveAsync(new byte[16].AsMemory(), CancellationToken.None).ConfigureAwait(false).GetAwaiter().UnsafeOnCompleted(code);
        }
    }

    private static async Task EventuallyAsync(Func<bool> condition)
    {
        DateTime deadline = DateTime.UtcNow + Deadline.Time;
        while (!condition())
        {
            Assert.True(DateTime.UtcNow < deadline, "It did not come to that.");
            await Task.Delay(5);
        }
    }

    private async Task EchoOnEachPollerAsync(int messages)
    {
        for (int i = 0; i < Pollers; i++)
        {
            (MicroWebSocket socket, RawPeer peer) = await ConnectAsync();
            Task echoing = Task.Run(() => Echo.RunAsync(socket));
            for (byte message = 0; message < messages; message++)
            {
                await peer.SendFrameAsync(Message, message);
                Assert.Equal([message], (await peer.ReadFrameAsync())!.Payload);
            }

            await peer.SendCloseAsync(1000);
            peer.EndSending();
            await echoing.InTime();
        }
    }

    private async Task<(MicroWebSocket Socket, RawPeer Peer)> ConnectAsync(bool pollers = true, bool isServer = true)
    {
        (MicroWebSocket socket, RawPeer peer) = await RawPeer.ConnectAsync(isServer, options =>
        {
            if (!pollers)
            {
                options.DoWithoutPollers();
            }
        });
        return (Keep(socket), Keep(peer));
    }

    private T Keep<T>(T end)
        where T : IDisposable
    {
        _ends.Add(end);
        return end;
    }
}
