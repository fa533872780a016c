using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;

namespace Ws.Micro.Conformance.Tests;

/// <summary>How the connection under a stack's end ends, beyond Autobahn's cases.</summary>
public abstract class EndingTests
{
    private protected const string Hello = "Hello, world!";

    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(100);

    /// <summary>
    /// RFC 6455 §7.1.1: when the connection fails, more of the peer's bytes lie unread in the stack's socket, and the echo owed in its
    /// send queue, because the peer reads late. Closing the socket then would send a reset that destroys both.
    /// </summary>
    [Fact]
    public Task EchoOwedAndCloseArriveBeforeTcpEnds() => PlayAsync(TimeSpan.FromSeconds(10), async (peer, _) =>
    {
        Frame[] owed = [.. Enumerable.Range(0, 500).Select(i => Frame.Text(Payloads.Text(1000 + i)))];
        peer.HoldReading();
        Task sending = peer.SendAsync([.. owed, Frame.Text(Hello, rsv: 4), Frame.Binary(Payloads.Binary(256 * 1024))]);
        await Task.WhenAny(sending, Task.Delay(Moment));
        peer.ResumeReading();
        foreach (Frame text in owed)
        {
            Assert.Equal(PeerEvent.Text(text.Payload), await peer.NextAsync());
        }

        await Step.ExpectClose(1002).RunAsync(peer);
        await sending;
        Assert.Equal(PeerEvent.End, await peer.EndAsync());
    });

    /// <summary>RFC 6455 §7.1.1: a peer that neither answers the close frame nor ends TCP holds the connection no longer than the close timeout.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public Task PeerThatNeverAnswersTheCloseIsDropped(bool keepsSending) => PlayAsync(TimeSpan.FromMilliseconds(200), async (peer, ended) =>
    {
        await peer.SendAsync([Frame.Text(Hello, rsv: 4)]);
        await Step.ExpectClose(1002).RunAsync(peer);
        for (DateTime giveUp = DateTime.UtcNow + ScriptedPeer.Deadline; keepsSending && !ended.IsCompleted && DateTime.UtcNow < giveUp;)
        {
            await peer.SendAsync([Frame.Ping(Hello)]);
            await Task.WhenAny(ended, Task.Delay(Moment / 10));
        }
    });

    /// <summary>Connects the suite's end to the stack and plays; afterwards the stack's end must come to its end too.</summary>
    /// <param name="closeTimeout">How long the stack waits for an answer to its close frame.</param>
    /// <param name="play">Given the suite's end, and what completes when the stack's has ended.</param>
    /// <param name="deflate">What of permessage-deflate the stack takes part in; null: nothing.</param>
    /// <param name="asked">What of it the suite asks for, the best first; null: nothing.</param>
    private protected abstract Task PlayAsync(
        TimeSpan closeTimeout, Func<ScriptedPeer, Task, Task> play, PerMessageDeflateOptions? deflate = null, IReadOnlyList<DeflateTerms>? asked = null);
}
