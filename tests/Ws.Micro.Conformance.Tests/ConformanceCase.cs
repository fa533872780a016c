using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;

namespace Ws.Micro.Conformance.Tests;

/// <summary>One case: what to send, and what must be heard in which order. The number is the one of Autobahn's case.</summary>
internal sealed record ConformanceCase(string Id, Func<IEnumerable<Step>> Script)
{
    /// <summary>The longest message of any case, in bytes.</summary>
    public const int LargestMessage = 16 * 1024 * 1024;

    /// <summary>What the suite asks for of permessage-deflate, the best first; null: the extension plays no part.</summary>
    public IReadOnlyList<DeflateTerms>? Deflate { get; init; }

    private static readonly Dictionary<string, ConformanceCase> ById =
        FramingCases.All.Concat(Utf8Cases.All).Concat(ClosingCases.All).Concat(LimitCases.All).Concat(DeflateCases.All).ToDictionary(one => one.Id);

    public static TheoryData<string> Ids => [.. ById.Keys];

    public static ConformanceCase Get(string id) => ById[id];

    /// <summary>Plays the script; it ends with the close frame, and TCP must then end without a reset.</summary>
    public async Task RunAsync(ScriptedPeer peer)
    {
        foreach (Step step in Script())
        {
            await step.RunAsync(peer);
        }

        Assert.Equal(PeerEvent.End, await peer.EndAsync());
    }
}

internal abstract record Step
{
    public abstract Task RunAsync(ScriptedPeer peer);

    /// <summary>Sends the frames in one write.</summary>
    public static Step Send(params Frame[] frames) => new SendFrames(frames, 0);

    /// <summary>Sends the frames, a write for each.</summary>
    public static Step SendFrameWise(params Frame[] frames) => new SendEach(frames);

    /// <summary>Sends the frames in writes of <paramref name="size"/> bytes.</summary>
    public static Step SendChopped(int size, params Frame[] frames) => new SendFrames(frames, size);

    /// <summary>Sends a frame up to a byte of its payload; a later step goes on from there.</summary>
    public static Step SendUpTo(Frame frame, int payloadBytes) => new SendPart(frame, payloadBytes);

    public static Step Expect(PeerEvent expected) => new ExpectEvent(expected);

    /// <summary>The stack's close frame, with one of the codes.</summary>
    public static Step ExpectClose(params int[] codes) => new ExpectCloseCode(codes);

    /// <summary>Nothing must be heard for a moment.</summary>
    public static Step ExpectNothing() => new ExpectSilence();

    /// <summary>Sends each message compressed, when the one before has come back as it was, in fragments of <paramref name="fragmentSize"/> bytes, or whole when it is 0.</summary>
    public static Step RoundTripsDeflated(bool isText, byte[][] messages, int fragmentSize) => new DeflatedRoundTrips(isText, messages, fragmentSize);

    /// <summary>What has come back took no more than this part of its size on the wire.</summary>
    public static Step ExpectRatio(double most) => new ExpectWireRatio(most);

    private sealed record SendFrames(Frame[] Frames, int Chop) : Step
    {
        public override Task RunAsync(ScriptedPeer peer) => peer.SendAsync(Frames, Chop);
    }

    private sealed record SendEach(Frame[] Frames) : Step
    {
        public override async Task RunAsync(ScriptedPeer peer)
        {
            foreach (Frame frame in Frames)
            {
                await peer.SendAsync([frame]);
            }
        }
    }

    private sealed record SendPart(Frame Frame, int PayloadBytes) : Step
    {
        public override Task RunAsync(ScriptedPeer peer) => peer.SendUpToAsync(Frame, PayloadBytes);
    }

    private sealed record DeflatedRoundTrips(bool IsText, byte[][] Messages, int FragmentSize) : Step
    {
        public override async Task RunAsync(ScriptedPeer peer)
        {
            byte[][] deflated = peer.Deflate!.Deflate(Messages);
            for (int i = 0; i < deflated.Length; i++)
            {
                Frame[] frames = Frame.Fragments(IsText ? Frame.TextOpcode : Frame.BinaryOpcode, deflated[i], FragmentSize == 0 ? deflated[i].Length : FragmentSize);
                frames[0] = frames[0] with { Rsv = 4 };
                await peer.SendAsync(frames);
                Assert.Equal(new PeerEvent(IsText ? EventKind.Text : EventKind.Binary, Messages[i]), await peer.NextAsync());
            }
        }
    }

    private sealed record ExpectWireRatio(double Most) : Step
    {
        public override Task RunAsync(ScriptedPeer peer)
        {
            double ratio = (double)peer.Deflate!.WireBytes / peer.Deflate.MessageBytes;
            Assert.True(ratio <= Most, $"{peer.Deflate.MessageBytes} bytes came back as {ratio:p1} of their size, which may be {Most:p1}");
            return Task.CompletedTask;
        }
    }

    private sealed record ExpectEvent(PeerEvent Expected) : Step
    {
        public override async Task RunAsync(ScriptedPeer peer) => Assert.Equal(Expected, await peer.NextAsync());
    }

    private sealed record ExpectCloseCode(int[] Codes) : Step
    {
        public override async Task RunAsync(ScriptedPeer peer)
        {
            PeerEvent seen = await peer.NextAsync();
            Assert.True(seen.Kind == EventKind.Close && Codes.Contains(seen.CloseCode),
                $"expected: Close {string.Join(" or ", Codes)}, seen: {seen}");
        }
    }

    private sealed record ExpectSilence : Step
    {
        public override async Task RunAsync(ScriptedPeer peer) => Assert.Equal(PeerEvent.Silence, await peer.NextAsync(TimeSpan.FromMilliseconds(50)));
    }
}
