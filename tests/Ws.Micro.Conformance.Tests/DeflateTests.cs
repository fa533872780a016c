using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;
using Ws.Micro.Deflate.Tests.Support;
using Ws.Micro.Testing;

namespace Ws.Micro.Conformance.Tests;

/// <summary>permessage-deflate (RFC 7692) beyond Autobahn's cases.</summary>
public abstract partial class StackTests
{
    private const int Rsv1 = 4;

    private static readonly DeflateTerms Anything = new();

    public static MatrixTheoryData<int, bool, bool> Windows { get; } = new(Enumerable.Range(8, 8), [false, true], [false, true]);

    /// <summary>The ends have windows of different sizes, so that it shows where one is taken for the other; messages repeat themselves over just about a window.</summary>
    [Theory]
    [MemberData(nameof(Windows))]
    public Task WindowsAreThoseAgreed(int stackBits, bool noTakeover, bool stackAsks)
    {
        int peerBits = 23 - stackBits;
        DeflateTerms terms = new(new DeflateLimits(noTakeover, stackBits), new DeflateLimits(noTakeover, peerBits));
        byte[][] messages = [.. Document.Json.Cut(10, 300), Repeating(stackBits), Repeating(peerBits), .. Document.Json.Cut(2, 6000)];
        return PlayDeflateAsync([stackAsks ? Anything : terms], stackAsks ? terms : Anything, async peer =>
        {
            await Step.RoundTripsDeflated(false, messages, 0).RunAsync(peer);
            await CloseAsync(peer);
        });
    }

    /// <summary>RFC 7692 §7.2.2, RFC 1951 §3.2.5: the peer's messages may refer to all of its window, even where zlib would not, and no further.</summary>
    [Theory]
    [InlineData(8)]
    [InlineData(9)]
    [InlineData(10)]
    [InlineData(11)]
    [InlineData(12)]
    [InlineData(13)]
    [InlineData(14)]
    public Task NoDistanceIsLongerThanTheWindow(int bits) => PlayDeflateAsync([Anything], new DeflateTerms(Peer: new DeflateLimits(Bits: bits)), async peer =>
    {
        int window = 1 << bits;
        byte[] random = Payloads.Binary(window);
        byte[] stored = [0, (byte)window, (byte)(window >> 8), (byte)~window, (byte)(~window >> 8), .. random];
        await peer.SendAsync([Frame.Binary([.. stored, .. Match(window)], rsv: Rsv1)]);
        Assert.Equal(PeerEvent.Binary([.. random, .. random[..3]]), await peer.NextAsync());
        await peer.SendAsync([Frame.Binary(Match(window + 1), rsv: Rsv1)]);
        await Step.ExpectClose(1007).RunAsync(peer);
        Assert.Equal(PeerEvent.End, await peer.EndAsync());
    });

    /// <summary>RFC 7692 §7.1.1: where an end may not take its context over, a message that refers to the one before refers to nothing.</summary>
    [Fact]
    public Task WhatIsToBeForgottenIsForgotten() => PlayDeflateAsync([Anything], new DeflateTerms(Peer: new DeflateLimits(NoTakeover: true)), async peer =>
    {
        byte[] message = Document.Json.Cut(1, 300)[0];
        byte[][] deflated = new DeflateCodec(new DeflateTerms(default, new DeflateLimits(false, 15))).Deflate([message, message]);
        await peer.SendAsync([Frame.Binary(deflated[0], rsv: Rsv1)]);
        Assert.Equal(PeerEvent.Binary(message), await peer.NextAsync());
        await peer.SendAsync([Frame.Binary(deflated[1], rsv: Rsv1)]);
        await Step.ExpectClose(1007).RunAsync(peer);
        Assert.Equal(PeerEvent.End, await peer.EndAsync());
    });

