using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;

namespace RpiGateway.Tests;

/// <summary>What is written to a broker goes out together, in its order, and a failure is not swallowed.</summary>
public sealed class GatheringStreamTests
{
    private static readonly byte[] A = [1, 2, 3];
    private static readonly byte[] B = [4, 5];
    private static readonly byte[] C = [6];

    private readonly Inner _inner = new();
    private readonly GatheringStream _stream;

    public GatheringStreamTests() => _stream = new GatheringStream().Over(_inner);

    [Fact]
    public async Task WhatIsWrittenGoesOutAtOnceAndWhatIsHeldTogether()
    {
        await _stream.WriteAsync(A);
        _stream.Hold();
        await _stream.WriteAsync(B);
        await _stream.WriteAsync(C);
        Assert.Equal([A], _inner.Writes);

        _stream.Release();

        Assert.Equal([A, [.. B, .. C]], _inner.Writes);
        await _stream.WriteAsync(A);
        Assert.Equal([A, [.. B, .. C], A], _inner.Writes);
    }

    [Fact]
    public async Task WhatIsWrittenDuringAWriteGoesOutTogetherBehindIt()
    {
        TaskCompletionSource slow = _inner.Next();
        await _stream.WriteAsync(A);
        await _stream.WriteAsync(B);
        await _stream.WriteAsync(C);
        Assert.Equal([A], _inner.Writes);

        slow.SetResult();

        Assert.Equal([A, [.. B, .. C]], _inner.Writes);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task WhatDoesNotFitWaitsForRoomAndNothingIsLostOrTurnedRound(bool isHeld)
    {
        byte[] all = new byte[(5 * GatheringStream.Capacity) + 7];
        new Random(1).NextBytes(all);
        if (isHeld)
        {
            _stream.Hold();
        }

        TaskCompletionSource slow = _inner.Next();
        Task writing = _stream.WriteAsync(all).AsTask();
        Assert.False(writing.IsCompleted);

        slow.SetResult();

        await writing.InTime();
        _stream.Release();
        Assert.Equal(all, _inner.Writes.SelectMany(static write => write));
    }

    [Fact]
    public async Task AFailureEndsTheTransportAndShowsInTheNextWrite()
    {
        _inner.Next().SetException(new IOException("the peer is gone"));

        await _stream.WriteAsync(A);

        Assert.True(_inner.IsDisposed);
        Assert.Equal("the peer is gone", (await Assert.ThrowsAsync<IOException>(async () => await _stream.WriteAsync(B))).Message);
        Assert.Equal([A], _inner.Writes);
    }

    [Fact]
    public async Task WaitingForRoomCanBeGivenUp()
    {
        _inner.Next();
        using CancellationTokenSource giveUp = new();
        Task writing = _stream.WriteAsync(new byte[3 * GatheringStream.Capacity], giveUp.Token).AsTask();

        await giveUp.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => writing.InTime());
    }

    [Fact]
    public async Task TheEndWaitsForWhatWasWritten()
    {
        TaskCompletionSource slow = _inner.Next();
        await _stream.WriteAsync(A);
        _stream.Hold();
        await _stream.WriteAsync(B);
        Task ending = _stream.DisposeAsync().AsTask();
        Assert.False(_inner.IsDisposed);

        slow.SetResult();

        await ending.InTime();
        Assert.Equal([A, B], _inner.Writes);
        Assert.True(_inner.IsDisposed);
    }

    // Writes are done at once, but for one that is done when the test says so.
    private sealed class Inner : MemoryStream
    {
        private TaskCompletionSource? _next;

        public List<byte[]> Writes { get; } = [];

        public bool IsDisposed { get; private set; }

        public TaskCompletionSource Next() => _next = new TaskCompletionSource();

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Writes.Add(buffer.ToArray());
            Task done = _next?.Task ?? Task.CompletedTask;
            _next = null;
            return new ValueTask(done);
        }

        protected override void Dispose(bool disposing)
        {
            IsDisposed = true;
            base.Dispose(disposing);
        }
    }
}
