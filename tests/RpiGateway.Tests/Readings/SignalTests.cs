using System;
using System.Threading;
using System.Threading.Tasks;

namespace RpiGateway.Tests;

/// <summary>Who waits for a signal is woken, once, by it or by a cancellation.</summary>
public sealed class SignalTests
{
    private readonly Signal _signal = new();

    [Fact]
    public async Task WhoWaitsIsWokenAndGoesOnThere()
    {
        bool woken = false;
        Task waiting = WaitAsync();
        Assert.False(woken);
        _signal.Give();
        Assert.True(woken);
        await waiting;

        async Task WaitAsync()
        {
            await _signal.WaitAsync(CancellationToken.None);
            woken = true;
        }
    }

    [Fact]
    public void WhatIsGivenBeforeIsNotWaitedFor()
    {
        _signal.Give();
        Assert.False(_signal.WaitAsync(CancellationToken.None).IsCompleted);
    }

    [Fact]
    public async Task ACancellationEndsTheWaitAndNotTheNext()
    {
        using CancellationTokenSource cancelled = new();
        ValueTask first = _signal.WaitAsync(cancelled.Token);
        await cancelled.CancelAsync();
        OperationCanceledException error = await Assert.ThrowsAsync<OperationCanceledException>(() => first.AsTask());
        Assert.Equal(cancelled.Token, error.CancellationToken);
        await Assert.ThrowsAsync<OperationCanceledException>(() => _signal.WaitAsync(cancelled.Token).AsTask());

        ValueTask second = _signal.WaitAsync(CancellationToken.None);
        _signal.Give();
        await second;
    }

    [Fact]
    public async Task SignalsAndCancellationsThatMeetEndOneWaitEach()
    {
        for (int i = 0; i < 2000; i++)
        {
            using CancellationTokenSource cancelled = new();
            Task waiting = _signal.WaitAsync(cancelled.Token).AsTask();
            Task cancelling = Task.Run(cancelled.Cancel);
            _signal.Give();
            Task next = _signal.WaitAsync(CancellationToken.None).AsTask();
            await cancelling;
            await Task.WhenAny(waiting).InTime();
            Assert.False(next.IsCompleted);
            _signal.Give();
            await next.InTime();
        }
    }
}