    /// <summary>What the context is for: readings of a few hundred bytes.</summary>
    [Theory]
    [InlineData(false, 0, 0.25)]
    [InlineData(true, 0.35, 0.6)]
    public Task SmallMessagesShrinkByWhatWasSentBefore(bool noTakeover, double least, double most) =>
        PlayDeflateAsync([new DeflateTerms(new DeflateLimits(noTakeover))], Anything, async peer =>
        {
            await Step.RoundTripsDeflated(true, Document.Json.Cut(50, 200), 0).RunAsync(peer);
            Assert.InRange((double)peer.Deflate!.WireBytes / peer.Deflate.MessageBytes, least, most);
            await CloseAsync(peer);
        });

    /// <summary>RFC 7692 §6: a message without RSV1 is none of the extension's business. §6.1: nor are control frames, in the midst of a compressed one.</summary>
    [Fact]
    public Task MessagesAsTheyAreAndControlFramesComeBetween() => PlayDeflateAsync([Anything], Anything, async peer =>
    {
        byte[][] messages = Document.Json.Cut(20, 300);
        byte[][] deflated = peer.Deflate!.Deflate(messages);
        for (int i = 0; i < messages.Length; i++)
        {
            Frame[] fragments = Frame.Fragments(Frame.TextOpcode, deflated[i], 7);
            fragments[0] = fragments[0] with { Rsv = Rsv1 };
            await peer.SendAsync([.. fragments[..2], Frame.Ping($"ping {i}"), .. fragments[2..], Frame.Text($"as it is, {i}")]);
            Assert.Equal(PeerEvent.Pong($"ping {i}"), await peer.NextAsync());
            Assert.Equal(PeerEvent.Text(messages[i]), await peer.NextAsync());
            Assert.Equal(PeerEvent.Text($"as it is, {i}"), await peer.NextAsync());
        }
        await CloseAsync(peer);
    });

    /// <summary>RFC 7692 §7.2.3: forms of a message that zlib does not write when it is asked to flush.</summary>
    [Theory]
    [InlineData("F248CDC9C90700", "Hello", "fixed codes")]
    [InlineData("000500FAFF48656C6C6F00", "Hello", "stored")]
    [InlineData("F248050000 00FFFFCAC9C90700", "Hello", "two blocks")]
    [InlineData("F348CDC9C9070000", "Hello", "a final block")]
    [InlineData("00", "", "an empty message")]
    [InlineData("0200", "", "an empty message, with an empty block")]
    public Task AnyFormOfAMessageIsTaken(string hex, string text, string form) => PlayDeflateAsync([Anything], Anything, async peer =>
    {
        Assert.NotEmpty(form);
        byte[] deflated = Convert.FromHexString(hex.Replace(" ", ""));
        foreach (Frame[] frames in new Frame[][] { [Frame.Text(deflated)], Frame.Fragments(Frame.TextOpcode, deflated, 1), [Frame.Text(deflated)] })
        {
            frames[0] = frames[0] with { Rsv = Rsv1 };
            await peer.SendAsync(frames);
            Assert.Equal(PeerEvent.Text(text), await peer.NextAsync());
        }
        await CloseAsync(peer);
    });

    public static TheoryData<string, int> Violations { get; } = new()
    {
        { "RSV1 on a ping", 1002 },
        { "RSV1 on a continuation", 1002 },
        { "RSV1 and RSV2", 1002 },
        { "block type 3", 1007 },
        { "an end inside a block", 1007 },
        { "text that is not UTF-8", 1007 },
    };

