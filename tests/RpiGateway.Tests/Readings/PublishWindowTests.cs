using System;
using System.IO;
using System.Threading;
using System.Threading.Tasks;

namespace RpiGateway.Tests;

/// <summary>How many publishes are under way, and when they go out.</summary>
public sealed class PublishWindowTests
{
    private readonly MemoryStream _out = new();
    private readonly ManualTime _time = new();
    private readonly GatheringStream _transport;

    public PublishWindowTests() => _transport = new GatheringStream().Over(_out);

    [Fact]
    public async Task WhatComesWhileSomethingIsUnacknowledgedGoesOutTogetherOnceItIs()
    {
        PublishWindow window = Dense(100);
        await PublishAsync(window);
        window.GoInTurn();
        Assert.Equal(1, _out.Length);

        for (int i = 0; i < 3; i++)
        {
            window.Gather();
            await PublishAsync(window);
            window.GoInTurn();
            Assert.Equal(1, _out.Length);
        }

        window.Exit();
        Assert.Equal(4, _out.Length);

        // Now three are out.
        window.Gather();
        await PublishAsync(window);
        window.GoInTurn();
        window.Exit();
        window.Exit();
        Assert.Equal(4, _out.Length);
        window.Exit();
        Assert.Equal(5, _out.Length);
    }

    [Fact]
    public async Task ManyDoNotWait()
    {
        PublishWindow window = Dense(100);
        await PublishAsync(window);
        window.GoInTurn();
        window.Gather();
        int gathered = 0;
        for (; _out.Length == 1 && gathered < 100; gathered++)
        {
            await PublishAsync(window);
            window.GoInTurn();
        }

        Assert.Equal(16, gathered);
        Assert.Equal(17, _out.Length);
    }

    // A broker may acknowledge the one only when the next has come.
    [Fact]
    public async Task WhatComesAtLongerIntervalsDoesNotWait()
    {
        PublishWindow window = Dense(100);
        for (int i = 1; i <= 20; i++)
        {
            _time.Advance(TimeSpan.FromMilliseconds(1));
            window.Gather();
            await PublishAsync(window);
            window.GoInTurn();
            Assert.True(_out.Length == i || i < 3);
        }

        // And is dense again after a few.
        for (int i = 0; i < 20; i++)
        {
            _time.Advance(TimeSpan.FromMicroseconds(100));
            window.Gather();
            await PublishAsync(window);
            window.GoInTurn();
        }

        Assert.InRange(_out.Length, 21, 39);
    }

    [Fact]
    public async Task WhoeverIsToldToGoDoesNotWait()
    {
        PublishWindow window = Dense(100);
        window.Gather();
        await PublishAsync(window);
        window.Go();
        window.Gather();
        await PublishAsync(window);
        window.Go();
        Assert.Equal(2, _out.Length);
    }

    [Fact]
    public async Task AFullWindowHasRoomAgainWhenHalfOfItIsFree()
    {
        PublishWindow window = new(4, _transport, _time);
        for (int i = 0; i < 4; i++)
        {
            Assert.True(window.TryEnter());
        }

        Assert.False(window.TryEnter());
        Task room = window.WaitForRoomAsync(CancellationToken.None);
        window.Exit();
        Assert.False(room.IsCompleted);
        window.Exit();
        await room.InTime();
        Task all = window.WaitForAllAsync(CancellationToken.None);
        window.Exit();
        Assert.False(all.IsCompleted);
        window.Exit();
        await all.InTime();
    }

    // Whoever publishes and whoever acknowledges meet at any time: nothing may stay behind that nobody will send.
    [Fact]
    public async Task WhateverTheOrderNothingStaysBehind()
    {
        const int Count = 100_000;
        Counting sent = new();
        GatheringStream transport = new GatheringStream().Over(sent);
        PublishWindow window = new(64, transport, TimeProvider.System);
        Task acknowledging = Task.Run(async () =>
        {
            for (int acknowledged = 0; acknowledged < Count;)
            {
                if (sent.Total > acknowledged)
                {
                    window.Exit();
                    acknowledged++;
                }
                else
                {
                    await Task.Yield();
                }
            }
        });
        for (int i = 0; i < Count; i++)
        {
            window.Gather();
            while (!window.TryEnter())
            {
                window.Go();
                await window.WaitForRoomAsync(CancellationToken.None).InTime();
                window.Gather();
            }

            await transport.WriteAsync(new byte[1]);
            if (i % 3 != 0)
            {
                window.GoInTurn();
            }
        }

        window.GoInTurn();
        await acknowledging.InTime();
    }

    // As it is where one publish follows the other.
    private PublishWindow Dense(int size)
    {
        PublishWindow window = new(size, _transport, _time);
        for (int i = 0; i < 50; i++)
        {
            window.GoInTurn();
        }

        return window;
    }

    private async Task PublishAsync(PublishWindow window)
    {
        Assert.True(window.TryEnter());
        await _transport.WriteAsync(new byte[1]);
    }

    private sealed class Counting : MemoryStream
    {
        private long _total;

        public long Total => Interlocked.Read(ref _total);

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Interlocked.Add(ref _total, buffer.Length);
            return default;
        }
    }
}