    /// <summary>RFC 7692 §6.1 and §7.2.2, after a message that is as it should be.</summary>
    [Theory]
    [MemberData(nameof(Violations))]
    public Task ViolationsFailTheConnection(string what, int code) => PlayDeflateAsync([Anything], Anything, async peer =>
    {
        byte[] message = Document.Json.Cut(1, 300)[0];
        byte[] deflated = peer.Deflate!.Deflate([message])[0];
        Frame good = Frame.Text(deflated, rsv: Rsv1);
        await peer.SendAsync([good]);
        Assert.Equal(PeerEvent.Text(message), await peer.NextAsync());

        Frame[] bad = what switch
        {
            "RSV1 on a ping" => [Frame.Ping() with { Rsv = Rsv1 }],
            "RSV1 on a continuation" => [Frame.Text(deflated[..9], fin: false, rsv: Rsv1), Frame.Continuation(deflated[9..]) with { Rsv = Rsv1 }],
            "RSV1 and RSV2" => [Frame.Text(deflated, rsv: Rsv1 | 2)],
            "block type 3" => [Frame.Binary([0x06], rsv: Rsv1)],
            "an end inside a block" => [Frame.Binary(deflated[..9], rsv: Rsv1)],
            _ => [Frame.Text([0x00, 0x01, 0x00, 0xFE, 0xFF, 0x80, 0x00], rsv: Rsv1)],
        };
        await peer.SendAsync(bad);
        PeerEvent seen = await peer.NextAsync();
        for (; seen.Kind == EventKind.Text; seen = await peer.NextAsync())
        {
            Assert.Fail($"echoed: {seen}");
        }

        Assert.Equal((EventKind.Close, code), (seen.Kind, seen.CloseCode));
        Assert.Equal(PeerEvent.End, await peer.EndAsync());
    });

    /// <summary>RFC 7692 §5: the extension needs both.</summary>
    [Fact]
    public Task APeerWithoutItIsSpokenToWithoutIt() =>
        PlayAsync(TimeSpan.FromSeconds(10), (peer, _) => ConformanceCase.Get("1.1.7").RunAsync(peer), NewDeflate());

    /// <summary>The settings with which the stack agrees to anything.</summary>
    private protected abstract PerMessageDeflateOptions NewDeflate();

    /// <summary>Plays with permessage-deflate, which must be agreed on as both ends asked, and no further.</summary>
    private Task PlayDeflateAsync(IReadOnlyList<DeflateTerms> peerAsks, DeflateTerms stackAsks, Func<ScriptedPeer, Task> play)
    {
        Zlib.Require();
        PerMessageDeflateOptions options = NewDeflate();
        options.MaxSendWindowBits = stackAsks.Stack.Bits ?? 15;
        options.MaxReceiveWindowBits = stackAsks.Peer.Bits ?? 15;
        options.SendContextTakeover = !stackAsks.Stack.NoTakeover;
        options.ReceiveContextTakeover = !stackAsks.Peer.NoTakeover;
        return PlayAsync(
            TimeSpan.FromSeconds(10),
            async (peer, _) =>
            {
                Assert.Equal(peerAsks[0].And(stackAsks), peer.Deflate!.Agreed);
                await play(peer);
            },
            options, peerAsks);
    }

    private static async Task CloseAsync(ScriptedPeer peer)
    {
        await peer.SendAsync([Frame.Close(1000)]);
        await Step.ExpectClose(1000).RunAsync(peer);
        Assert.Equal(PeerEvent.End, await peer.EndAsync());
    }

    /// <summary>Random bytes, each stretch of which comes again after a window, and then after a byte more than that.</summary>
    private static byte[] Repeating(int bits)
    {
        int window = 1 << bits;
        byte[] bytes = Payloads.Binary((2 * window) + 300);
        for (int i = window; i < bytes.Length; i++)
        {
            bytes[i] = bytes[i - window - (i < window + (window / 2) ? 0 : 1)];
        }

        return bytes;
    }

    /// <summary>A block with fixed codes that repeats the 3 bytes from so far back, without the flush after it (RFC 1951 §3.2.5, §3.2.6).</summary>
    private static byte[] Match(int distance)
    {
        int code = 2, extraBits = 0, first = 3;
        while (first + (1 << extraBits) <= distance)
        {
            first += 1 << extraBits;
            extraBits += code++ & 1;
        }

        // The flush's empty block begins with 3 bits 0, up to the end of their byte.
        return new BitWriter().Bits(0, 1).Bits(1, 2).Fixed(257).Code(code, 5).Bits(distance - first, extraBits).Fixed(256).Bits(0, 3).ToArray();
    }
}
